"""Share of lecture time on the right page in videos that show their slides, and from the speech of the same lectures.

Real decks of beside the checkout (`../shared/data`), drawn, filmed as people film them, and read aloud, with jumps
back, skipped pages and about a fifth of other things: a terminal, a person, talk about something else. `screen`: with
black bars. `webcam`: a person over a corner. `beside`: in a part of the picture, the person elsewhere. `small`: 640 by
360, strongly compressed, no key frames but the first. `others`: the lecture's deck is one of four. `large`: 1080p at 25
pictures a second; `cpu_s_an_hour` is what looking at it and matching take.
"""

import argparse
import json
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from bench.alignment import SHARED, Case, Span, accuracy, deck_id, embed, pages_of, spoken
from pipelines.core.records import Segment
from pipelines.steps.alignment.align import AlignableSlide, align
from pipelines.steps.alignment.seen import SceneMatch, SeenSpan, seen_spans
from pipelines.steps.alignment.windows import speech_windows
from pipelines.steps.pdf.slides import render_slides
from pipelines.steps.video.match_worker import match
from pipelines.steps.video.matching import match_pages
from pipelines.steps.video.packs import write_pack
from pipelines.steps.video.scenes import BUDGET_S, see
from pipelines.steps.video.worker import frames

Picture = npt.NDArray[np.uint8]
DECKS = SHARED / "decks"
MOMENTUM = "slds-optimization/slides-multivar-first-order-6-momentum.pdf"
DUALITY = "slds-optimization/slides-constrained-4-lp-duality.pdf"
CAUSAL = "diogo/causal_inference_beamer.pdf"
REINFORCED = "practical-rl/week1_lecture1.pdf"


@dataclass(frozen=True)
class Filmed:
    """How a lecture is filmed. `box` is where its slides are, in shares of the picture: left, top, width, height."""

    deck: str
    size: tuple[int, int] = (1280, 720)
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    webcam: bool = False
    others: tuple[str, ...] = ()
    rate: int = 2
    longer_ms: int = 0
    options: dict[str, str] = field(default_factory=lambda: {"preset": "veryfast", "crf": "28", "g": "16"})


def plan(slides: list[AlignableSlide], rng: np.random.Generator) -> Iterator[AlignableSlide | str]:
    """Which page is shown after which: forward, sometimes one left out, sometimes back, sometimes none."""
    at = 0
    while at < len(slides):
        yield slides[at]
        chance = rng.random()
        if chance < 0.12:
            yield rng.choice(["terminal", "person"]).item()
        elif chance < 0.24 and at > 3:
            yield slides[at - int(rng.integers(2, 4))]
        at += 2 if chance > 0.93 else 1


def picture(what: Picture | str, filmed: Filmed, number: int) -> Picture:
    """Picture number `number` of a video (bgr), while this page, or else a terminal or a person, is shown."""
    width, height = filmed.size
    if isinstance(what, str) and what == "person":
        return moving(width, height, number * 2 // filmed.rate % 60)
    frame = np.full((height, width, 3), 30, np.uint8)
    left, top, wide, high = (round(a * b) for a, b in zip(filmed.box, (width, height) * 2, strict=True))
    if isinstance(what, str):
        rng = np.random.default_rng(number // (20 * filmed.rate))
        for line in range(number // filmed.rate % 20):
            words = "".join(rng.choice(list("abcdef (){}=+"), 50))
            cv2.putText(frame, words, (left + 9, top + 30 + high // 22 * line), 0, high / 1400, (200, 220, 200), 1)
    else:
        scale = min(wide / what.shape[1], high / what.shape[0])
        small = cv2.resize(what, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        y, x = top + (high - small.shape[0]) // 2, left + (wide - small.shape[1]) // 2
        frame[y : y + small.shape[0], x : x + small.shape[1]] = small
    if filmed.webcam:
        frame[height * 3 // 4 :, width * 3 // 4 :] = moving(
            width - width * 3 // 4, height - height * 3 // 4, number * 2 // filmed.rate % 60
        )
    return frame


@lru_cache(maxsize=100)
def moving(width: int, height: int, number: int) -> Picture:
    """Something like a person who moves in front of a wall, two pictures a second."""
    y, x = np.mgrid[0:height, 0:width]
    wall = 90 + 40 * np.sin(x / width * 9)
    centre = width * (0.5 + 0.1 * np.sin(number * 0.85))
    body = np.hypot((x - centre) / width * 3, (y - height * 0.7) / height * 1.6) < 0.7
    noise = np.random.default_rng(number).normal(0, 6, (height, width))
    grey = np.clip(np.where(body, 170 + 30 * np.sin(y / 7 + number), wall) + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def film(path: Path, filmed: Filmed, pages: list[bytes]) -> Case:
    """Make the video; its words, the pages that may be its own, and what was really up."""
    rng = np.random.default_rng(7)
    drawn = [np.asarray(cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_COLOR), np.uint8) for page in pages]
    slides = pages_of(DECKS / filmed.deck)
    articles = json.loads((SHARED / "retrieval/spoken-squad/spoken_test-v1.1.json").read_text())["data"]
    segments: list[Segment] = []
    truth: list[Span] = []
    at_ms = number = 0
    with av.open(str(path), mode="w") as container:
        video = container.add_stream("libx264", rate=filmed.rate, options=filmed.options)
        video.width, video.height = filmed.size
        video.pix_fmt = "yuv420p"
        for step, what in enumerate(plan(slides, rng)):
            said = articles[step % len(articles)]["paragraphs"][0]["context"] if isinstance(what, str) else what.text
            words = re.findall(r"\w[\w-]+", said)
            segments += spoken(" ".join((words or ["this"])[:70]), at_ms)
            end_ms = max(segments[-1].end_ms, at_ms + 5000) + (0 if isinstance(what, str) else filmed.longer_ms)
            same = [s.page for s in slides if not isinstance(what, str) and s.frame_group == what.frame_group]
            truth.append((at_ms, end_ms, Path(filmed.deck).name if same else None, frozenset(same)))
            shown: Picture | str = what if isinstance(what, str) else drawn[what.page - 1]
            still = None if isinstance(what, str) or filmed.webcam else picture(shown, filmed, 0)
            while number * 1000 < end_ms * filmed.rate:
                made = picture(shown, filmed, number) if still is None else still
                frame = av.VideoFrame.from_ndarray(made, format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, filmed.rate)
                container.mux(video.encode(frame))
                number += 1
            at_ms = end_ms
        container.mux(video.encode(None))
    return Case(segments, [slide for deck in (filmed.deck, *filmed.others) for slide in pages_of(DECKS / deck)], truth)


def cpu_s(path: Path, pages: list[bytes]) -> float:
    """Processor time of looking at a video and matching it, as the bounded children do it."""
    begun = time.process_time()
    with path.open("rb") as source:
        given = {"demuxer": "mov", "subject": path.name, "max_ms": 10**8, "budget_s": begun + BUDGET_S}
        scenes = [picture for _, picture in frames(source, **given) if picture]
    pack = BytesIO()
    write_pack(pack, {"scenes": len(scenes)}, [*scenes, *pages])
    pack.seek(0)
    list(match(pack))
    return time.process_time() - begun


def found(case: Case, seen: list[SeenSpan]) -> float:
    """Accuracy of the alignment from speech and what was seen."""
    windows = speech_windows(case.segments)
    spans = align(
        windows,
        case.slides,
        alone=embed(tuple(w.text for w in windows)),
        around=embed(tuple(w.around for w in windows)),
        slide_vectors=embed(tuple(s.text for s in case.slides)),
        duration_ms=case.truth[-1][1],
        seen=seen,
    )
    by_page = {(slide.document_id, slide.page): slide for slide in case.slides}
    shown = [(s.start_ms, by_page[s.document_id, s.page] if s.document_id and s.page else None) for s in spans]
    return round(accuracy(case, shown), 3)


def measure(filmed: Filmed) -> dict[str, float]:
    """One lecture filmed, looked at, matched and aligned."""
    pages = {deck: [page.webp for page in render_slides(DECKS / deck)] for deck in (filmed.deck, *filmed.others)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        case = film(path, filmed, pages[filmed.deck])
        seen = see(path, file_name=path.name, max_ms=10**8)
        used_s = cpu_s(path, [page for deck in pages.values() for page in deck])
    names = [(deck_id(Path(deck).name), page) for deck in pages for page in range(1, len(pages[deck]) + 1)]
    matches = match_pages(seen.pictures, [page for deck in pages.values() for page in deck])
    scenes = [
        SceneMatch(
            start_ms=scene.start_ms,
            end_ms=scene.end_ms,
            steady=scene.steady,
            pages=frozenset(names[page] for page in match.pages),
        )
        for scene, match in zip(seen.scenes, matches, strict=True)
    ]
    return {
        "pictures": found(case, seen_spans(scenes)),
        "speech": found(case, []),
        "minutes": round(case.truth[-1][1] / 60_000, 1),
        "scenes": len(scenes),
        "cpu_s_an_hour": round(used_s * 3_600_000 / case.truth[-1][1]),
    }


CASES = {
    "screen": Filmed(MOMENTUM),
    "webcam": Filmed(REINFORCED, webcam=True),
    "beside": Filmed(CAUSAL, box=(0.02, 0.1, 0.7, 0.75), webcam=True),
    "small": Filmed(DUALITY, size=(640, 360), options={"preset": "veryfast", "crf": "40", "g": "100000"}),
    "others": Filmed(CAUSAL, size=(960, 720), others=(MOMENTUM, DUALITY, REINFORCED)),
    "large": Filmed(
        MOMENTUM, size=(1920, 1080), rate=25, longer_ms=20_000, options={"preset": "ultrafast", "crf": "28", "g": "250"}
    ),
}


def main() -> None:
    """Print the accuracies as JSON; nothing without the shared decks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(CASES)}")
    asked = parser.parse_args().names or list(CASES)
    if not DECKS.is_dir():
        print(json.dumps({"left_out": "there are no decks at ../shared/data"}))
        return
    figures = {name: measure(CASES[name]) for name in asked}
    figures["mean"] = {
        way: round(float(np.mean([f[way] for f in figures.values()])), 3) for way in ("pictures", "speech")
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
