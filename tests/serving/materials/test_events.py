"""A page that is open is told what becomes of uploads; who comes back is told what they missed and nothing twice."""

import json
import threading
import time
from contextlib import contextmanager

import pytest

from tests.serving.courses.conftest import joined


class Stream:
    """Server-sent events, read in a thread as they come."""

    def __init__(self, response):
        self.events, self.begun, self.ended = [], threading.Event(), threading.Event()
        self._response = response
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        found = {}
        for line in self._response.iter_lines():
            self.begun.set()  # also by a comment, which says that nothing was missed
            name, _, value = line.partition(": ")
            if not line and "data" in found:
                self.events.append((found.get("event"), json.loads(found["data"]), found.get("id")))
                found = {}
            elif name:
                found[name] = value
        self.ended.set()

    def until(self, fits, limit_s=10):
        """The first event that fits, waiting for it."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            found = [event for event in list(self.events) if fits(event)]
            if found:
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"not told: {self.events}")


@pytest.fixture
def watching(people):
    @contextmanager
    def watch(who, last=None):
        headers = {"last-event-id": last} if last else {}
        with who.stream("GET", f"/api/courses/{people.course}/events", headers=headers) as response:
            assert response.status_code == 200 and response.headers["content-type"].startswith("text/event-stream")
            stream = Stream(response)
            yield stream

    return watch


def test_all_is_told_first_and_then_each_that_changes(people, sent, rows, watching):
    upload = sent(people.teacher)
    with watching(people.student) as stream:
        _, data, _ = stream.until(lambda event: event[0] == "uploads")
        assert [each["id"] for each in data["items"]] == [upload] and data["items"][0]["status"] == "waiting"
        stages = '{"slides": {"run_id": "r", "began_at": "2026-01-01T00:00:00+00:00"}}'
        rows("update documents set requested_generation = generation, stages = %s where id = %s", [stages, upload])
        stream.until(lambda event: event[0] == "upload" and event[1]["status"] == "running")
        people.teacher.post(f"/api/documents/{upload}/unpublish")
        assert stream.until(lambda event: event[0] == "gone")[1] == {"id": upload, "status": "deleting"}
        people.student.delete(f"/api/courses/{people.course}/members/me")
        assert stream.ended.wait(10), "the stream ends with the membership"


def test_who_comes_back_is_told_what_they_missed(people, sent, watching):
    first = sent(people.teacher)
    with watching(people.mate) as stream:
        mark = stream.until(lambda event: event[0] == "uploads")[2]
        people.owner.delete(f"/api/courses/{people.course}/members/{people.id_of(people.mate)}")
        assert stream.ended.wait(10)
    with watching(people.student, mark) as stream:
        assert stream.begun.wait(10)
        second = sent(people.teacher)
        event = stream.until(lambda event: event[2] not in (None, mark))
        assert event[1].get("id") == second, "nothing was missed, so only what is new is told"
        people.owner.delete(f"/api/courses/{people.course}/members/{people.id_of(people.student)}")
        assert stream.ended.wait(10)
    with watching(people.owner, mark) as stream:
        items = stream.until(lambda event: event[0] == "uploads")[1]["items"]
        assert {each["id"] for each in items} == {first, second}
        joined(people.owner, people.course, as_="owner", who=people.mate)
        people.owner.delete(f"/api/courses/{people.course}/members/me")
        assert stream.ended.wait(10)
    bells = people.signed.service.server.config.app.state.service.bells
    assert not bells._bells, "nobody listens any more"


def test_a_private_deck_is_no_news_to_others(people, sent, watching):
    with watching(people.mate) as stream:
        stream.until(lambda event: event[0] == "uploads")
        hidden, shown = sent(people.student), sent(people.teacher)
        stream.until(lambda event: event[0] == "upload" and event[1]["id"] == shown)
        assert hidden not in json.dumps(stream.events)
        people.owner.delete(f"/api/courses/{people.course}/members/{people.id_of(people.mate)}")
        assert stream.ended.wait(10)


def test_a_foreign_course_has_no_news(people):
    assert people.stranger.get(f"/api/courses/{people.course}/events").status_code == 404
