"""Caption files as people and sites really write them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.captions.records import MAX_BYTES, CaptionRepairs, CaptionsResult

SRT = "1\n00:00:01,000 --> 00:00:02,500\nFirst line\nof the talk.\n\n2\n00:00:03,000 --> 00:00:04,000\nSecond.\n"


def parse(text: str | bytes) -> CaptionsResult:
    return parse_captions(text if isinstance(text, bytes) else text.encode(), file_name="talk.srt")


def spoken(text: str | bytes) -> list[tuple[int, int, str]]:
    return [(s.start_ms, s.end_ms, s.text) for s in parse(text).segments]


def srt(*cues: tuple[str, str, str]) -> str:
    return "\n\n".join(f"{n}\n{start} --> {end}\n{text}" for n, (start, end, text) in enumerate(cues, start=1))


CLEAN = [(1000, 2500, "First line of the talk."), (3000, 4000, "Second.")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_give_the_same_words(encoding: str) -> None:
    text = SRT.replace("Second", "Größe café")
    assert spoken(text.encode(encoding))[1] == (3000, 4000, "Größe café.")


def test_bytes_of_no_encoding_are_read_as_latin_1() -> None:
    assert spoken(SRT.encode().replace(b"Second", b"na\xefve \x81"))[1][2] == "naïve ."


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\r\r\n"])
def test_line_ends_of_other_systems(line_end: str) -> None:
    assert spoken(SRT.replace("\n", line_end)) == CLEAN


def test_webvtt_with_settings_notes_styles_identifiers_and_entities() -> None:
    text = (
        "WEBVTT - a talk\nKind: captions\nLanguage: en\n\nSTYLE\n::cue { color: red }\n\nNOTE not\nspoken\n\n"
        "intro\n00:01.000 --> 00:02.500 align:start position:0%\n<v Ann Lee>AT&amp;T &lt;s&gt; <c.yellow>token</c>\n\n"
        "00:00:03.000 --> 00:00:04.000\nhel<00:00:03.500><c>lo</c>\n"
    )
    assert spoken(text) == [(1000, 2500, "AT&T <s> token"), (3000, 4000, "hello")]


def test_sbv_of_youtube() -> None:
    assert spoken("0:00:01.000,0:00:02.500\nFirst[br]line\n\n0:00:03.000,0:00:04.000\nSecond\n") == [
        (1000, 2500, "First line"),
        (3000, 4000, "Second"),
    ]


def test_empty_lines_inside_a_cue_and_missing_ones_between_cues() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,500\nFirst line\n\nof the talk.\n2\n00:00:03,000 --> 00:00:04,000\nSecond.\n"
    assert spoken(text) == CLEAN


def test_a_number_that_is_spoken_stays() -> None:
    assert spoken(srt(("00:00:01,000", "00:00:02,000", "42"), ("00:00:03,000", "00:00:04,000", "is it")))[0][2] == "42"


def test_markup_goes_and_tokens_people_talk_about_stay() -> None:
    text = '{\\an8}<font color="#fff">the <i>first</i></font> <s> and <pad> if a < b'
    assert spoken(srt(("00:00:01,000", "00:00:02,000", text)))[0][2] == "the first <s> and <pad> if a < b"


def test_speakers_are_not_part_of_what_is_said() -> None:
    cues = [(f"00:00:0{n},000", f"00:00:0{n},900", text) for n, text in enumerate(
        ["- [Instructor] In this", "- Hello.", ">> ANN: one", "ANN: two", "ANN: three", "GPU: fast", "Speaker 2: four"]
    )]  # fmt: skip
    assert [text for _, _, text in spoken(srt(*cues))] == [
        "In this", "Hello.", "one", "two", "three", "GPU: fast", "four",
    ]  # fmt: skip


def test_sounds_are_dropped_and_counted() -> None:
    texts = ["(air whooshing)", "[MUSIC PLAYING]", "♪", "so [laughter] the [MASK] token", "call map(), then skip()"]
    result = parse(srt(*((f"00:00:0{n},000", f"00:00:0{n},900", text) for n, text in enumerate(texts))))
    assert [s.text for s in result.segments] == ["so the [MASK] token", "call map(), then skip()"]
    assert result.repairs == CaptionRepairs(sounds=3)


def test_cues_out_of_order_are_moved_and_counted() -> None:
    result = parse(srt(("00:00:05,000", "00:00:06,000", "b"), ("00:00:01,000", "00:00:02,000", "a")))
    assert [s.text for s in result.segments] == ["a", "b"]
    assert result.repairs == CaptionRepairs(out_of_order=1)


def test_overlaps_end_where_the_next_cue_begins() -> None:
    result = parse(srt(("00:00:01,000", "00:00:05,000", "a"), ("00:00:04,000", "00:00:06,000", "b")))
    assert [(s.start_ms, s.end_ms) for s in result.segments] == [(1000, 4000), (4000, 6000)]
    assert result.repairs == CaptionRepairs(overlapping=1)


def test_two_people_at_the_same_time_become_one_segment() -> None:
    result = spoken(srt(("00:00:01,000", "00:00:03,000", "yes"), ("00:00:01,000", "00:00:02,000", "no")))
    assert result == [(1000, 3000, "yes no")]


def test_cues_without_a_length_get_time_to_read_them() -> None:
    result = parse(srt(("00:00:01,000", "00:00:01,000", "hello there"), ("00:00:09,000", "00:00:08,000", "bye")))
    assert [(s.start_ms, s.end_ms) for s in result.segments] == [(1000, 1660), (9000, 9500)]
    assert result.repairs == CaptionRepairs(bad_length=2)


def test_negative_times_are_cut_at_zero() -> None:
    result = parse(
        srt(("-00:00:03,000", "-00:00:01,000", "before"), ("-00:00:01,000", "00:00:02,000", "across"))
        + "\n\n3\n00:00:03,000 --> 00:00:04,000\nafter"
    )
    assert [(s.start_ms, s.end_ms, s.text) for s in result.segments] == [(0, 2000, "across"), (3000, 4000, "after")]
    assert result.repairs == CaptionRepairs(negative=2)


def test_exact_duplicates_are_dropped() -> None:
    cue = ("00:00:01,000", "00:00:02,000", "twice")
    result = parse(srt(cue, cue))
    assert [s.text for s in result.segments] == ["twice"]
    assert result.repairs == CaptionRepairs(duplicate=1)


def test_rolling_captions_say_every_word_once() -> None:
    text = (
        "WEBVTT\nKind: captions\n\n00:00:00.160 --> 00:00:02.389 align:start position:0%\n \n"
        "so<00:00:00.400><c> welcome</c><00:00:00.900><c> back</c>\n\n"
        "00:00:02.389 --> 00:00:02.399\nso welcome back\n \n\n"
        "00:00:02.399 --> 00:00:04.070\nso welcome back\ntoday<00:00:02.700><c> we</c>\n\n"
        "00:00:04.070 --> 00:00:04.080\ntoday we\n \n\n"
        "00:00:04.080 --> 00:00:06.000\ntoday we\nprove<00:00:04.700><c> it</c>\n"
    )
    result = parse(text)
    assert [(s.start_ms, s.end_ms, s.text) for s in result.segments] == [
        (160, 2399, "so welcome back"),
        (2399, 4080, "today we"),
        (4080, 6000, "prove it"),
    ]
    assert result.repairs == CaptionRepairs(rolling=4)


def test_captions_that_grow_word_by_word_say_every_word_once() -> None:
    words = ["the", "gradient", "points", "uphill"]
    cues = [(f"00:00:0{n},000", f"00:00:0{n + 1},000", " ".join(words[: n + 1])) for n in range(4)]
    assert [text for _, _, text in spoken(srt(*cues))] == words


def test_a_short_word_said_again_stays() -> None:
    cues = [("00:00:01,000", "00:00:02,000", "No."), ("00:00:02,000", "00:00:03,000", "No. It diverges.")]
    cues += [(f"00:00:{n},000", f"00:00:{n},900", f"point {n}") for n in range(10, 20)]
    assert [text for _, _, text in spoken(srt(*cues))][:2] == ["No.", "No. It diverges."]


def test_times_nobody_can_read_are_counted_and_their_cue_is_left_out() -> None:
    result = parse(SRT + "\n3\n00:00:xx,000 --> 00:00:07,000\nlost\n\n4\n9999:00:00,000 --> 9999:00:01,000\nlost too\n")
    assert len(result.segments) == 2
    assert result.repairs == CaptionRepairs(unreadable=2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n\t", "empty_file"),
        (b"just some prose\nwithout times", "bad_captions"),
        (b"WEBVTT\n\nNOTE nothing here", "bad_captions"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", "bad_captions"),
        (b"%PDF-1.7\n\x00\x01\xff\xfe", "bad_captions"),
        (b" " * (MAX_BYTES + 1), "too_large"),
    ],
    ids=["zero bytes", "white space", "prose", "no cues", "no words", "a pdf", "too large"],
)
def test_files_without_captions_say_so(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"talk\.srt") as failure:
        parse(data)
    assert failure.value.code == code


times = st.integers(min_value=-5000, max_value=40_000)
clock = times.map(lambda ms: f"{'-' * (ms < 0)}00:00:{abs(ms) // 1000:02d},{abs(ms) % 1000:03d}")
words = st.sampled_from(
    ["a", "a b", "b c", "a\nb", "(x)", "[Music]", "1", "", "<i>a</i>", "-", "x --> y", "&lt;", "\0"]
)


@given(st.lists(st.tuples(clock, clock, words), max_size=12))
def test_whatever_the_times_the_result_is_ordered_and_free_of_overlaps(cues: list[tuple[str, str, str]]) -> None:
    try:
        segments = parse(srt(*cues)).segments
    except UnreadableFileError:
        return
    assert all(0 <= s.start_ms < s.end_ms and s.text == " ".join(s.text.split()) != "" for s in segments)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(segments))
    assert not any(c < " " for s in segments for c in s.text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_sentence(data: bytes) -> None:
    try:
        assert parse(data).segments
    except UnreadableFileError as error:
        assert "talk.srt" in error.message


def test_all_shared_captions_are_read(shared_data: Path) -> None:
    files = sorted((shared_data / "captions").rglob("*.srt"))
    assert len(files) == 164
    segments = 0
    for path in files:
        result = parse_captions(path.read_bytes(), file_name=path.name)
        assert all(a.end_ms <= b.start_ms and a.start_ms < a.end_ms for a, b in pairwise(result.segments))
        assert result.repairs.rolling == result.repairs.duplicate == 0  # none of these files rolls
        segments += len(result.segments)
    assert segments == 9645
