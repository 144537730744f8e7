"""Likeness of a picture and a page: both cut into blocks, fine detail compared block by block.

A block counts by how much is drawn in it and by how few other pages have the same there, so that the frame around every
page of a deck says little, and what covers a corner costs only that corner.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Greys = npt.NDArray[np.uint8]

SIZE = (192, 144)
"""Width and height to which every picture is brought."""

_BLOCKS = (12, 9)  # across and down
_EMPTY = 3.0  # levels of detail below which nothing is drawn in a block
_MOST = 20.0  # more detail does not count more: a photograph is not the most of a page
_SAME = 0.85  # blocks this alike are the same thing
_COMMON = 0.95  # share of its weight that a block loses that every page has


@dataclass(frozen=True, slots=True)
class Blocks:
    """Of n pictures: `detail` (n, blocks, pixels) unit vectors, zero where nothing is drawn; `drawn` (n, blocks)."""

    detail: Floats
    drawn: Floats

    def __len__(self) -> int:
        return len(self.detail)


def cut(pictures: npt.NDArray[np.uint8]) -> Blocks:
    """The blocks of pictures (n, height, width) of `SIZE`."""
    import cv2

    (across, down), (width, height) = _BLOCKS, SIZE
    block_w, block_h = width // across, height // down
    details: Floats = np.zeros((len(pictures), down * across, block_h * block_w), np.float32)
    for number, picture in enumerate(pictures):
        grey = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)
        fine: Floats = np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), 5.0), np.float32)
        blocks = fine.reshape((down, block_h, across, block_w)).swapaxes(1, 2)
        details[number] = blocks.reshape(down * across, -1)
    lengths = np.linalg.norm(details, axis=2)
    drawn = lengths / np.sqrt(block_h * block_w)
    drawn[drawn < _EMPTY] = 0.0
    details /= np.maximum(lengths, 1e-6)[:, :, None]
    details[drawn == 0] = 0.0
    return Blocks(details, np.minimum(drawn, _MOST).astype(np.float32))


def rarity(pages: Blocks) -> Floats:
    """(pages, blocks): 1 for what no other page has in this block, less the more have the same."""
    count = len(pages)
    rare: Floats = np.ones(pages.drawn.shape, np.float32)
    for block in range(rare.shape[1]):
        detail = pages.detail[:, block]
        same = ((detail @ detail.T) > _SAME).sum(axis=1) - 1
        rare[:, block] -= _COMMON * np.maximum(same, 0) / max(count - 1, 1)
    return rare


def scores(shown: Blocks, pages: Blocks, rare: Floats) -> Floats:
    """(shown, pages): how much of each page each picture shows, 1 at most; 0 where too little is drawn to say."""
    found = np.zeros((len(shown), len(pages)), np.float32)
    for number in range(len(shown)):
        alike = np.einsum("pbd,bd->pb", pages.detail, shown.detail[number], optimize=True)
        weights = np.maximum(pages.drawn, shown.drawn[number][None, :])
        weights = weights * np.where(alike > _SAME, rare, 1.0) * np.where(pages.drawn > 0, rare, 1.0)
        whole = weights.sum(axis=1)
        enough = (pages.drawn > 0).sum(axis=1) >= 2
        found[number] = np.where(enough, (np.maximum(alike, 0.0) * weights).sum(axis=1) / np.maximum(whole, 1e-6), 0.0)
    return found
