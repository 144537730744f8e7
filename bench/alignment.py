"""Share of lecture time on the right page: ours, the nearest slide, and a plain Viterbi path, on five kinds of lecture.

`sample`: the sample course, recognised from its recording. `two_decks`: a lecture of our own, freely said, over two
real decks (72 pages, jumps back, skipped pages, talk without a slide). `half`: its first part, with both decks linked.
`chapter_N`: videos of a chapter over all its text in pages of 60 words; any page of the right section counts.
`sparse_N`: twenty videos, one thin slide each, some slides never shown, and passages about something else entirely.
No tolerance at changes of slides. Real material from beside the checkout (`../shared/data`).
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import numpy.typing as npt

from pipelines.core.models.embedder_local import LocalEmbedder
from pipelines.core.records import Segment
from pipelines.core.settings import REPOSITORY
from pipelines.steps.alignment.align import AlignableSlide, align
from pipelines.steps.alignment.windows import SpeechWindow, speech_windows
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.pdf.slides import read_deck
from pipelines.steps.speech.model import EMBEDDED, load_model
from pipelines.steps.speech.recordings import extract_audio
from pipelines.steps.speech.transcripts import transcribe

SHARED = REPOSITORY.parent / "shared/data"
COURSE = SHARED / "aligned/hf-course"
WORDS_PER_SECOND = 2.5
Vectors = npt.NDArray[np.float32]
Span = tuple[int, int, str | None, frozenset[int]]
"""start_ms, end_ms, deck (None: no slide), pages."""


@dataclass(frozen=True)
class Case:
    """Speech, the pages it may be about, and what was really up."""

    segments: list[Segment]
    slides: list[AlignableSlide]
    truth: list[Span]


@cache
def embed(texts: tuple[str, ...]) -> Vectors:
    """Unit vectors, zeros for empty texts."""
    vectors = LocalEmbedder().embed(texts)
    vectors[[not text.strip() for text in texts]] = 0
    return vectors


def deck_id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


def pages_of(path: Path) -> list[AlignableSlide]:
    """A real deck as it comes out of the documents graph."""
    return [
        AlignableSlide(
            document_id=deck_id(path.name), page=s.page, frame_group=s.frame_group, text=f"{s.title}\n{s.body}".strip()
        )
        for s in read_deck(path).slides
    ]


def spoken(text: str, start_ms: int) -> Iterator[Segment]:
    """Ten words at a time, at a usual pace."""
    words = text.split()
    for at in range(0, len(words), 10):
        said = words[at : at + 10]
        end_ms = start_ms + int(len(said) / WORDS_PER_SECOND * 1000)
        yield Segment(start_ms=start_ms, end_ms=end_ms, text=" ".join(said))
        start_ms = end_ms


def sample() -> Case:
    folder = REPOSITORY / "sample"
    with TemporaryDirectory() as name:
        audio = Path(name) / "audio.flac"
        source = folder / "wind-power-lecture.ogg"
        made = extract_audio(source, audio, file_name=source.name, max_ms=10**7, max_bytes=10**9)
        model = load_model(EMBEDDED, cache=Path(name))
        pieces = list(transcribe(audio, duration_ms=made.duration_ms, model=model))
    rows = [json.loads(line) for line in (folder / "spans.jsonl").read_text().splitlines()]
    truth: list[Span] = [
        (int(row["t_start"] * 1000), int(row["t_end"] * 1000), row["deck"], frozenset(row["pages"])) for row in rows
    ]
    return Case([s for piece in pieces for s in piece.segments], pages_of(folder / "wind-power.pdf"), truth)


def two_decks(share: float = 1.0) -> Case:
    decks = {
        "momentum": SHARED / "decks/slds-optimization/slides-multivar-first-order-6-momentum.pdf",
        "crossentropy": SHARED / "decks/practical-rl/week1_lecture1.pdf",
    }
    text = (Path(__file__).parent / "two_decks_lecture.txt").read_text()
    segments: list[Segment] = []
    truth: list[Span] = []
    at_ms = 0
    parts = re.findall(r"^\[(\w+)([\d ]*)\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    for deck, pages, said in parts[: int(len(parts) * share)]:
        segments += spoken(said, at_ms)
        name = None if deck == "none" else decks[deck].name
        truth.append((at_ms, segments[-1].end_ms, name, frozenset(map(int, pages.split()))))
        at_ms = segments[-1].end_ms + 400
    return Case(segments, [slide for path in decks.values() for slide in pages_of(path)], truth)


def videos() -> list[dict[str, str]]:
    """Caption file and section of each video, once each, without the second framework's copies."""
    rows = [json.loads(line) for line in (COURSE / "alignment.jsonl").read_text().splitlines()]
    once = {row["captions"]: row for row in reversed(rows) if "tensorflow" not in row["captions"]}
    return [row for row in rows if once.get(row["captions"]) is row]


def captions(row: dict[str, str], at_ms: int) -> list[Segment]:
    path = SHARED / "captions/hf-course/en" / Path(row["captions"]).name
    found = parse_captions(path.read_bytes(), file_name=path.name).segments
    return [Segment(start_ms=s.start_ms + at_ms, end_ms=s.end_ms + at_ms, text=s.text) for s in found]


def paragraphs(file: str, words: int = 60) -> list[tuple[str, str]]:
    """(heading, about `words` words below it) of one section file, without code and markup."""
    found: list[tuple[str, str]] = []
    heading, gathered = "", list[str]()
    text = re.sub(r"```.*?```", "", (COURSE / file).read_text(), flags=re.DOTALL)
    for line in [*text.splitlines(), "# "]:
        title = re.match(r"#+\s*(.*)", line)
        if (title or len(gathered) >= words) and gathered:
            found.append((heading, " ".join(gathered)))
            gathered = []
        if title:
            heading = re.sub(r"\[\[.*", "", title[1]).strip()
        else:
            gathered += re.sub(r"<[^>]+>|\{[^}]*\}|\[\[.*?\]\]|\]\([^)]*\)", "", line).split()
    return found


def chapter(number: int) -> Case:
    rows = [row for row in videos() if f"/chapter{number}_" in row["section_file"]]
    files = list(dict.fromkeys(Path(row["section_file"]).name for row in rows))
    pages = [(file, heading, text) for file in files for heading, text in paragraphs(file)]
    starts = [next((n for n, p in enumerate(pages, 1) if p[:2] == _section(row)), _first(pages, row)) for row in rows]
    segments: list[Segment] = []
    truth: list[Span] = []
    at_ms = 0
    for row, start in zip(rows, starts, strict=True):
        segments += captions(row, at_ms)
        file = Path(row["section_file"]).name
        last = max(n for n, page in enumerate(pages, 1) if page[0] == file)
        end = min([last + 1, *(other for other in starts if other > start)])
        truth.append((at_ms, segments[-1].end_ms, "chapter", frozenset(range(start, end))))
        at_ms = segments[-1].end_ms + 1000
    return Case(segments, _deck("chapter", [f"{heading}\n{text}" for _, heading, text in pages]), truth)


def _section(row: dict[str, str]) -> tuple[str, str]:
    return Path(row["section_file"]).name, row["section"]


def _first(pages: list[tuple[str, str, str]], row: dict[str, str]) -> int:
    return next(n for n, page in enumerate(pages, 1) if page[0] == Path(row["section_file"]).name)


def sparse(first: int) -> Case:
    articles = json.loads((SHARED / "retrieval/spoken-squad/spoken_test-v1.1.json").read_text())["data"]
    elsewhere = [article["paragraphs"][first % 7]["context"] for article in articles[:20]]
    segments: list[Segment] = []
    slides: list[str] = []
    truth: list[Span] = []
    at_ms = 0
    for number, row in enumerate(videos()[first : first + 20]):
        pages = paragraphs(Path(row["section_file"]).name)
        at = next((n for n, page in enumerate(pages) if page[0] == row["section"]), 0)
        thin = [" ".join(text.split()[:12]) for _, text in pages[at : at + 3]]
        slides.append("\n".join([row["section"], *thin]))
        if number % 5 == 4:
            segments += spoken(elsewhere[number], at_ms)
            truth.append((at_ms, segments[-1].end_ms, None, frozenset()))
            at_ms = segments[-1].end_ms + 600
        segments += captions(row, at_ms)
        truth.append((at_ms, segments[-1].end_ms, "sparse", frozenset([len(slides)])))
        at_ms = segments[-1].end_ms + 600
        if number % 4 == 3:  # a slide nobody shows
            slides.append(" ".join(pages[-1][1].split()[:40]))
    return Case(segments, _deck("sparse", slides), truth)


def _deck(name: str, texts: list[str]) -> list[AlignableSlide]:
    return [AlignableSlide(document_id=deck_id(name), page=n, frame_group=n, text=t) for n, t in enumerate(texts, 1)]


Way = Callable[[Case, list[SpeechWindow], Vectors, Vectors, Vectors], list[tuple[int, AlignableSlide | None]]]
"""(start_ms, slide that is up from then on or None), in order."""


def ours(
    case: Case, windows: list[SpeechWindow], alone: Vectors, around: Vectors, slides: Vectors
) -> list[tuple[int, AlignableSlide | None]]:
    duration_ms = case.segments[-1].end_ms
    spans = align(windows, case.slides, alone=alone, around=around, slide_vectors=slides, duration_ms=duration_ms)
    by_page = {(slide.document_id, slide.page): slide for slide in case.slides}
    return [(s.start_ms, by_page[s.document_id, s.page] if s.document_id and s.page else None) for s in spans]


def nearest(
    case: Case, windows: list[SpeechWindow], alone: Vectors, around: Vectors, slides: Vectors
) -> list[tuple[int, AlignableSlide | None]]:
    """The slide most like each window."""
    del alone
    best = (around @ slides.T).argmax(axis=1)
    return [(w.start_ms, case.slides[at]) for w, at in zip(windows, best, strict=True)]


def viterbi(
    case: Case, windows: list[SpeechWindow], alone: Vectors, around: Vectors, slides: Vectors
) -> list[tuple[int, AlignableSlide | None]]:
    """Similarities times ten, a price of two for the next slide, six for any other, three for "no slide"."""
    del alone
    count = len(case.slides)
    gain = np.hstack([around @ slides.T * 10, np.full((len(windows), 1), 2.5)])
    price = np.full((count + 1, count + 1), 6.0)
    price[np.arange(count - 1), np.arange(1, count)] = 2.0
    price[count, :] = price[:, count] = 3.0
    np.fill_diagonal(price, 0.0)
    score, back = gain[0], []
    for row in gain[1:]:
        options = score[:, None] - price
        back.append(options.argmax(axis=0))
        score = options.max(axis=0) + row
    path = [int(score.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return [
        (w.start_ms, case.slides[at] if at < count else None) for w, at in zip(windows, reversed(path), strict=True)
    ]


def accuracy(case: Case, found: list[tuple[int, AlignableSlide | None]]) -> float:
    """Share of the marked time on a right page, looked at ten times a second."""
    starts = np.array([start for start, _ in found])
    right = total = 0
    for start, end, deck, pages in case.truth:
        for time_ms in range(start, end, 100):
            slide = found[max(0, int(np.searchsorted(starts, time_ms, "right")) - 1)][1]
            total += 1
            right += (
                slide is None
                if deck is None
                else bool(slide and slide.document_id == deck_id(deck) and slide.page in pages)
            )
    return right / total


def measure(case: Case) -> dict[str, float]:
    """Accuracy of each way on one case."""
    windows = speech_windows(case.segments)
    alone, around = embed(tuple(w.text for w in windows)), embed(tuple(w.around for w in windows))
    groups: dict[tuple[UUID, int], str] = {(s.document_id, s.frame_group): s.text for s in case.slides}
    slides = embed(tuple(groups[s.document_id, s.frame_group] for s in case.slides))
    ways: dict[str, Way] = {"ours": ours, "nearest": nearest, "viterbi": viterbi}
    return {name: round(accuracy(case, way(case, windows, alone, around, slides)), 3) for name, way in ways.items()}


def main() -> None:
    """Print the accuracies as JSON."""
    cases: dict[str, Callable[[], Case]] = {"sample": sample}
    if SHARED.is_dir():
        cases |= {"two_decks": two_decks, "half": lambda: two_decks(0.45)}
        cases |= {f"chapter_{n}": (lambda n=n: chapter(n)) for n in (1, 2, 3, 5, 6, 7, 8)}
        cases |= {f"sparse_{n}": (lambda n=n: sparse(n)) for n in (0, 20, 40)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(cases)}")
    asked = parser.parse_args().names or list(cases)
    figures = {name: measure(cases[name]()) for name in asked}
    figures["mean"] = {
        way: round(float(np.mean([f[way] for f in figures.values()])), 3) for way in ("ours", "nearest", "viterbi")
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
