"""Model providers: the clients of chat, vision and embeddings, their faults, and paid answers kept for another time."""
