"""The committed document is the code's, and the service keeps what it promises: no request ends in a 5xx."""

import json
import re

import pytest

from serving.chat.parts import Part
from serving.openapi import DOCUMENT, document, text
from serving.problems import PROBLEMS
from tests.serving.fuzzing import by_chance, check_answer, schema


def test_the_committed_document_is_the_code_s():
    assert DOCUMENT.read_text(encoding="utf-8") == text(), "run: python -m serving.openapi"


def test_every_route_documents_its_errors_and_has_a_name():
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation["operationId"] and operation["description"], (method, path)
            if "security" in operation:
                assert {"401", "421", "500", "503"} <= set(operation["responses"]), (method, path)


def test_every_reference_is_to_something_in_the_document():
    found = document()
    for name in re.findall(r'"\$ref": "([^"]+)"', json.dumps(found)):
        place = found
        for step in name.removeprefix("#/").split("/"):
            place = place[step]


def test_every_part_is_in_the_document():
    schemas = document()["components"]["schemas"]
    assert {part.__name__ for part in Part.__subclasses__()} <= set(schemas)


def test_every_problem_is_a_sentence_and_a_fitting_status():
    for code, problem in PROBLEMS.items():
        assert problem.message.endswith(".") and 400 <= problem.status < 600, code


@pytest.fixture
def real(quoting):
    """The service; what its person may have chosen by chance is taken back for the tests that come after."""
    yield quoting
    for path, body in (("/api/usage/cap", {"dailyUsd": None}), ("/api/models/mine", {"model": None})):
        assert quoting.http.put(path, json=body).status_code < 300, path
    assert quoting.http.patch("/api/me", json={"language": None, "theme": None}).status_code < 300


@schema.parametrize()
@by_chance(2)
def test_no_request_ends_in_a_5xx(case, real):
    response = case.call(base_url=real.url, headers=real.headers, timeout=60)
    check_answer(case, response.status_code, response.content.decode(errors="replace"))
