"""Official lists of courses, as registries export them: CSV or JSON to records, sections of one course merged."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.core.errors import PermanentError
from pipelines.core.records import OfficialCourse

MOST_COURSES = 100_000
LONGEST = 200
"""Characters of one field."""

FIELDS = {
    "key": "key", "id": "key", "code": "code", "name": "name", "title": "name", "term": "term",
    "instructor": "instructor", "instructors": "instructor", "language": "language",
}  # fmt: skip
"""What columns may be called. Others are passed over: registries export more than anybody needs."""


def read_course_list(data: bytes) -> list[OfficialCourse]:
    """The courses of a list, in its order. Rows of one key are sections of one course: their instructors are joined.

    A CSV names its columns in its first line: `name` (or `title`), and `key`, or `code` and where there is one `term`,
    by which the course is known again; `instructor`, `language` (such as `de`). JSON is a list of objects with the
    same names, or an object whose `courses` or `items` is that.

    Raises:
        PermanentError: it cannot be read, or a course has no name or no key (`bad_list`); it is empty (`empty_list`).
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad("is not UTF-8: save it as that") from None
    rows = _json(text) if text.lstrip()[:1] in ("[", "{") else _csv(text)
    found: dict[str, OfficialCourse] = {}
    for number, row in enumerate(rows, start=1):
        course = _course(row, number)
        known = found.get(course.key)
        found[course.key] = course if known is None else _merged(known, course)
        if len(found) > MOST_COURSES:
            raise _bad(f"has more than {MOST_COURSES} courses")
    if not found:
        raise PermanentError("The list of courses is empty, so nothing was changed.", code="empty_list")
    return list(found.values())


def _json(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad("begins as JSON and is not") from None
    if isinstance(said, dict):
        said = said.get("courses", said.get("items"))
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise _bad("has no list of courses in its JSON")
    yield from said


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        if "name" not in {FIELDS.get((name or "").strip().lower()) for name in reader.fieldnames or ()}:
            raise _bad("has no column `name` in its first line")
        for row in reader:
            if any(value for value in row.values()):
                yield row
    except csv.Error as error:
        raise _bad(f"cannot be read: {error}") from None


def _course(row: Mapping[Any, Any], number: int) -> OfficialCourse:
    said: dict[str, str | None] = dict.fromkeys(FIELDS.values())
    for column, value in row.items():
        field = FIELDS.get(str(column or "").strip().lower())
        if field is not None and value is not None and said[field] is None:
            said[field] = _words(value, number)
    key = said.pop("key") or " ".join(each for each in (said["code"], said["term"]) if each)
    name = said.pop("name")
    if not name or (not said["code"] and not key):
        raise _bad(f"has a course without {'a name' if not name else 'a code or key'} (the {number}.)")
    language = (said.pop("language") or "").lower() or None
    if language is not None and not (language.isascii() and language.isalpha() and len(language) in (2, 3)):
        raise _bad(f"has a language other than such as `de` (the {number}. course)")
    return OfficialCourse(key=key, name=name, language=language, **said)


def _words(value: Any, number: int) -> str | None:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    words = " ".join(str(value).split())
    if len(words) > LONGEST or not words.isprintable():
        raise _bad(f"has more than {LONGEST} characters, or unprintable ones, in one field (of the {number}. course)")
    return words or None


def _merged(known: OfficialCourse, section: OfficialCourse) -> OfficialCourse:
    names = [name for each in (known, section) for name in (each.instructor or "").split(", ") if name]
    joined = ", ".join(dict.fromkeys(names))
    return OfficialCourse(
        key=known.key, name=known.name, code=known.code, term=known.term, language=known.language,
        instructor=joined if 0 < len(joined) <= LONGEST else known.instructor,
    )  # fmt: skip


def _bad(why: str) -> PermanentError:
    return PermanentError(f"The list of courses {why}. Nothing was changed.", code="bad_list")
