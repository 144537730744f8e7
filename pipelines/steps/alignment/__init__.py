"""Which slide was up when: the alignment of a lecture with its decks, and how good it is."""
