"""The former system's rows as they are: what each means here, or why it stays behind. Nothing is written."""
