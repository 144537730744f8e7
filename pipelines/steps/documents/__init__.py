"""Other documents as pages: pictures, texts and office files made into PDFs, which are then read as decks."""
