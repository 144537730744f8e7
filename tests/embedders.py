"""A deterministic embedder for tests: texts that share words are near each other; every call is kept."""

import hashlib

import numpy as np

DIMS = 64


class WordsEmbedder:
    """Counts words into `DIMS` boxes. `embedded` holds every text it was given, in order."""

    max_tokens = 128

    def __init__(self, model="fake/words", dims=DIMS, multilingual=None):
        self.multilingual = multilingual
        self.model = model
        self.dims = dims
        self.embedded = []

    def count_tokens(self, text):
        return len(text.split()) + 2

    def embed(self, texts):
        self.embedded.extend(texts)
        vectors = np.zeros((len(texts), self.dims), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in ["", *text.lower().split()]:
                digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
                vectors[row, int.from_bytes(digest) % self.dims] += 1.0 if word else 0.01
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
