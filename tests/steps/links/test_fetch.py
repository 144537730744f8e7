"""Links to recordings: every form they are served in, a sentence for every failure, no way into a private network."""

import time
from contextlib import suppress

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.links.fetch import LinkUnreachableError, fetch
from pipelines.steps.links.names import name_of
from pipelines.steps.sandbox.limits import Limits
from tests.steps.links.conftest import WAV

QUICK = Limits(network=True, wall_s=60, total_s=60, memory_mb=2048)
MP4 = b"\0\0\0\x18ftypisom"
TS = (b"\x47" + b"\0" * 187) * 5


def fetched(site, path="/w1", *, trusted=True, url=None, max_bytes=10**7, limits=QUICK):
    given = {"trusted": [site.url] if trusted else [], "max_bytes": max_bytes, "max_s": 3600}
    return b"".join(item.block for item in fetch(url or site.url + path, limits=limits, **given))


def refusal(site, path="/w1", **more):
    with pytest.raises(UnreadableFileError) as refused:
        fetched(site, path, **more)
    assert refused.value.message.endswith(".") and "Traceback" not in refused.value.message
    return refused.value.code


def hls(*lines, end=True):
    return "\n".join(("#EXTM3U", *lines, *(["#EXT-X-ENDLIST"] if end else []))).encode()


class TestForms:
    def test_media_come_as_they_are_behind_redirects(self, site):
        site.pages = {
            "/w1": (302, {"location": "/a/b"}, b""),
            "/a/b": (301, {"location": "../w1.wav"}, b""),
            "/w1.wav": WAV + bytes(3_000_000),
        }
        assert fetched(site) == WAV + bytes(3_000_000)

    def test_segments_of_a_stream_are_joined_in_their_order_from_the_track_that_is_enough(self, site):
        site.pages = {
            "/w1": hls("#EXT-X-STREAM-INF:BANDWIDTH=9000000", "large.m3u8", "#EXT-X-STREAM-INF:BANDWIDTH=900000",
                       "low/fit.m3u8", "#EXT-X-STREAM-INF:BANDWIDTH=90000", "small.m3u8", end=False),
            "/low/fit.m3u8": hls('#EXT-X-MAP:URI="init.mp4"', "#EXTINF:4,", "1.m4s", "#EXTINF:4,", "../2.m4s",
                                 "#EXTINF:4,", "#EXT-X-BYTERANGE:2@1", "3.m4s"),
            "/low/init.mp4": MP4, "/low/1.m4s": b"one", "/2.m4s": b"two", "/low/3.m4s": b"three",
        }  # fmt: skip
        assert fetched(site) == MP4 + b"one" + b"two" + b"hr"

    def test_sound_of_its_own_is_taken_for_itself(self, site):
        site.pages = {
            "/w1": hls('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="sound.m3u8"',
                       '#EXT-X-STREAM-INF:BANDWIDTH=900000,AUDIO="a"', "picture.m3u8", end=False),
            "/sound.m3u8": hls("#EXTINF:4,", "1.ts"), "/1.ts": TS,
        }  # fmt: skip
        assert fetched(site) == TS

    @pytest.mark.parametrize(
        "track",
        [
            '<SegmentTemplate initialization="$RepresentationID$/i.mp4" media="$RepresentationID$/$Number%02d$.m4s"'
            ' timescale="10" duration="40" startNumber="1"/>',
            '<SegmentTemplate initialization="b/i.mp4" media="b/$Time$.m4s" timescale="1"><SegmentTimeline>'
            '<S t="1" d="1" r="1"/></SegmentTimeline></SegmentTemplate>',
            '<BaseURL>b/</BaseURL><SegmentList><Initialization sourceURL="i.mp4"/><SegmentURL media="01.m4s"/>'
            '<SegmentURL media="2.m4s"/></SegmentList>',
        ],
    )
    def test_a_dash_manifest_names_its_segments_in_three_ways(self, site, track):
        site.pages = {
            "/w1": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S">'
            b'<Period><AdaptationSet mimeType="audio/mp4"><Representation id="b" bandwidth="1">'
            + track.encode() + b"</Representation></AdaptationSet></Period></MPD>",
            "/b/i.mp4": MP4, "/b/01.m4s": b"one", "/b/02.m4s": b"two", "/b/1.m4s": b"one", "/b/2.m4s": b"two",
        }  # fmt: skip
        assert fetched(site) == MP4 + b"one" + b"two"

    def test_the_item_of_a_feed_that_is_meant_is_fetched_else_the_first(self, site):
        item = "<item><title>{0}</title><guid>id-{0}</guid><enclosure url='/{0}.wav' type='audio/x-wav'/></item>"
        site.pages = {"/w1": f"<rss><channel>{item.format('new')}{item.format('old')}</channel></rss>".encode(),
                      "/new.wav": WAV + b"new", "/old.wav": WAV + b"old"}  # fmt: skip
        assert fetched(site) == WAV + b"new"
        assert fetched(site, "/w1#id-old") == fetched(site, "/w1#old") == WAV + b"old"
        assert refusal(site, "/w1#none") == "link_unreadable"


class TestFailures:
    @pytest.mark.parametrize(
        ("page", "code"),
        [
            (b"<!doctype html><title>Week 1</title>", "not_media"),
            (b"", "not_media"),
            ((404, {}, b""), "link_gone"),
            ((403, {}, b""), "link_refused"),
            ((302, {"location": "/w1"}, b""), "link_unreadable"),
            (WAV + bytes(200_000), "too_large"),
            (hls("#EXTINF:4,", "1.ts", end=False), "live_stream"),
            (hls("#EXT-X-KEY:METHOD=AES-128,URI=k", "#EXTINF:4,", "1.ts"), "protected"),
            (hls("#EXTINF:9000,", "1.ts"), "too_long"),
            (hls("#EXTINF:nonsense,", "1.ts"), "link_unreadable"),
            (hls("#EXTINF:4,", "gone.ts"), "link_gone"),
            (b'<MPD type="dynamic"/>', "live_stream"),
            (b"<MPD><broken>", "link_unreadable"),
            (b'<!DOCTYPE x [<!ENTITY a "b">]><MPD/>', "link_unreadable"),
        ],
    )
    def test_each_is_told_as_what_it_is(self, site, page, code):
        site.pages = {"/w1": page}
        assert refusal(site, max_bytes=100_000) == code

    def test_a_server_that_is_away_is_asked_again_later(self, site):
        for status in (429, 503):
            site.pages = {"/w1": (status, {}, b"")}
            with pytest.raises(LinkUnreachableError):
                fetched(site)

    def test_what_never_ends_ends_in_time(self, site):
        site.pages = {"/w1": (200, {}, "endless")}
        started = time.monotonic()
        limits = Limits(network=True, wall_s=3, total_s=3, memory_mb=2048)
        assert refusal(site, limits=limits) == "link_slow" and time.monotonic() - started < 30


class TestPrivateNetworks:
    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"],
    )
    def test_are_not_reached_by_any_spelling(self, site, host):
        port = site.url.rpartition(":")[2]
        with suppress(LinkUnreachableError):  # a spelling that no resolver of this machine takes
            assert refusal(site, url=f"http://{host}:{port}/w1", trusted=False) == "address_refused"
        assert site.asked == []

    @pytest.mark.parametrize(
        "url", ["http://169.254.169.254/latest", "http://user:secret@example.org/", "file:///etc/passwd"]
    )
    def test_nor_what_is_no_address_of_the_web(self, site, url):
        assert refusal(site, url=url) == "address_refused"

    def test_are_not_reached_by_a_redirect_a_playlist_a_segment_or_a_feed(self, site, elsewhere):
        there = elsewhere.url + "/secret"
        elsewhere.pages = {"/secret": WAV + b"secret"}
        for page in (
            (302, {"location": there}, b""),
            hls("#EXT-X-STREAM-INF:BANDWIDTH=1", there, end=False),
            hls("#EXTINF:4,", "1.ts", "#EXTINF:4,", there),
            hls(f'#EXT-X-MAP:URI="{there}"', "#EXTINF:4,", "1.ts"),
            f"<rss><item><enclosure url='{there}'/></item></rss>".encode(),
            f"<MPD><Period><AdaptationSet mimeType='audio/mp4'><Representation id='b'><BaseURL>{there}</BaseURL>"
            "</Representation></AdaptationSet></Period></MPD>".encode(),
        ):
            site.pages = {"/w1": page, "/1.ts": TS}
            assert refusal(site) == "address_refused"
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/talks/Week%201.mp3?token=x", "Week 1.mp3"),
        ("https://a.example/talks/week2/index.m3u8", "week2.mp4"),
        ("https://a.example/", "a.example.mp4"),
        ("https://a.example/feed.xml#id", "feed.xml.mp4"),
        ("https://a.example/..%2F..%2Fetc%2Fpasswd", "_.._etc_passwd.mp4"),
    ],
)
def test_a_link_has_a_name_that_is_one(url, name):
    assert name_of(url) == name
