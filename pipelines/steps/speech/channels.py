"""Channels of a recording: how loud each is, and one out of many without losing what only one of them has."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av.audio.frame import AudioFrame

_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


class ChannelLevels:
    """Levels of every channel over a whole recording, full scale being 1."""

    def __init__(self) -> None:
        self._squares: Any = None
        self._loudest: Any = None
        self._peak: Any = None
        self._samples = 0

    def add(self, frame: "AudioFrame") -> None:
        """Take in one decoded frame; a change of the number of channels starts the count again."""
        import numpy as np

        samples = _planes(frame)
        squares = np.square(samples).sum(axis=1)
        if self._squares is None or self._squares.shape != squares.shape:
            self._squares, self._loudest, self._peak = (np.zeros(len(samples)) for _ in range(3))
            self._samples = 0
        self._samples += samples.shape[1]
        self._squares += squares
        self._loudest = np.maximum(self._loudest, np.sqrt(squares / max(1, samples.shape[1])))
        self._peak = np.maximum(self._peak, np.abs(samples).max(axis=1, initial=0.0))

    def report(self) -> dict[str, list[float]]:
        """`power`: mean square; `loudest`: root mean square of the loudest frame; `peak`: largest sample."""
        if self._squares is None:
            return {"power": [], "loudest": [], "peak": []}
        return {
            "power": [float(value) for value in self._squares / max(1, self._samples)],
            "loudest": [float(value) for value in self._loudest],
            "peak": [float(value) for value in self._peak],
        }


def one_channel(frame: "AudioFrame", *, channel: int | None, gain: float) -> "AudioFrame":
    """A mono frame of floats: one channel, or the mean of all where `channel` is None or not there."""
    import av
    import numpy as np

    samples = _planes(frame)
    known = channel is not None and channel < len(samples)
    mono = (samples[channel] if known else samples.mean(axis=0)) * gain
    made: AudioFrame = av.AudioFrame.from_ndarray(
        np.clip(mono, -1, 1).astype(np.float32)[None, :], format="flt", layout="mono"
    )
    made.rate = frame.sample_rate
    return made


def _planes(frame: "AudioFrame") -> "npt.NDArray[np.float64]":
    """The samples `(channels, n)` of a frame of any format, in [-1, 1].

    Read from the planes themselves: `AudioFrame.to_ndarray` of PyAV 18 counts one plane too many where there are eight.
    """
    import numpy as np

    kind = np.dtype(_TYPES[frame.format.packed.name])
    channels, planar = frame.layout.nb_channels, frame.format.is_planar
    count = frame.samples * (1 if planar else channels)
    planes = [np.frombuffer(memoryview(frame.planes[n]), kind, count) for n in range(channels if planar else 1)]
    raw = np.stack(planes) if planar else planes[0].reshape(-1, channels).T
    if kind.kind == "f":
        return np.nan_to_num(raw.astype(np.float64))
    full_scale = 2.0 ** (8 * kind.itemsize - 1)
    return np.asarray(raw.astype(np.float64) / full_scale - (1.0 if kind.kind == "u" else 0.0))
