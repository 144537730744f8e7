"""PDF files to slides: text in reading order, titles, labels, furniture told from content, pictures of the pages."""
