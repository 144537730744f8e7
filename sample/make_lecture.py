"""The maker of the sample course's lecture, from `lecture.txt`: recording, when each slide is up, questions to ask.

Run `python sample/make_lecture.py [FOLDER]`; it needs Debian's `flite`. Each sentence is spoken by itself, so the times
of sentences, and with them of slides and answers, are counted in samples and not guessed.
"""

import json
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

HERE = Path(__file__).parent
SCRIPT, DECK, RECORDING = HERE / "lecture.txt", "wind-power.pdf", "wind-power-lecture.ogg"
SAMPLE_RATE_HZ, BIT_RATE = 16_000, 18_000
SENTENCE_PAUSE_S, SLIDE_PAUSE_S = 0.35, 1.2
TOLERANCE_S = 2.0
"""How far from a change of slides either slide is right: longer than the pause between them."""

SLIDE_QUESTIONS = (
    ("What does the table on the slides compare?", "Three kinds of wind farm.", [8], "table", "Fixed offshore"),
    ("How many megawatts does the wind bring to a rotor 100 m across at 12 m/s?", "8.3 MW.", [3], "text", "8.3 MW"),
    ("What does the Greek letter rho stand for in the equation?", "Density of air.", [3], "formula", "density"),
    ("Which fraction of the wind's power can an ideal rotor take?", "16/27.", [4], "text", "16/27"),
    ("What other machine's wing has the shape of a rotor blade?", "An aircraft's.", [5, 6], "text", "aircraft wing"),
    ("At how many metres per second does the machine shut down?", "Above 25.", [7], "figure", "Above 25 m/s"),
    ("Where are floating turbines taken to be repaired?", "To the harbour.", [8], "table", "towed to harbour"),
)
"""Question, answer, physical pages, what on the page answers it, words that stand there."""

SPEECH_QUESTIONS = (
    (
        "Who had a windmill with wooden blades in his garden to charge batteries?",
        "Charles Brush, in Cleveland, Ohio.",
        ("In the winter", "Charles Brush"),
    ),
    (
        "Why is the wind observed for so long before anyone invests?",
        "Power grows so fast with wind speed that a 10 % error in speed is an error of about 30 % in power.",
        ("That is why companies", "thirty percent in the power"),
    ),
    (
        "At which speed does the outer end of a blade travel?",
        "About 300 kilometres an hour.",
        ("The tip of a large", "three hundred kilometres"),
    ),
    (
        "How long until a turbine has paid back the energy of its making?",
        "Six to twelve months.",
        ("It takes between", "six and twelve months"),
    ),
    (
        "Which worn-out parts end up in landfill?",
        "The blades: glass fibre and glue.",
        ("The steel and the copper", "glass fibre and glue"),
    ),
)
"""Question, answer, and from which words to which the answer is spoken."""


@dataclass(frozen=True)
class Sentence:
    """One sentence, the pages that are up while it is said, and its time in samples of the recording."""

    text: str
    pages: tuple[int, ...]
    start: int
    end: int


def read_script(text: str) -> list[tuple[tuple[int, ...], list[str]]]:
    """(pages, sentences) of each paragraph; a paragraph begins with `[page 4]`, or `[page 5-6]` for two frames."""
    paragraphs = []
    for first, last, body in re.findall(r"^\[page (\d+)(?:-(\d+))?\]\n(.+?)(?:\n\n|\Z)", text, re.M | re.S):
        pages = tuple(range(int(first), int(last or first) + 1))
        paragraphs.append((pages, re.split(r"(?<=[.?!]) ", " ".join(body.split()))))
    return paragraphs


def speak(text: str) -> np.ndarray:
    """`text` in flite's voice `slt`: int16 samples at 16 kHz, mono."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(target)], check=True)
        with wave.open(str(target)) as sound:
            return np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)


def record(script: str) -> tuple[np.ndarray, list[Sentence]]:
    """The whole lecture's samples, and when each sentence is said."""
    pieces: list[np.ndarray] = []
    sentences, position = [], 0
    for pages, texts in read_script(script):
        for text in texts:
            last = text == texts[-1]
            samples = speak(text)
            silence = np.zeros(int(SAMPLE_RATE_HZ * (SLIDE_PAUSE_S if last else SENTENCE_PAUSE_S)), dtype=np.int16)
            sentences.append(Sentence(text, pages, position, position + len(samples)))
            pieces += [samples, silence]
            position += len(samples) + len(silence)
    return np.concatenate(pieces), sentences


def write_recording(samples: np.ndarray, target: Path) -> None:
    """Opus in Ogg; `bitexact` leaves out what would differ from one run to the next."""
    with av.open(str(target), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE_HZ, options={"application": "voip"})
        stream.bit_rate, stream.layout = BIT_RATE, "mono"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def seconds(samples: int) -> float:
    return round(samples / SAMPLE_RATE_HZ, 2)


def spans(sentences: list[Sentence], total: int) -> list[dict[str, object]]:
    """While these pages were up: from the paragraph's first sentence to the next paragraph's."""
    starts = [
        s for before, s in zip([None, *sentences], sentences, strict=False) if not before or before.pages != s.pages
    ]
    ends = [s.start for s in starts[1:]] + [total]
    return [
        {
            "lecture": RECORDING,
            "deck": DECK,
            "pages": list(sentence.pages),
            "t_start": seconds(sentence.start),
            "t_end": seconds(end),
            "tolerance_s": TOLERANCE_S,
        }
        for sentence, end in zip(starts, ends, strict=True)
    ]


def questions(sentences: list[Sentence]) -> list[dict[str, object]]:
    """The questions with their pages or times; a spoken answer lasts from one named sentence to the end of another."""
    found: list[dict[str, object]] = []
    for number, (question, answer, pages, modality, words) in enumerate(SLIDE_QUESTIONS, start=1):
        about = {"id": f"sample-d{number:02}", "kind": "slide", "file": DECK, "question": question, "answer": answer}
        found.append(about | {"pages": pages, "modality": modality, "evidence_terms": [words]})
    for number, (question, answer, (beginning, ending)) in enumerate(SPEECH_QUESTIONS, start=1):
        first = next(s for s in sentences if beginning in s.text)
        last = next(s for s in sentences if ending in s.text)
        about = {"id": f"sample-s{number:02}", "kind": "speech", "file": RECORDING, "question": question}
        when = {"t_start": seconds(first.start), "t_end": seconds(last.end), "modality": "speech"}
        found.append(about | {"answer": answer} | when | {"evidence_terms": [ending]})
    return found


def write_lines(rows: Iterable[dict[str, object]], target: Path) -> None:
    target.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def make_lecture(folder: Path) -> None:
    """Writes the recording, `spans.jsonl` and `questions.jsonl` into `folder`."""
    samples, sentences = record(SCRIPT.read_text())
    write_recording(samples, folder / RECORDING)
    write_lines(spans(sentences, len(samples)), folder / "spans.jsonl")
    write_lines(questions(sentences), folder / "questions.jsonl")


if __name__ == "__main__":
    make_lecture(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
