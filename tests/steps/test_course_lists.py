"""Official lists: whatever a registry exports is read whole or refused whole, with a sentence."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import PermanentError
from pipelines.core.records import OfficialCourse
from pipelines.steps.course_lists import read_course_list

OPT = OfficialCourse(
    key="OPT-1 WS 26", name="Optimisation", code="OPT-1", term="WS 26", instructor="Ada", language="de"
)


@pytest.mark.parametrize(
    "text",
    [
        "code,title,term,instructor,language\nOPT-1,Optimisation,WS 26,Ada,de\n",
        "\ufeffCode;Name;Term;Instructors;Language;Room\r\nOPT-1;Optimisation;WS 26;Ada;DE;12\r\n;;;;;\r\n",
        "name\tcode\tterm\tinstructor\tlanguage\n Optimisation \tOPT-1\tWS  26\tAda\tde",
        json.dumps([{"code": "OPT-1", "name": "Optimisation", "term": "WS 26", "instructor": "Ada", "language": "de"}]),
        json.dumps({"courses": [{"code": "OPT-1", "title": "Optimisation", "term": "WS 26", "instructors": ["Ada"],
                                 "language": "de", "room": {"number": 12}}]}),
    ],
)  # fmt: skip
def test_csv_and_json_of_any_registry_say_the_same(text):
    assert read_course_list(text.encode()) == [OPT]


def test_sections_of_one_course_are_merged_and_terms_are_not():
    text = "code,name,term,instructor\nA,Algebra,1,Ada\nA,Algebra (group 2),1,Ben\nA,Algebra,2,Ada\nA,Algebra,1,Ada\n"
    found = read_course_list(text.encode())
    assert [(each.key, each.name, each.instructor) for each in found] == [
        ("A 1", "Algebra", "Ada, Ben"), ("A 2", "Algebra", "Ada"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (b"", "bad_list", "no column"),
        (b"name,code\n", "empty_list", "empty"),
        (b"[]", "empty_list", "empty"),
        (b"{}", "bad_list", "JSON"),
        (b"[1]", "bad_list", "JSON"),
        (b"[{", "bad_list", "JSON"),
        (b"[" * 100_000, "bad_list", "JSON"),
        (b"<html>Sign in</html>", "bad_list", "no column"),
        ("code,name\nA,Übung".encode("latin-1"), "bad_list", "UTF-8"),
        (b"code,name\nA,\n", "bad_list", "1."),
        (b"name\nAlgebra\n", "bad_list", "key"),
        (b"code,name\nA,Algebra\nB,\x1b[2J\n", "bad_list", "2."),
        (b"code,name\nA," + b"x" * 201, "bad_list", "200"),
        (b"code,name,language\nA,Algebra,German\n", "bad_list", "language"),
        (b'code,name\nA,"Algebra', "bad_list", "cannot be read"),
    ],
)
def test_what_cannot_be_read_whole_is_refused_whole(text, code, says):
    with pytest.raises(PermanentError, match=says) as refused:
        read_course_list(text)
    assert refused.value.code == code


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_a_list_or_a_sentence(data):
    try:
        found = read_course_list(data)
    except PermanentError as error:
        assert error.message.endswith(".")
    else:
        assert len({course.key for course in found}) == len(found) > 0
