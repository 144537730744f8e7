"""The access matrix, made from the OpenAPI document: every route x every kind of thing x everybody who may ask.

Things are real rows of other people. What refuses has changed no row, and looks as if nothing were there.
"""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from serving.openapi import DOCUMENT
from tests.serving.courses.access_policy import ELSEWHERE, IDS, OPEN, POLICY, ROLES
from tests.serving.courses.conftest import joined
from tests.serving.materials.conftest import pdf, send, wav

PATHS = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
OPERATIONS = {f"{verb.upper()} {path}": said for path, verbs in PATHS.items() for verb, said in verbs.items()}
BODIES: dict[str, Any] = {
    "PATCH /api/documents/{upload_id}": {"fileName": "renamed"},
    "PATCH /api/lectures/{upload_id}": {"fileName": "renamed"},
    "POST /api/documents/{upload_id}/unlock": {"password": "x"},
    "POST /api/courses": {"name": "new"},
    "PATCH /api/courses/{course_id}": {"instructor": "new"},
    "PATCH /api/courses/{course_id}/members/{user_id}": {"role": "teacher"},
    "POST /api/courses/{course_id}/invitations": {"role": "student"},
    "PATCH /api/sessions/{chat_id}": {"title": "new"},
    "PUT /api/sessions/{chat_id}/messages/{message_id}/feedback": {"rating": "down"},
    "PUT /api/lectures/{upload_id}/place": {"positionMs": 1},
    "PUT /api/documents/{upload_id}/pages/{page}/text": {"text": "new"},
    "PUT /api/lectures/{upload_id}/segments/{number}": {"text": "new"},
    "POST /api/sources/{source_id}/reports": {"reason": "new"},
    "POST /api/tokens": {"name": "new", "scopes": ["read"]},
    "PUT /api/keys/{provider}": {"key": "sk-or-v1-of-nobody"},
    "PUT /api/models/mine": {"model": None},
    "PUT /api/courses/{course_id}/model": {"model": None},
    "POST /api/auth/sign-out": {},
    "PUT /api/usage/cap": {"dailyUsd": 5.0},
    "PUT /api/courses/{course_id}/cap": {"dailyUsd": 5.0},
    "POST /api/sessions": {"courseId": str(UUID(int=0))},
}
TABLES = (
    "courses", "user_courses", "invitations", "documents", "lectures", "lecture_documents", "user_lectures",
    "chat_sessions", "chat_messages", "chat_feedback", "access_tokens", "users", "ai.message_sources", "model_keys",
)  # fmt: skip
UNSTEADY = {"used_at", "updated_at"}


@dataclass
class Thing:
    """What a request is about: values of the path, the query, the body or the form."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)

    def nowhere(self, *names: str) -> "Thing":
        """The same with ids that nothing has."""
        parts = {
            part: {
                name: str(uuid4()) if name in names else value for name, value in getattr(self, part).items()
            } for part in ("path", "query", "body", "form")
        }  # fmt: skip
        return Thing(**parts)


class World:
    """People of a course and things of theirs, made as often as they are needed."""

    def __init__(self, signed, rows) -> None:
        self.signed, self.rows, mark = signed, rows, uuid4().hex[:8]
        self.people = {name: signed.program(subject=f"{name}-{mark}") for name in (*ROLES, "suspended")}
        self.ids = {name: client.get("/api/me").json()["id"] for name, client in self.people.items()}
        self.course = self._course("owner", studentsAddLectures=True)
        self.other = self._course("stranger")
        for name, role in (("teacher", "teacher"), ("student", "student"), ("mate", "student"), ("left", "student"),
                           ("suspended", "teacher")):  # fmt: skip
            joined(self.people["owner"], self.course, as_=role, who=self.people[name])
        self.people["left"].delete(f"/api/courses/{self.course}/members/me")
        token = self._as("student").post("/api/tokens", json={"name": "weak", "scopes": ["read"]}).json()["token"]
        self.people["weak"] = signed.program(token)
        self.people["anonymous"] = httpx.Client(base_url=signed.url, timeout=20)
        rows("update users set suspended_at = now() where id = %s", [self.ids["suspended"]])
        deadline = time.monotonic() + 10
        while self._as("suspended").get("/api/me").status_code != 403:
            assert time.monotonic() < deadline, "the suspended are let in"

    def close(self) -> None:
        """Hang up."""
        for client in self.people.values():
            client.close()

    def _as(self, name: str) -> httpx.Client:
        return self.people[name]

    def _course(self, owner: str, **said: Any) -> str:
        return self._as(owner).post("/api/courses", json={"name": "Matrix", **said}).json()["id"]

    def restore(self) -> None:
        """Memberships as they were."""
        self.rows("delete from user_courses where course_id = %s", [self.course])
        for name, role in (("owner", "owner"), ("teacher", "teacher"), ("student", "student"), ("mate", "student"),
                           ("suspended", "teacher")):  # fmt: skip
            self.rows("insert into user_courses (user_id, course_id, role) values (%s, %s, %s)",
                      [self.ids[name], self.course, role])  # fmt: skip

    def snapshot(self) -> list[Any]:
        """Every row that people's requests write."""
        minus = "".join(f" - '{column}'" for column in UNSTEADY)
        each = (f"select '{table}', md5(string_agg((to_jsonb(t){minus})::text, '' order by t)) from {table} t"  # noqa: S608
                for table in TABLES)  # fmt: skip
        return self.rows(" union all ".join(each))

    def thing(self, operation: str, kind: str) -> Thing:
        """A new thing of this kind, for this operation, and how to ask for one that there is not."""
        course, plural = {"course_id": self.course}, "lectures" if "lectures" in operation else "documents"
        upload = re.sub(" (in a search|in a question|to another course)$", "", kind)
        if kind == "course":
            return self._with_course(operation)
        if upload in ("private", "offered", "published", "unreleased", "kept"):
            made = self._upload(upload, plural)
            if kind.endswith("in a question"):
                asked = self._with_course(operation)
                return Thing(body={**asked.body, "sourceIds": [made]})
            if kind.endswith("in a search"):
                return Thing(path=course, query={"q": "anything", "source": made})
            ids = {"upload_id": made, "document_id": made, "lecture_id": made, "page": 1, "number": 1, **course}
            return Thing(path=ids, body={"courseId": self.other} if kind.endswith("to another course") else {})
        return getattr(self, "_" + kind.replace(" ", "_"))()

    def _with_course(self, operation: str) -> Thing:
        if operation.startswith(("POST /api/documents", "POST /api/lectures")):
            return Thing(form={"courseId": self.course})
        if operation == "POST /api/chat":
            part = {"type": "text", "text": "What is momentum?"}
            message = {"id": uuid4().hex, "role": "user", "parts": [part]}
            return Thing(body={"id": uuid4().hex, "courseId": self.course, "messages": [message]})
        if operation == "POST /api/sessions":
            return Thing(body={"courseId": self.course})
        if operation == "GET /api/sessions":
            return Thing(query={"course": self.course})
        query = {"q": "anything"} if operation.endswith("/search") else {"courseId": self.course}
        return Thing(path={"course_id": self.course}, query=query if "{" not in operation or "q" in query else {})

    def _upload(self, kind: str, plural: str) -> str:
        by = self._as("student" if kind in ("private", "offered") else "teacher")
        content, fields = (wav() if plural == "lectures" else pdf()), {"published": "false"} if kind == "kept" else {}
        answer = send(by, self.course, content, name=f"{uuid4().hex}.bin", kind=plural, **fields)
        assert answer.status_code == 201, answer.text
        made = answer.json()["id"]
        if kind == "offered":
            by.post(f"/api/{plural}/{made}/offer")
        if kind == "unreleased":
            by.patch(f"/api/{plural}/{made}", json={"releaseAt": "2999-01-01T00:00:00Z"})
        if plural == "documents":  # its picture is any stored file
            self.rows(
                "insert into slides (course_id, document_id, page, title, body, furniture, text_source, junk_chars,"
                " frame_group, width_pt, height_pt, source_sha256, code_version, image_sha256)"
                " select course_id, id, 1, '', '', '', 'layer', 0, 1, 1, 1, sha256, '1', sha256"
                " from documents where id = %s", [made],
            )  # fmt: skip
        else:
            self.rows(
                "with made as (insert into transcripts (lecture_id, course_id, source, source_sha256, duration_ms,"
                " speech_ms, repaired, removed, code_version)"
                " select id, course_id, 'speech', media_sha256, 1, 1, 0, 0, '1' from lectures where id = %s"
                " returning course_id, lecture_id)"
                " insert into transcript_segments (course_id, lecture_id, ordinal, start_ms, end_ms, text, words)"
                " select course_id, lecture_id, 0, 0, 1, 'words', '[]' from made", [made],
            )  # fmt: skip
        return made

    def _nothing(self) -> Thing:
        return Thing()

    def _lecture_with_a_private_deck(self) -> Thing:
        return Thing(form={"courseId": self.course, "deckIds": self._upload("private", "documents")})

    def _lecture_with_a_kept_deck(self) -> Thing:
        return Thing(form={"courseId": self.course, "deckIds": self._upload("kept", "documents")})

    def _open_course(self) -> Thing:
        return Thing(path={"course_id": self._course("stranger", open=True)})

    def _member(self) -> Thing:
        somebody = self.signed.program(subject=f"somebody-{uuid4().hex}")
        with somebody:
            joined(self._as("owner"), self.course, as_="student", who=somebody)
            return Thing(path={"course_id": self.course, "user_id": somebody.get("/api/me").json()["id"]})

    def _no_member(self) -> Thing:
        return Thing(path={"course_id": self.course, "user_id": self.ids["stranger"]})

    def _me(self) -> Thing:
        return Thing(path={"course_id": self.course, "user_id": "me"})

    def _invited(self, course: str, by: str) -> dict[str, str]:
        return self._as(by).post(f"/api/courses/{course}/invitations", json={"role": "student"}).json()

    def _invitation(self) -> Thing:
        return Thing(path={"course_id": self.course, "invitation_id": self._invited(self.course, "owner")["id"]})

    def _invitation_of_another_course(self) -> Thing:
        return Thing(path={"course_id": self.course, "invitation_id": self._invited(self.other, "stranger")["id"]})

    def _code(self) -> Thing:
        return Thing(path={"code": self._invited(self.other, "stranger")["code"]})

    def _token(self) -> Thing:
        made = self._as("student").post("/api/tokens", json={"name": "x", "scopes": ["read"]}).json()
        return Thing(path={"token_id": made["id"]})

    def _chat(self) -> Thing:
        chat_id = uuid4().hex
        self._as("student").post("/api/sessions", json={"id": chat_id, "courseId": self.course, "title": "Mine"})
        return Thing(path={"chat_id": chat_id})

    def _message(self) -> Thing:
        chat_id, message_id = self._chat().path["chat_id"], uuid4().hex
        self.rows(
            "insert into chat_messages (session_id, id, role, content, status, depth, parts)"
            " select id, %s, 'assistant', 'words', 'done', 1, '[]' from chat_sessions where client_id = %s",
            [message_id, chat_id],
        )  # fmt: skip
        return Thing(path={"chat_id": chat_id, "message_id": message_id})

    def _report(self, kind: str = "published") -> Thing:
        ((report,),) = self.rows(
            "insert into source_reports (course_id, reported_by, upload_id, kind, file_name, quote, reason)"
            " values (%s, %s, %s, 'slide', 'f', 'q', '') returning id::text",
            [self.course, self.ids["mate"], self._upload(kind, "documents")],
        )  # fmt: skip
        return Thing(path={"course_id": self.course, "report_id": report})

    def _report_of_what_is_private(self) -> Thing:
        return self._report("private")

    def _source(self) -> Thing:
        message = self._message().path["message_id"]
        ((source,),) = self.rows(
            "insert into ai.message_sources (message_key, course_id, handle, chunk_id, kind, source_id, title,"
            " file_name, quote) select key, %s, 1, gen_random_uuid(), 'slide', gen_random_uuid(), 't', 'f', 'q'"
            " from chat_messages where id = %s returning id::text", [self.course, message],
        )  # fmt: skip
        return Thing(path={"source_id": source})


@pytest.fixture(scope="module")
def world(signed, serving_settings):
    with psycopg.connect(serving_settings.database_url.get_secret_value(), autocommit=True) as connection:

        def run(text, parameters=()):
            found = connection.execute(text, parameters)
            return found.fetchall() if found.description else []

        found = World(signed, run)
        yield found
        found.close()


def ask(client: httpx.Client, operation: str, thing: Thing) -> tuple[int, str]:
    """(status, body) of one request; of a stream that does not end its first bytes are not waited for."""
    verb, path = operation.split(" ")
    for name, value in thing.path.items():
        path = path.replace(f"{{{name}}}", str(value))
    more: dict[str, Any] = {"params": thing.query}
    if thing.form:
        content = wav() if "lectures" in path else pdf()
        more |= {"data": thing.form, "files": {"file": (f"{uuid4().hex}.bin", content)}}
    elif verb in ("POST", "PUT", "PATCH") and (thing.body or operation in BODIES):
        more["json"] = thing.body or BODIES[operation]
    with client.stream(verb, path, **more) as response:
        endless = path.endswith("/events") and response.status_code == 200
        return response.status_code, "" if endless else response.read().decode("utf-8", "replace")


def absent(thing: Thing) -> Thing:
    """The same request about what there is not: the innermost id is nobody's."""
    inner = (
        "upload_id",
        "document_id",
        "lecture_id",
        "message_id",
        "invitation_id",
        "source_id",
        "token_id",
        "report_id",
    )
    if any(name in thing.path for name in inner):
        return thing.nowhere(*inner)
    if "sourceIds" in thing.body:
        return Thing(body={**thing.body, "sourceIds": [str(uuid4())]})
    if "deckIds" in thing.form:
        return thing.nowhere("deckIds")
    if thing.query.get("source"):
        return thing.nowhere("source")
    if thing.path.get("user_id") not in (None, "me"):
        return thing.nowhere("user_id")
    return thing.nowhere("course_id", "courseId", "course", "chat_id")


def scope_of(operation: str) -> str | None:
    """What a token must be for; None: any will do."""
    return next((scopes[0] for each in OPERATIONS[operation]["security"] for scopes in each.values() if scopes), None)


def test_every_route_is_in_the_policy():
    assert set(OPERATIONS) == set(POLICY) | OPEN | ELSEWHERE
    assert {name for name, said in OPERATIONS.items() if "security" not in said} == OPEN
    for name, kinds in POLICY.items():
        assert kinds and all(re.fullmatch(r"[.34=]{6}", letters) for letters in kinds.values()), name


def test_every_id_in_a_query_or_a_body_is_in_the_policy():
    for name, said in OPERATIONS.items():
        if name in OPEN:
            continue
        found = {
            each["name"]
            for each in said.get("parameters", [])
            if each["in"] == "query" and re.search(r"uuid|(^|_)id", json.dumps(each["schema"]) + each["name"])
        }
        for content in said.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            if "$ref" in schema:
                schema = json.loads(DOCUMENT.read_text())["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            found |= {key for key, value in schema.get("properties", {}).items() if "uuid" in json.dumps(value)}
            found |= {key for key in schema.get("properties", {}) if re.search(r"Ids?$", key)}
        template = re.sub(r"/api/(documents|lectures)(?=$|/)", "/api/{plural}", name)
        assert found <= IDS.get(name, IDS.get(template, set())) | {"messageId"}, name


@pytest.mark.parametrize("operation", sorted(POLICY))
def test_everybody_gets_what_the_policy_says(world, operation):
    for kind, letters in POLICY[operation].items():
        thing = world.thing(operation, kind)
        expected = dict(zip(ROLES, letters, strict=True))
        before = world.snapshot()
        wrong = []

        def tried(name, status, code=None, *, thing=thing, kind=kind, wrong=wrong):
            got, text = ask(world.people[name], operation, thing)
            if got != status or (code is not None and json.loads(text)["error"]["code"] != code):
                wrong.append(f"{kind}: {name} got {got} instead of {status}: {text[:200]}")
            return got, text

        tried("anonymous", 401)
        tried("suspended", 403, "suspended")
        if scope_of(operation) not in ("read", None):
            tried("weak", 403, "scope_missing")
        for name, letter in expected.items():
            if letter == "3":
                tried(name, 403, "not_allowed")
            if letter == "4":
                there = tried(name, 404)
                if there != ask(world.people[name], operation, absent(thing)):
                    wrong.append(f"{kind}: {name} can tell it from what there is not")
            if letter == "=" and masked(ask(world.people[name], operation, thing), thing) != masked(
                ask(world.people[name], operation, absent(thing)), thing
            ):
                wrong.append(f"{kind}: {name} can tell it from what there is not")
        assert world.snapshot() == before, f"{kind}: who was refused has changed something"
        for name in [name for name, letter in expected.items() if letter == "."]:
            fresh = world.thing(operation, kind)
            got, text = ask(world.people[name], operation, fresh)
            if got in (401, 403, 404) or got >= 500:
                wrong.append(f"{kind}: {name} got {got}: {text[:200]}")
            world.restore()
        assert not wrong, "\n".join(wrong)


def masked(answer: tuple[int, str], thing: Thing) -> tuple[int, str]:
    """An answer without the ids that were asked for."""
    return answer[0], re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}", "ID", answer[1])


SERVER_S = (
    "id",
    "userId",
    "ownerId",
    "courseId",
    "role",
    "createdAt",
    "published",
    "operator",
    "generation",
    "isPublic",
)
"""Fields that no body may set, but where it is made to."""

JSON_BODIES = [
    name
    for name, said in sorted(OPERATIONS.items())
    if "application/json" in said.get("requestBody", {}).get("content", {}) and name not in {*OPEN, "POST /api/chat"}
]
"""The chat's body has parts that clients add of their own: that none is believed is shown by test_requests.py."""


@pytest.mark.parametrize("operation", JSON_BODIES)
def test_no_body_sets_what_the_server_decides(world, operation):
    schema = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    takes = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"][schema]["properties"]
    names = re.findall(r"{(\w+)}", operation)
    given = {"provider": "openrouter", "page": 1, "number": 1}
    nowhere = Thing(path={name: given.get(name) or str(uuid4()) for name in names})
    before = world.snapshot()
    for name in (each for each in SERVER_S if each not in takes):
        thing = Thing(path=nowhere.path, body={**BODIES.get(operation, {}), name: "owner"})
        status, text = ask(world.people["owner"], operation, thing)
        assert (status, json.loads(text)["error"]["field"]) == (422, f"body.{name}"), f"{name}: {text}"
    assert world.snapshot() == before
