"""Playlists of recordings in segments, HLS (RFC 8216) and DASH (ISO 23009-1): the addresses of one track, in order.

Segments of one track, after its beginning, are a recording as they follow each other. Read in a bounded child.
"""

import math
import re
from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, fromstring

from pipelines.core.errors import UnreadableFileError

MOST_SEGMENTS = 50_000
ENOUGH_BITS_S = 2_500_000
"""Bits a second that show slides and speech well; more is not fetched where there is a choice."""

LIVE = "This stream is live and has no end yet. Link its recording, when there is one."
PROTECTED = "This stream is protected against copying. Ask who offers it for the recording as a file."
UNKNOWN = "This stream is described in a way that cannot be read. Link the recording as a file."
TOO_LONG = "This recording is longer than may be uploaded here."


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a recording. `first`, `last`: its bytes at that address; None: all of them."""

    url: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Playlist:
    """What an HLS playlist says: segments, or the address of the playlist that has them."""

    segments: tuple[Segment, ...] = ()
    next_url: str | None = None


def _refused(message: str, code: str = "link_unreadable") -> UnreadableFileError:
    return UnreadableFileError(message, code=code)


def read_hls(text: str, url: str, *, max_s: float) -> Playlist:
    """Read an HLS playlist that was fetched from `url`.

    Args:
        max_s: longest recording, in seconds.

    Raises:
        UnreadableFileError: `live_stream`, `protected`, `too_long`, `link_unreadable`.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    tags = [_tag(line) for line in lines]
    if any(name == "#EXT-X-STREAM-INF" for name, _ in tags):
        return Playlist(next_url=urljoin(url, _variant(lines)))
    if "#EXT-X-ENDLIST" not in lines:
        raise _refused(LIVE, "live_stream")
    found: list[Segment] = []
    length, at, seconds = None, 0, 0.0
    for line, (name, value) in zip(lines, tags, strict=True):
        said = _attributes(value)
        if name in ("#EXT-X-KEY", "#EXT-X-SESSION-KEY") and said.get("METHOD") != "NONE":
            raise _refused(PROTECTED, "protected")
        if name == "#EXT-X-MAP":
            begins = Segment(urljoin(url, said.get("URI", "")))
            if begins in found:
                continue
            if any(each.first is None for each in found) and found:
                raise _refused(UNKNOWN)  # another beginning in the middle: no one recording
            found.append(_ranged(begins.url, said["BYTERANGE"], 0)[0] if "BYTERANGE" in said else begins)
        elif name == "#EXTINF":
            seconds += _number(value.partition(",")[0])
        elif name == "#EXT-X-BYTERANGE":
            length = value
        elif not line.startswith("#"):
            segment = Segment(urljoin(url, line))
            if length is not None:
                segment, at = _ranged(segment.url, length, at)
                length = None
            found.append(segment)
    return Playlist(segments=_checked(found, seconds, max_s))


def _variant(lines: list[str]) -> str:
    """The address of the best track that is not larger than it need be; its sound alone, where that has its own."""
    sound = {}
    tracks: list[tuple[float, str, str | None]] = []
    for at, line in enumerate(lines):
        name, value = _tag(line)
        said = _attributes(value)
        if name == "#EXT-X-MEDIA" and said.get("TYPE") == "AUDIO" and "URI" in said:
            if said.get("DEFAULT") == "YES" or said.get("GROUP-ID") not in sound:
                sound[said.get("GROUP-ID")] = said["URI"]
        elif name == "#EXT-X-STREAM-INF" and at + 1 < len(lines):
            tracks.append((_number(said.get("BANDWIDTH", "0")), lines[at + 1], said.get("AUDIO")))
    if not tracks:
        raise _refused(UNKNOWN)
    fitting = [each for each in tracks if each[0] <= ENOUGH_BITS_S]
    _, url, group = max(fitting, key=lambda each: each[0]) if fitting else min(tracks, key=lambda each: each[0])
    return sound.get(group, url)


def _ranged(url: str, text: str, at: int) -> tuple[Segment, int]:
    """The bytes `length[@offset]` of an address, and where the next ones begin."""
    length, _, offset = text.strip('"').partition("@")
    first = int(_number(offset)) if offset else at
    after = first + int(_number(length))
    return Segment(url, first, after - 1), after


def _tag(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return (name, value) if line.startswith("#") else ("", "")


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)', text)}


def read_dash(text: str, url: str, *, max_s: float) -> tuple[Segment, ...]:
    """The segments of the sound, or of the picture with it, of a DASH manifest that was fetched from `url`.

    Raises:
        UnreadableFileError: as `read_hls`.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _refused(UNKNOWN)
    try:
        root = _plain(fromstring(text))  # noqa: S314  without entities; in a child with little memory
    except ParseError:
        raise _refused(UNKNOWN) from None
    if root.get("type") == "dynamic":
        raise _refused(LIVE, "live_stream")
    periods = root.findall("Period")
    if len(periods) != 1:
        raise _refused(UNKNOWN)
    if root.find(".//ContentProtection") is not None:
        raise _refused(PROTECTED, "protected")
    seconds = _duration(periods[0].get("duration") or root.get("mediaPresentationDuration") or "")
    sets = periods[0].findall("AdaptationSet")
    chosen = next((each for each in sets if _is(each, "audio")), None)
    chosen = chosen if chosen is not None else next((each for each in sets if _is(each, "video")), None)
    if chosen is None or not chosen.findall("Representation"):
        raise _refused(UNKNOWN)
    track = max(chosen.findall("Representation"), key=_bandwidth)
    for element in (root, periods[0], chosen, track):
        url = urljoin(url, (element.findtext("BaseURL") or "").strip())
    template = next((e for e in (track.find("SegmentTemplate"), chosen.find("SegmentTemplate")) if e is not None), None)
    listed = next((e for e in (track.find("SegmentList"), chosen.find("SegmentList")) if e is not None), None)
    if template is not None:
        return _checked(_templated(template, track, url, seconds), seconds, max_s)
    if listed is not None:
        first = listed.find("Initialization")
        begins = [Segment(urljoin(url, first.get("sourceURL", "")))] if first is not None else []
        parts = [Segment(urljoin(url, each.get("media", ""))) for each in listed.findall("SegmentURL")]
        return _checked([*begins, *parts], seconds, max_s)
    return _checked([Segment(url)], seconds, max_s)


def _templated(template: Element, track: Element, url: str, seconds: float) -> list[Segment]:
    """Segments whose addresses are counted."""
    scale, number = float(template.get("timescale", "1")), int(template.get("startNumber", "1"))
    found = []
    if (begins := template.get("initialization")) is not None:
        found.append(Segment(urljoin(url, _filled(begins, track, number=0, time=0))))
    media, timeline = template.get("media", ""), template.find("SegmentTimeline")
    if timeline is None:
        length = float(template.get("duration", "0"))
        count = math.ceil(seconds * scale / length) if length > 0 else MOST_SEGMENTS + 1
        times = [0] * min(count, MOST_SEGMENTS + 1)
    else:
        times, at = [], 0
        for each in timeline.findall("S"):
            at, repeats = int(each.get("t", at)), int(each.get("r", "0"))
            if repeats < 0 or len(times) + repeats > MOST_SEGMENTS:
                raise _refused(UNKNOWN)
            for _ in range(repeats + 1):
                times.append(at)
                at += int(each.get("d", "0"))
    return found + [
        Segment(urljoin(url, _filled(media, track, number=number + place, time=time)))
        for place, time in enumerate(times)
    ]


def _filled(text: str, track: Element, *, number: int, time: int) -> str:
    known = {
        "RepresentationID": track.get("id", ""),
        "Bandwidth": track.get("bandwidth", ""),
        "Number": number,
        "Time": time,
    }

    def value(found: "re.Match[str]") -> str:
        name, width = found[1], found[2]
        return str(known[name]).zfill(int(width or 0)) if name in known else found[0]

    return re.sub(r"\$(\w+)(?:%0(\d{1,2})d)?\$", value, text).replace("$$", "$")


def _plain(root: Element) -> Element:
    """The elements without their namespaces."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _is(adaptation: Element, kind: str) -> bool:
    said = [adaptation.get("contentType", ""), adaptation.get("mimeType", "")]
    said += [each.get("mimeType", "") for each in adaptation.findall("Representation")]
    return any(each.startswith(kind) for each in said)


def _bandwidth(track: Element) -> float:
    bits = _number(track.get("bandwidth", "0"))
    return bits if bits <= ENOUGH_BITS_S else -bits


def _duration(text: str) -> float:
    """Seconds of an ISO 8601 duration such as PT1H2M3.5S; 0: it says none."""
    found = re.fullmatch(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", text)
    days, hours, minutes, seconds = (float(each or 0) for each in found.groups()) if found else (0, 0, 0, 0)
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _refused(UNKNOWN) from None
    if not 0 <= value < 2**53:
        raise _refused(UNKNOWN)
    return value


def _checked(found: list[Segment], seconds: float, max_s: float) -> tuple[Segment, ...]:
    if seconds > max_s:
        raise _refused(TOO_LONG, "too_long")
    if not 0 < len(found) <= MOST_SEGMENTS:
        raise _refused(UNKNOWN)
    return tuple(found)
