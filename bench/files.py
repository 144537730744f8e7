"""Files as people bring them: the share of reported cases that come out right, and characters that OCR gets right.

`python -m bench.files` runs every case of ../shared/data/reported through the command line and HTTP (`--cases ID,ID`
only some), and reads pages of real decks back from their pictures. Where ../shared is absent the sample deck is read.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pymupdf

from bench.__main__ import DECKS, ROOT, SHARED
from pipelines.steps.pdf.pairs import plain_letters
from pipelines.steps.pdf.slides import read_deck

CHECK = SHARED / "reported" / "check.py"
SAMPLE = ROOT / "sample" / "wind-power.pdf"
LEAST_LETTERS = 150
"""Pages with fewer letters are titles and figures, whose lettering the text layer may lack."""
DPI = 150
"""What office scanners and screen shots have."""


def cases_right(check: Path, only: str) -> dict[str, object]:
    """How many of the reported cases hold: `right`, `cases` and the ids that are `wrong`."""
    words = [sys.executable, str(check), *(["--only", only] if only else [])]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    told = [line.split()[:2] for line in said if line.startswith(("ok ", "FAIL "))]
    wrong = [case for verdict, case in told if verdict == "FAIL"]
    return {"right": len(told) - len(wrong), "cases": len(told), "wrong": wrong}


def characters_right(deck: Path, most: int) -> dict[str, object]:
    """Share of wrong letters when pages of text are read from their pictures: edits by letters of the text layer.

    Only letters and digits count, and their order within a page: recognition sets spaces and lines otherwise.
    """
    slides = read_deck(deck, max_ocr_pages=0).slides
    pages = [s for s in slides if s.text_source == "layer" and len(plain_letters(s.body)) >= LEAST_LETTERS]
    chosen = pages[:: max(1, len(pages) // most)][:most]
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures.pdf"
        with pymupdf.open(deck) as source, pymupdf.open() as target:
            for slide in chosen:
                page = source[slide.page - 1]
                drawn = page.get_pixmap(dpi=DPI).tobytes("jpg", jpg_quality=85)
                target.new_page(width=page.rect.width, height=page.rect.height).insert_image(page.rect, stream=drawn)
            target.save(pictures)
        recognised = read_deck(pictures).slides
    letters = edits = 0
    for slide, seen in zip(chosen, recognised, strict=True):
        true = plain_letters(f"{slide.body} {slide.furniture}")
        letters += len(true)
        edits += min(len(true), edit_distance(true, plain_letters(f"{seen.body} {seen.furniture}")))
    return {"deck": deck.name, "pages": len(chosen), "letters": letters, "cer": round(edits / max(1, letters), 4)}


def edit_distance(one: str, other: str) -> int:
    """Fewest letters to insert, delete or replace (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, against in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != against))
    return row[-1]


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="", help="only these cases, ids with commas; the word none: no case")
    parser.add_argument("--check", type=Path, default=CHECK, help="the program that runs the cases")
    parser.add_argument("--pages", type=int, default=6, help="pages of each deck that are read back")
    options = parser.parse_args()
    decks = [SHARED / name for name in DECKS] if SHARED.is_dir() else [SAMPLE]
    found: dict[str, object] = {"ocr": [characters_right(deck, options.pages) for deck in decks]}
    if options.check.is_file() and options.cases != "none":
        found["reported"] = cases_right(options.check, options.cases)
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
