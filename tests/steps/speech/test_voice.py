"""Speech packed into stretches, and times that find their way back over the silences left out."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.speech.voice import STRETCH_S, Stretch, Timeline, fill, find_stretches
from pipelines.steps.speech.worker import RATE
from tests.steps.media import music

spans = st.lists(st.tuples(st.integers(0, 5 * RATE), st.integers(1, STRETCH_S * RATE)), max_size=12)


@given(spans)
def test_every_span_is_in_one_stretch_in_order_and_none_is_too_long(parts: list[tuple[int, int]]) -> None:
    placed, at = [], 0
    for gap, length in parts:
        placed.append((at + gap, at + gap + length))
        at += gap + length
    stretches = fill(placed)
    assert [span for stretch in stretches for span in stretch.spans] == placed
    assert all(stretch.length <= STRETCH_S * RATE for stretch in stretches)


def test_times_come_back_over_the_silences() -> None:
    timeline = Timeline([Stretch(((0, RATE), (3 * RATE, 4 * RATE))), Stretch(((9 * RATE, 10 * RATE),))])
    assert timeline.clips == [(0, 2 * RATE), (2 * RATE, 3 * RATE)]
    assert timeline.original_ms(0.2, 0.4) == (200, 400)
    assert timeline.original_ms(1.2, 1.4) == (3200, 3400)
    assert timeline.original_ms(2.0, 2.9) == (9000, 9900)
    assert timeline.original_ms(0.9, 1.5) == (2900, 3500)  # its middle is behind the silence


def test_nobody_speaks_in_silence_or_music() -> None:
    assert find_stretches(np.zeros(5 * RATE, np.float32)) == []
    assert find_stretches(music(10).astype(np.float32) / 32768) == []


def test_real_speech_is_found(shared_data: Path) -> None:
    from faster_whisper.audio import decode_audio

    (only,) = find_stretches(decode_audio(str(shared_data / "audio/faster-whisper/jfk.flac")))
    assert only.length > 9 * RATE
