"""Recordings made for tests: tones, noise and silence in containers that real uploads come in."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


def tone(seconds: float, *, rate: int = 16_000, hertz: float = 220.0, level: float = 0.3) -> Samples:
    """A steady tone, the simplest music."""
    at = np.arange(int(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def music(seconds: float, *, rate: int = 16_000) -> Samples:
    """Chords that change every second, with a drum."""
    rng = np.random.default_rng(3)
    bars = []
    for bar in range(int(seconds)):
        chord = sum(tone(1, rate=rate, hertz=h * 2 ** (bar % 5 / 12), level=0.1) for h in (220, 277.2, 329.6))
        drum = rng.normal(0, 4000, rate) * np.exp(-np.arange(rate) / (rate * 0.03))
        bars.append((chord + drum).astype(np.int16))
    return np.concatenate(bars)


def write(path: Path, samples: Samples, *, codec: str, rate: int = 16_000, layout: str = "mono", fmt: str = "") -> Path:
    """Encode the same samples on every channel of one audio stream; the container follows the path's name."""
    with av.open(str(path), mode="w", format=fmt or None) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        _encode(container, stream, samples, rate=rate, layout=layout, at=0)
    return path


def write_video(
    path: Path, parts: Sequence[tuple[float, Samples]], *, seconds: float, rate: int = 48_000, layout: str = "mono"
) -> Path:
    """A video of grey frames with sound only where `parts` (start in seconds, samples) have it; no parts: no sound."""
    with av.open(str(path), mode="w") as container:
        video = container.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout=layout) if parts else None
        for number in range(int(seconds * 5)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 255, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for start, samples in parts:
            _encode(container, audio, samples, rate=rate, layout=layout, at=int(start * rate), last=False)
        if audio is not None:
            container.mux(audio.encode(None))
    return path


def write_pictures(
    path: Path,
    parts: Sequence[tuple[float, npt.NDArray[np.uint8]]],
    *,
    rate: int = 5,
    options: dict[str, str] | None = None,
) -> Path:
    """A video without sound that shows each picture (rgb, all of one even size) for so many seconds."""
    with av.open(str(path), mode="w") as container:
        video = container.add_stream("libx264", rate=rate, options=options or {"preset": "ultrafast"})
        video.height, video.width = parts[0][1].shape[:2]
        video.pix_fmt = "yuv420p"
        number = 0
        for seconds, picture in parts:
            for _ in range(round(seconds * rate)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                number += 1
                container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def write_damaged_pictures(path: Path, *, seconds: int) -> Path:
    """A video without sound whose pictures are rubbish."""
    with av.open(str(path), mode="w") as container:
        video = container.add_stream("mjpeg", rate=1)
        video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p"
        container.start_encoding()
        for number in range(seconds):
            packet = av.Packet(b"rubbish " * 50)
            packet.stream, packet.time_base = video, Fraction(1, 1)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    return path


def write_cover(path: Path, samples: Samples, picture: npt.NDArray[np.uint8], *, rate: int = 16_000) -> Path:
    """Sound with a cover picture (rgb)."""
    with av.open(str(path), mode="w") as container:
        audio = container.add_stream("aac", rate=rate, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.height, cover.width = picture.shape[:2]
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        container.mux(cover.encode(frame))
        container.mux(cover.encode(None))
        _encode(container, audio, samples, rate=rate, layout="mono", at=0)
    return path


_STYLES = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, "
    b"SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
    b"BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\nStyle: Default,Arial,16,&Hffffff,"
    b"&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0\n\n[Events]\nFormat: Layer, Start, End, Style, Name, "
    b"MarginL, MarginR, MarginV, Effect, Text\n"
)
"""The header with which FFmpeg opens an encoder of subtitles."""


def write_subtitled(
    path: Path, samples: Samples, tracks: Sequence[tuple[str, Sequence[tuple[int, int, str]]]], *, rate: int = 16_000
) -> Path:
    """A recording with tracks of text: (codec, cues as start and end in ms and what the track holds of them)."""
    with av.open(str(path), mode="w") as container:
        audio = container.add_stream("aac", rate=rate, layout="mono")
        streams = []
        for codec, _ in tracks:
            streams.append(container.add_stream(codec))
            streams[-1].codec_context.subtitle_header = _STYLES
        container.start_encoding()
        for stream, (codec, cues) in zip(streams, tracks, strict=True):
            for start_ms, end_ms, text in cues:
                data = text.encode()
                packet = av.Packet(len(data).to_bytes(2, "big") + data if codec == "mov_text" else data)
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = start_ms
                packet.duration = end_ms - start_ms
                container.mux(packet)
        _encode(container, audio, samples, rate=rate, layout="mono", at=0)
    return path


def _encode(container, stream, samples, *, rate, layout, at, last=True) -> None:  # type: ignore[no-untyped-def]
    channels = av.AudioLayout(layout).nb_channels
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate, frame_size=size)
    frame = av.AudioFrame.from_ndarray(np.repeat(samples, channels)[None, :], format="s16", layout=layout)
    frame.rate = rate
    for made in [*resampler.resample(frame), *resampler.resample(None)]:
        made.pts, made.time_base = at, Fraction(1, rate)
        at += made.samples
        container.mux(stream.encode(made))
    if last:
        container.mux(stream.encode(None))


def wav_bytes(samples: Samples) -> bytes:
    """A plain wav file in memory."""
    target = io.BytesIO()
    with av.open(target, mode="w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        _encode(container, stream, samples, rate=16_000, layout="mono", at=0)
    return target.getvalue()
