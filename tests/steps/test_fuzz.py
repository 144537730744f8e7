"""Every parser of strangers' files under made-up and damaged input: text, a finding or a named failure, in time.

A few tries each; `test_mutations.py` is the long attack with real files, and has the readers.
"""

import json
import random
import string
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.captions.clean import parse_captions
from tests.steps.seeds import seeds
from tests.steps.test_mutations import READERS, mutate, outcome_of


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_damaged_file_is_read_or_it_is_said_why_not(kind: str, seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"{kind} {seed}")
    path = tmp_path / "mutant"
    path.write_bytes(mutate(rng.choice(seeds(kind)), rng))
    assert outcome_of(READERS[kind], path)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] if kind == "pictures" else []) for kind in sorted(READERS)]
)  # the letters of pictures are recognised
def test_a_whole_file_of_each_kind_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "whole"
    for data in seeds(kind):
        path.write_bytes(data)
        READERS[kind](path)


numbers = st.integers(0, 99)
clocks = st.builds("{}:{}:{}{}{}".format, numbers, numbers, numbers, st.sampled_from(".,:; "), numbers)
words = st.text(st.sampled_from(string.ascii_letters + " \t\n<>-[](){}:.,;\"'&#\\äß水\u05d0\0\ufeff"), max_size=40)
lines = st.one_of(
    st.builds("{} --> {}".format, clocks, clocks), st.builds("{},{}".format, clocks, clocks), words, st.just(""),
    st.sampled_from(["WEBVTT", "NOTE x", "1", "<v Ada>", "{\\an8}", ">> ANN: hi", "[Music]", '{"segments": [', "<tt>"]),
)  # fmt: skip
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(st.lists(lines, max_size=30), st.sampled_from(["utf-8", "utf-16-le", "utf-16", "cp1252", "utf-32-be"]))
def test_made_up_captions_are_ordered_segments_or_a_named_failure(parts: list[str], encoding: str) -> None:
    try:
        found = parse_captions("\n".join(parts).encode(encoding, "replace"), file_name="made-up").segments
    except UnreadableFileError as error:
        assert error.code in ("empty_file", "bad_captions")
        return
    assert all(segment.text and segment.start_ms < segment.end_ms for segment in found)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(found))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats() | words,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "start", "end", "segs", "utf8", "tStartMs"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@quick
@given(values)
def test_any_json_is_captions_or_a_named_failure(value: object) -> None:
    try:
        found = parse_captions(json.dumps(value).encode(), file_name="made-up").segments
    except UnreadableFileError as error:
        assert error.code in ("empty_file", "bad_captions")
        return
    assert all(segment.text and segment.start_ms < segment.end_ms for segment in found)
