"""Whole files of every kind that is read, small and made here: what damaged ones are made from."""

import json

import pymupdf

from pipelines.core.settings import REPOSITORY
from tests.steps.media import tone, wav_bytes

CAPTIONS = {
    "srt": "1\n00:00:01,000 --> 00:00:02,500\n<i>Heat</i> flows (laughter)\n\n2\n00:00:03,000 --> 00:00:04,000\nup\n",
    "vtt": "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000\n<v Ada Li>Heat flows</v>\n\n00:02.000 --> 00:03.000\ndown\n",
    "sbv": "0:00:01.000,0:00:02.000\nHeat flows\n\n0:00:02.000,0:00:03.000\ndown\n",
    "ttml": '<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1s" end="2s">Heat<br/>flows</p></body></tt>',
    "json": json.dumps({"segments": [{"start": 1, "end": 2.5, "text": "Heat flows"}, {"start": 3, "text": "up"}]}),
    "json3": json.dumps({"events": [{"tStartMs": 0, "dDurationMs": 900, "segs": [{"utf8": "Heat"}]}]}),
}
TEXTS = {
    "md": "# Heat\n\nFlows *down*.\n\n```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Cold\n\n- one\n",
    "html": "<html><head><title>Heat</title></head><body><h1>Heat</h1><p>flows &amp; <b>falls</b></p></body></html>",
    "txt": "Heat flows down.\n\nCold does not.\n",
    "ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": ["# Heat"]},
                                   {"cell_type": "code", "source": "1+1", "outputs": [{"text": ["2"]}]}],
                         "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
}  # fmt: skip


def picture() -> bytes:
    """A small picture of a line of text."""
    with pymupdf.open() as document:
        page = document.new_page(width=300, height=80)
        page.insert_text((20, 45), "Heat flows down", fontsize=20)
        return bytes(page.get_pixmap(dpi=72).tobytes("png"))


def seeds(kind: str) -> list[bytes]:
    """Whole files of a kind, from which the damaged ones are made."""
    match kind:
        case "decks":
            return [(REPOSITORY / "sample/wind-power.pdf").read_bytes()]
        case "pictures":
            return [picture()]
        case "audio":
            return [wav_bytes(tone(1))]
        case "texts":
            return [text.encode() for text in TEXTS.values()]
    return [text.encode() for text in CAPTIONS.values()]
