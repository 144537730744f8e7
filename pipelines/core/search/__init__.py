"""The words side of search, and places a question names: tokens, stems, weights, pages and minutes, copies."""
