"""Chat: turns, the answers being written, their streams, and chats as they are kept."""
