"""Two thousand damaged files: every one is read, or refused with a named reason, in time."""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.core.settings import REPOSITORY
from pipelines.steps.captions.reading import read_captions
from pipelines.steps.pdf.slides import read_deck, render_slides
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.speech.recordings import extract_audio
from tests.steps.seeds import seeds

pytestmark = [pytest.mark.attack, pytest.mark.timeout(1800)]

MUTATIONS, ROUNDS, BRIEF_ROUNDS = 2000, 40, 2
LIMITS = Limits(cpu_s=20, wall_s=120, total_s=120, memory_mb=2048)
HANGS_S = 300
"""Far above the limits: who is not back by then hangs, however busy the machine is."""
READERS_AT_ONCE = 4
"""Half of a reading is the birth and end of its child, in which a core waits."""

Outcomes = Counter[tuple[str, str]]


def deck(path: Path) -> None:
    found = read_deck(path, max_pages=50, max_ocr_pages=0, limits=LIMITS)
    assert found.page_count >= 1
    list(render_slides(path, pages=[1], limits=LIMITS))


def page(path: Path) -> None:
    found = read_deck(path, max_pages=50, max_ocr_pages=1, limits=replace(LIMITS, cpu_s=60))
    assert any(slide.body for slide in found.slides)


def captions(path: Path) -> None:
    assert read_captions(path, file_name="mutant.vtt", limits=LIMITS).segments


def audio(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "sound.flac"
        made = extract_audio(path, target, file_name="a.mp3", max_ms=600_000, max_bytes=10**8, limits=LIMITS)
    assert made.duration_ms


READERS: dict[str, Callable[[Path], None]] = {
    "decks": deck, "captions": captions, "audio": audio, "pictures": page, "texts": page,
}  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to eight injuries of the kinds that disks, networks and people who mean harm cause."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at, length = rng.randrange(max(1, len(made))), rng.choice((1, 4, 64, 4096))
        match rng.randrange(7):
            case 0:
                made[at : at + length] = rng.randbytes(length)
            case 1:
                del made[at : at + length]
            case 2:
                made[at:at] = made[at : at + length] * rng.randint(1, 4)
            case 3:
                made[at : at + length] = bytes(length)
            case 4:
                made[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"-1 0", b"9999"))
            case 5:
                del made[at:]
            case _:
                for bit in range(rng.randint(1, 16)):
                    made[(at + bit * 7) % len(made)] ^= 1 << rng.randrange(8)
        if not made:
            break
    return bytes(made)


@pytest.fixture(scope="module")
def sources(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Real files, the small ones: a mutation of a large one says no more; pictures and texts are made here."""
    found = {
        "decks": [REPOSITORY / "sample/wind-power.pdf", *sorted((shared_data / "decks").rglob("*.pdf"))],
        "captions": sorted(p for p in (shared_data / "captions").rglob("*") if p.suffix in (".srt", ".vtt", ".sbv")),
        "audio": sorted(p for p in (shared_data / "audio").rglob("*") if p.suffix in (".mp3", ".wav", ".flac", ".ogg")),
    }
    small = {kind: [path for path in paths if path.stat().st_size < 1_000_000] for kind, paths in found.items()}
    folder = tmp_path_factory.mktemp("made")
    for kind in ("pictures", "texts"):
        small[kind] = [folder / f"{kind}{number}" for number, _ in enumerate(seeds(kind))]
        for path, data in zip(small[kind], seeds(kind), strict=True):
            path.write_bytes(data)
    assert all(small.values())
    return small


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Counts of (kind, outcome); printed as a table at the end."""
    counted: Outcomes = Counter()
    yield counted
    sys.stdout.write(table(counted))


def table(counted: Outcomes) -> str:
    """One line an outcome, one column a kind of file."""
    kinds = sorted({kind for kind, _ in counted})
    rows = [("outcome", *kinds)]
    rows += [(o, *(str(counted[kind, o]) for kind in kinds)) for o in sorted({outcome for _, outcome in counted})]
    rows.append(("all", *(str(sum(n for (of, _), n in counted.items() if of == kind)) for kind in kinds)))
    return "\n" + "".join(f"{row[0]:<24}" + "".join(f"{cell:>20}" for cell in row[1:]) + "\n" for row in rows)


def outcome_of(read: Callable[[Path], None], path: Path) -> str:
    """`read`, or the code of the sentence; whatever else is raised ends the test."""
    started = time.monotonic()
    try:
        read(path)
    except UnreadableFileError as error:
        assert error.message.endswith(".")
        outcome = error.code
    else:
        outcome = "read"
    assert time.monotonic() - started < HANGS_S
    return outcome


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.brief] if part < BRIEF_ROUNDS else []) for part in range(ROUNDS)]
)
def test_a_mutated_file_is_read_or_refused(
    part: int, sources: dict[str, list[Path]], outcomes: Outcomes, tmp_path: Path
) -> None:
    kinds, mutants = [], []
    for number in range(part, MUTATIONS, ROUNDS):
        rng = random.Random(number)
        kinds.append(rng.choice(sorted(sources)))
        source = rng.choice(sources[kinds[-1]])
        mutants.append(tmp_path / f"{number} of {source.name}")
        mutants[-1].write_bytes(mutate(source.read_bytes(), rng))
    count(outcomes, "mutated", kinds, mutants)


@pytest.mark.parametrize(("folder", "kind"), [("pdfjs", "decks"), ("qpdf", "decks"), ("audio", "audio")])
def test_a_malformed_file_of_others_is_read_or_refused(
    folder: str, kind: str, shared_data: Path, outcomes: Outcomes
) -> None:
    endings = {"decks": (".pdf",), "audio": (".mp3", ".wav", ".flac", ".ogg", ".m4a", ".mp4", ".webm")}[kind]
    files = [p for p in sorted((shared_data / "malformed" / folder).rglob("*")) if p.suffix.lower() in endings]
    assert files
    count(outcomes, "malformed", [kind] * len(files), files)


def count(outcomes: Outcomes, what: str, kinds: list[str], paths: list[Path]) -> None:
    """Reads every file, some at a time, and counts what became of it; a failure names its file."""

    def read(kind: str, path: Path) -> str:
        try:
            return outcome_of(READERS[kind], path)
        except Exception as error:
            raise AssertionError(f"{path.name} ({kind})") from error

    with ThreadPoolExecutor(READERS_AT_ONCE) as pool:
        outcomes.update(
            (f"{kind} {what}", found) for kind, found in zip(kinds, pool.map(read, kinds, paths), strict=True)
        )
