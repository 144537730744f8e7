"""Captions as services, editors and converters really leave them: one test a kind of fault."""

import json

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Segment
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.captions.encodings import decode_text


def segments(text: str | bytes) -> tuple[Segment, ...]:
    return parse_captions(text if isinstance(text, bytes) else text.encode(), file_name="talk").segments


def file_of(*texts: str, gap_ms: int = 200, step_ms: int = 2000) -> str:
    cues = []
    for n, text in enumerate(texts):
        start, end = n * step_ms, (n + 1) * step_ms - gap_ms
        times = [f"00:{t // 60000:02d}:{t // 1000 % 60:02d},{t % 1000:03d}" for t in (start, end)]
        cues.append(f"{n + 1}\n{times[0]} --> {times[1]}\n{text}\n")
    return "\n".join(cues)


def said(*texts: str, **more: int) -> list[str]:
    return [segment.text for segment in segments(file_of(*texts, **more))]


RUSSIAN = file_of("Вода кипит при ста градусах.", "Пар поднимается вверх и остывает.")
POLISH = file_of("Dzień dobry, dzisiaj mówimy o różniczkowaniu.", "Pochodna funkcji złożonej jest iloczynem.")
JAPANESE = file_of("今日は光合成について話します。", "植物は光と水から養分を作ります。")
GREEK = file_of("Σήμερα μιλάμε για τη φωτοσύνθεση.", "Τα φυτά χρειάζονται φως και νερό.")
GERMAN = file_of("Die Größe heißt Wärmekapazität.", "Für Wasser ist sie groß.")
HEBREW = file_of("שלום לכולם וברוכים הבאים", "היום נדבר על קרינה")
ARABIC = file_of("مرحبا بكم جميعا", "سنتحدث اليوم عن المصفوفات")
TURKISH = file_of("Bugün ışık ve ısı üzerine konuşacağız", "Işığın hızı boşlukta değişmez")
HUNGARIAN = file_of("Először nézzük meg a következő függvényt", "Köszönöm a figyelmet")
LITHUANIAN = file_of("Šiandien kalbame apie matricas ir vektorius", "Ačiū už dėmesį, pradėkime")
FRENCH = file_of("Où est le cœur du problème ?", "L’été, la chaleur s’écoule… à 20 °C")
CHINESE = file_of("今天我們討論矩陣的乘法", "現在開始講第一個例子")
CODE = file_of("The café costs 3 € – or £2", "x² + y³ ± ½, 5 × 10 µm")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "iso8859_5"),
        (POLISH, "iso8859_2"),
        (HEBREW, "cp1255"),
        (file_of("שלום לכולם וברוכים הבאים"), "cp1255"),
        (ARABIC, "cp1256"),
        (TURKISH, "cp1254"),
        (HUNGARIAN, "cp1250"),
        (HUNGARIAN, "iso8859_2"),
        (LITHUANIAN, "cp1257"),
        (FRENCH, "cp1252"),
        (CHINESE, "big5"),
        (CODE, "cp1252"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "utf-16-le"),
        (RUSSIAN, "utf-16-be"),
        (POLISH, "cp1250"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-16-be"),
        ("0:00:00.000,0:00:02.000\nВода кипит\n", "utf-16-le"),
        (GREEK, "cp1253"),
        (GERMAN, "cp1252"),
        (GERMAN, "utf-8-sig"),
    ],
)
def test_words_come_out_in_their_letters_whatever_the_encoding(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding))[0] == text


@pytest.mark.parametrize("bad", [b"\x93", b"\xff", b"\xc3"])
def test_a_bad_byte_spoils_no_other_letter(bad: bytes) -> None:
    text, encoding = decode_text(GERMAN.encode() + b"3\n00:00:09,000 --> 00:00:10,000\nDanke " + bad + b" sehr\n")
    assert encoding == "utf-8"
    assert "Größe heißt Wärmekapazität" in text


def test_an_arrow_in_speech_is_speech_and_times_nobody_can_read_are_none() -> None:
    assert said("We write u --> v here.", "x -> y and 3 --> 4 too", "end") == [
        "We write u --> v here.", "x -> y and 3 --> 4 too", "end",
    ]  # fmt: skip
    hours = ["from 10:30 --> 11:45 we rest", "3: A --> B is a rule", "12 --> 15: a rewrite"]
    assert said(*hours) == hours


def test_only_markup_is_taken_for_markup() -> None:
    text = "If a<b and c>d we <i>swap</i> them; the <u> tag; vector<int> and List<Map<K, V>>; <b>bold <i>both</i></b>"
    expected = "If a<b and c>d we swap them; the <u> tag; vector<int> and List<Map<K, V>>; bold both"
    assert said(text, "<i>unclosed", 'a <font color="red">red</font> one') == [expected, "unclosed", "a red one"]


def test_a_sentence_in_brackets_is_speech_and_a_sound_is_none() -> None:
    spoken = ["(and remember that it has two signs)", "[music theory is the topic today]", "(by induction)"]
    sounds = ["(laughter)", "[Music]", "[upbeat music playing]", "(screen whooshing)", "(door opens)", "[BLANK_AUDIO]"]
    assert said(*spoken, *sounds, "and [applause] so on") == [*spoken, "and so on"]


def test_names_in_front_of_most_cues_are_speakers_and_topics_are_words() -> None:
    found = segments(file_of("Ada Beispiel: Welcome.", "Tom O'Neil: Thanks, Ada.", "Ada Beispiel: So: the tide.", "hm"))
    assert [(s.speaker, s.text) for s in found] == [
        ("Ada Beispiel", "Welcome."), ("Tom O'Neil", "Thanks, Ada."), ("Ada Beispiel", "So: the tide."), (None, "hm"),
    ]  # fmt: skip
    topics = ["TCP: it resends.", "UDP: it does not.", "TCP: it keeps order.", "TCP: it needs a handshake."]
    assert said(*topics) == topics
    notes = ["Note: this is hard.", "Take a note.", "Note: this too.", "Note: and this."]
    assert said(*notes) == notes


def test_a_role_that_comes_back_is_a_speaker_also_where_few_cues_are_labelled() -> None:
    texts = ["PROFESSOR: Hello.", "a", "b", "AUDIENCE: Why?", "PROFESSOR: Because.", "c", "d", "PROFESSOR: So.", "e"]
    found = segments(file_of(*texts))
    assert [s.text for s in found] == ["Hello.", "a", "b", "AUDIENCE: Why?", "Because.", "c", "d", "So.", "e"]


def test_the_voice_of_webvtt_is_the_speaker() -> None:
    (segment,) = segments("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Erika Muster>Guten Tag</v>\n")
    assert (segment.speaker, segment.text) == ("Erika Muster", "Guten Tag")


def test_captions_that_grow_with_pauses_or_slide_say_every_word_once() -> None:
    words = ["a", "queue", "serves", "the", "one", "who", "came", "first", "before", "all", "others"]
    growing = [" ".join(words[: n + 1]) for n in range(len(words))]
    assert " ".join(said(*growing, gap_ms=300, step_ms=800)) == " ".join(words)
    sliding = [" ".join(words[max(0, n - 3) : n + 1]) for n in range(len(words))]
    assert " ".join(said(*sliding, gap_ms=300, step_ms=800)) == " ".join(words)


def test_words_said_twice_stay_where_the_file_does_not_roll() -> None:
    texts = ["we go on and on", "on and on it goes", *(f"point {n} of many" for n in range(20))]
    assert said(*texts)[:2] == texts[:2]


@pytest.mark.parametrize(
    ("line", "start_ms"),
    [
        ("00:00:01:12 --> 00:00:04:20", 1500),
        ("00:00:01;12 --> 00:00:04;20", 1500),
        ("00:00:01:12 --> 00:00:04:29", 1400),
        ("00:00:01:500 --> 00:00:04:000", 1500),
        ("00 : 00 : 01 , 500 --> 00 : 00 : 04 , 000", 1500),
        ("26:00:01,500 --> 26:00:04,000", 93_601_500),
        ("0:01.5 -> 0:04", 1500),
    ],
)
def test_times_in_frames_with_spaces_and_of_long_days_are_read(line: str, start_ms: int) -> None:
    assert segments(f"1\n{line}\nwords\n")[0].start_ms == start_ms


def test_notes_of_services_are_not_speech_and_sentences_like_them_are() -> None:
    assert said("[Auto-generated transcript. It may be wrong.]Good morning.", "all") == ["Good morning.", "all"]
    assert said("one", "Subtitles by the Amara.org community") == ["one"]
    assert said("Transcribed by https://otter.ai", "one") == ["one"]
    assert said("This transcript was generated automatically and may contain errors.", "one") == ["one"]
    biology = ["Transcription by RNA polymerase begins here.", "two"]
    assert said(*biology) == biology


TTML = """<?xml version="1.0" encoding="utf-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:tickRate="1000">
<head><styling/></head><body><div>
<p begin="00:00:01.500" end="00:00:03">One<br/>two <span>three</span></p>
<p begin="5000t" dur="2s">a &amp; b</p></div>
<div begin="9s" end="10s"><p>last</p></div></body></tt>"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TTML, [(1500, 3000, "One two three"), (5000, 7000, "a & b"), (9000, 10_000, "last")]),
        (
            json.dumps({"text": "x", "segments": [{"start": 1.5, "end": 3, "text": " Hi", "words": [{"start": 1.5}]}]}),
            [(1500, 3000, "Hi")],
        ),
        (
            json.dumps({"events": [
                {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
                {"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "so"}, {"utf8": " on", "tOffsetMs": 3}]},
            ]}),
            [(1000, 3000, "so on")],
        ),
        (json.dumps([{"Caption": "a", "StartTime": 1.25}, {"Caption": "b", "StartTime": 5}])
         , [(1250, 5000, "a"), (5000, 5500, "b")]),
        (json.dumps([{"text": "a", "start": "00:00:01.500", "end": "00:00:02,000"}]), [(1500, 2000, "a")]),
    ],
    ids=["ttml", "whisper", "youtube", "panopto", "clocks"],
)  # fmt: skip
def test_captions_that_are_documents_are_read(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert [(s.start_ms, s.end_ms, s.text) for s in segments(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        TTML[:-20],
        '<tt xmlns="http://www.w3.org/ns/ttml"/>',
        TTML.replace("<tt ", '<!DOCTYPE tt [<!ENTITY a "b">]><tt '),
        '{"segments": []}',
        '{"segments": [{"start": NaN, "text": "x"}]}',
        "[" * 100_000,
        '[{"text": "a"}]',
    ],
    ids=["cut", "empty", "entities", "none", "not a number", "deep", "no times"],
)
def test_documents_without_captions_say_so(text: str) -> None:
    with pytest.raises(UnreadableFileError):
        segments(text)
