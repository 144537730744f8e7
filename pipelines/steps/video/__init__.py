"""Pictures of a recording: reduced to those that differ, and which pages of decks they are."""
