"""What a folder holds for a course, and which captions go with which recording."""

import pytest

from pipelines.cli.candidates import beside, find_candidates, is_link, language_of
from pipelines.core.errors import PermanentError


@pytest.fixture
def folder(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return tmp_path

    return make


def kinds(candidates):
    return {c.source_name: (c.kind, c.captions.name if c.captions else None) for c in candidates}


def test_a_folder_is_sorted_into_decks_lectures_and_what_is_left(folder):
    root = folder("1.pdf", "talk.MP4", "old/words.srt", "NOTICE", ".hidden/2.pdf")
    assert kinds(find_candidates([root])) == {
        "1.pdf": ("deck", None), "NOTICE": ("other", None), "old/words.srt": ("lecture", None),
        "talk.MP4": ("lecture", None),
    }  # fmt: skip


def test_captions_beside_a_recording_of_their_name_go_with_it(folder):
    root = folder("a/1.mp3", "a/1.vtt", "b/1.vtt", "a/2.wav", "a/2.en.srt")
    assert kinds(find_candidates([root])) == {
        "a/1.mp3": ("lecture", "1.vtt"), "a/2.wav": ("lecture", "2.en.srt"), "b/1.vtt": ("lecture", None),
    }  # fmt: skip


def test_a_second_kind_of_captions_is_left_out_and_says_whose_it_is(folder):
    root = folder("1.mp3", "1.srt", "1.vtt", "2.sbv", "2.srt")
    found = find_candidates([root])
    assert kinds(found) == {
        "1.mp3": ("lecture", "1.vtt"), "1.srt": ("other", None), "2.sbv": ("other", None), "2.srt": ("lecture", None),
    }  # fmt: skip
    notes = {c.source_name: c.note for c in found}
    assert notes["1.srt"] == "captions of 1.mp3, which has some already"
    assert notes["2.sbv"] == "captions of 2.srt, which has some already"


def test_files_named_one_by_one_pair_too(folder):
    root = folder("1.mp3", "1.srt")
    assert kinds(find_candidates([root / "1.mp3", root / "1.srt"])) == {"1.mp3": ("lecture", "1.srt")}


def test_a_link_is_a_recording_that_may_have_captions_and_is_meant_once(folder):
    root, link = folder("a/1.vtt", "other.vtt"), "https://talks.example/2025/1.mp3?token=x"
    assert is_link(link) and is_link("file:///etc/passwd") and not is_link("C:/talks/1.mp3") and not is_link("a/1.mp3")
    (found,) = find_candidates([root / "a"], links=[link, link])
    assert (found.source_name, found.url, found.captions.name) == ("1.mp3", link, "1.vtt")
    (given,) = find_candidates([], links=[link], captions=root / "other.vtt")
    assert (given.url, given.captions.name) == (link, "other.vtt")


def test_given_captions_need_not_share_the_recordings_name(folder):
    root = folder("talk.mp3", "words.vtt", "deck.pdf")
    found = find_candidates([root / "talk.mp3", root / "deck.pdf"], captions=root / "words.vtt")
    assert kinds(found) == {"talk.mp3": ("lecture", "words.vtt"), "deck.pdf": ("deck", None)}


@pytest.mark.parametrize("names", [("deck.pdf",), ("1.mp3", "2.mp3")])
def test_given_captions_go_with_exactly_one_recording(folder, names):
    root = folder(*names, "words.vtt")
    with pytest.raises(PermanentError, match="--captions goes with one recording"):
        find_candidates([root / name for name in names], captions=root / "words.vtt")


def test_given_captions_must_be_captions(folder):
    root = folder("1.mp3", "1.txt")
    with pytest.raises(PermanentError, match=r"1.txt is not a caption file"):
        find_candidates([root / "1.mp3"], captions=root / "1.txt")


def test_two_files_of_one_name_are_both_there_and_one_named_twice_once(folder):
    root = folder("a/1.mp3", "b/1.mp3")
    found = find_candidates([root / "a", root / "b", root / "a" / "1.mp3"])
    assert [(c.source_name, c.path) for c in found] == [("1.mp3", root / "a/1.mp3"), ("1.mp3", root / "b/1.mp3")]
    with pytest.raises(PermanentError, match="There is no file or folder"):
        find_candidates([root / "nowhere"])


def test_namesakes_take_the_captions_of_their_own_folder_only(folder):
    root = folder("a/1.mp3", "a/1.vtt", "b/1.mp3", "c/1.mp3", "c/1.de.vtt", "d/1.vtt", "e/1.vtt")
    found = find_candidates([root / name for name in "abcde"])
    assert [(c.path.parent.name, c.path.name, c.captions and c.captions.parent.name) for c in found] == [
        ("a", "1.mp3", "a"), ("b", "1.mp3", None), ("c", "1.mp3", "c"), ("d", "1.vtt", None), ("e", "1.vtt", None),
    ]  # fmt: skip


def test_a_recording_named_alone_takes_captions_and_decks_of_its_name_from_another_folder(folder):
    root = folder("sound/1.mp3", "words/1.en.vtt", "slides/1.pdf")
    recording, deck = find_candidates([root / "sound", root / "words", root / "slides"])
    assert recording.captions == root / "words/1.en.vtt"
    assert beside(recording, [deck], rivals=[recording]) == [deck]


def test_the_language_is_read_from_a_caption_files_name(tmp_path):
    names = ["week1.en.vtt", "week1.pt-BR.srt", "week1.vtt", "lecture.final.vtt"]
    assert [language_of(tmp_path / name) for name in names] == ["en", "pt", None, None]


def test_json_is_captions_where_it_says_what_was_said_when(folder):
    root = folder("talk.mp4", "alone.json", "package.json", "talk.json", "notes.json")
    (root / "talk.json").write_text('{"segments": [{"start": 0.0, "end": 2.5, "text": "Hello"}]}')
    (root / "alone.json").write_text('{"events": [{"tStartMs": 40, "segs": [{"utf8": "Hello"}]}]}')
    (root / "package.json").write_text('{"name": "x", "scripts": {"start": "node ."}}')
    (root / "notes.json").write_text('{"text": "no times"}')
    assert kinds(find_candidates([root])) == {
        "talk.mp4": ("lecture", "talk.json"), "alone.json": ("lecture", None), "package.json": ("other", None),
        "notes.json": ("other", None),
    }  # fmt: skip
