"""The world of the access matrix: people of a course, and things of theirs."""

import base64
import io
import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image

from pipelines.core.files import FileStore
from tests.serving.accounts.conftest import SignedInService
from tests.serving.courses.access_policy import ROLES
from tests.serving.courses.access_requests import Thing, pieces
from tests.serving.courses.conftest import joined
from tests.serving.courses.work import Works
from tests.serving.materials.conftest import pdf, send, wav

TABLES = (
    "courses", "user_courses", "invitations", "documents", "lectures", "lecture_documents", "user_lectures",
    "chat_sessions", "chat_messages", "chat_feedback", "access_tokens", "users", "ai.message_sources", "model_keys",
    "partial_uploads", "corrections", "source_reports", "proposed_questions", "question_sets",
)  # fmt: skip
UNSTEADY = {"used_at", "updated_at", "expires_at"}

Rows = Callable[..., list[Any]]
"""Runs SQL as the owner of the tables: `rows("select ...", [...])`."""


def snapshot(rows: Rows) -> list[Any]:
    """Every row that people's requests write."""
    minus = "".join(f" - '{column}'" for column in UNSTEADY)
    each = (f"select '{table}', md5(string_agg((to_jsonb(t){minus})::text, '' order by t)) from {table} t"  # noqa: S608
            for table in TABLES)  # fmt: skip
    return rows(" union all ".join(each))


def webp() -> io.BytesIO:
    """The picture of a page, as the pipeline draws it."""
    drawn = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(drawn, "WEBP")
    drawn.seek(0)
    return drawn


def of_tool(name: str, **arguments: Any) -> Thing:
    """What a tool of MCP is called with."""
    params = {"name": name, "arguments": arguments}
    return Thing(body={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})


NOTHING = Thing(body={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})


class World:
    """People of a course and things of theirs: one of each kind for whoever may not change it, new ones for who may."""

    def __init__(self, signed: SignedInService, rows: Rows) -> None:
        self.signed, self.rows, mark = signed, rows, uuid4().hex[:8]
        self.works: Works
        self.picture = FileStore.open(signed.service.settings).add(webp()).sha256
        self._known: dict[str, Thing] = {}
        self._used: list[str | None] = []
        self._asked = 0
        self.secrets: set[str] = set()
        self.of_nothing: dict[tuple[str, str, str], tuple[int, str]] = {}
        late = int(time.time()) + 86_400  # attacks take hours
        self.people = {name: signed.program(subject=f"{name}-{mark}", exp=late) for name in (*ROLES, "suspended")}
        self.ids = {name: client.get("/api/me").json()["id"] for name, client in self.people.items()}
        self.course = self._course("owner", studentsAddLectures=True)
        self.other = self._course("stranger")
        for name, role in (("teacher", "teacher"), ("student", "student"), ("mate", "student"), ("left", "student"),
                           ("suspended", "teacher")):  # fmt: skip
            joined(self.people["owner"], self.course, as_=role, who=self.people[name])
        self.people["left"].delete(f"/api/courses/{self.course}/members/me")
        token = self._as("student").post("/api/tokens", json={"name": "weak", "scopes": ["read"]}).json()["token"]
        self.people["weak"] = signed.program(token)
        self.people["anonymous"] = httpx.Client(base_url=signed.url, timeout=60)
        rows("update users set suspended_at = now() where id = %s", [self.ids["suspended"]])
        deadline = time.monotonic() + 60
        while self._as("suspended").get("/api/me").status_code != 403:
            assert time.monotonic() < deadline, "the suspended are let in"

        self._told()

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
        names = ("owner", "teacher", "student", "mate", "suspended")
        self.rows(
            "insert into user_courses (user_id, course_id, role)"
            " select id, %s, role from unnest(%s::uuid[], %s::text[]) as m (id, role)",
            [self.course, [self.ids[name] for name in names], ["owner", "teacher", "student", "student", "teacher"]],
        )

    def thing(self, operation: str, kind: str, *, fresh: bool) -> Thing:
        """A thing of this kind, for this operation. `fresh`: one that nobody else is asked about."""
        plural = "lectures" if "lectures" in operation else "documents"
        upload = re.sub(" (in a search|in a question|to another course|over MCP)$", "", kind)
        if operation == "POST /mcp" and upload in ("nothing", "course"):
            return of_tool("search_course_materials", course=self.course, query="x") if upload == "course" else NOTHING
        if kind == "course":
            return self._with_course(operation)
        if upload not in ("private", "offered", "published", "unreleased", "kept"):
            return self._one(kind, getattr(self, "_" + kind.replace(" ", "_")), fresh=fresh)
        thing = self._one(f"{upload} {plural}", lambda: self._upload(upload, plural), fresh=fresh)
        made = thing.path["upload_id"]
        if kind.endswith("over MCP"):
            return of_tool("read_page", document_id=made, page=1)
        if kind.endswith("in a question"):
            return Thing(body={**self._with_course(operation).body, "sourceIds": [made]})
        if kind.endswith("in a search"):
            return Thing(path={"course_id": self.course}, query={"q": "anything", "source": made})
        return Thing(path=thing.path, body={"courseId": self.other} if kind.endswith("to another course") else {})

    def _one(self, kind: str, make: Callable[[], Thing], *, fresh: bool) -> Thing:
        if fresh:
            thing = make()
            self._used.append(thing.path.get("upload_id"))
            return thing
        if kind not in self._known:
            self._known[kind] = make()
        return self._known[kind]

    def forget_used(self, every: int = 5) -> None:
        """Drop what nobody else is asked about, every so many requests.

        Lists would grow with every request, and one person may have no more than so many tokens and begun uploads.
        """
        self._asked += 1
        if self._asked % every:
            return
        used, self._used = [each for each in self._used if each is not None], []
        known = [str(each) for thing in self._known.values() for each in thing.path.values()]
        for table in ("documents", "lectures"):
            self.rows(f"delete from {table} where id = any(%s::uuid[])", [used])  # noqa: S608  two names
        self.rows("delete from partial_uploads where id::text <> all(%s)", [known])
        self.rows("delete from access_tokens where name <> 'weak' and id::text <> all(%s)", [known])

    def _with_course(self, operation: str) -> Thing:
        if operation.startswith(("POST /api/documents", "POST /api/lectures")):
            return Thing(form={"courseId": self.course})
        if operation == "POST /api/chat":
            part = {"type": "text", "text": "What is momentum?"}
            message = {"id": uuid4().hex, "role": "user", "parts": [part]}
            return Thing(body={"id": uuid4().hex, "courseId": self.course, "messages": [message]})
        if operation == "POST /v1/chat/completions":
            return Thing(body={"model": self.course, "messages": [{"role": "user", "content": "What is momentum?"}]})
        if operation == "GET /v1/models/{model}":
            return Thing(path={"model": self.course})
        if operation == "POST /api/sessions":
            return Thing(body={"courseId": self.course})
        if operation == "GET /api/sessions":
            return Thing(query={"course": self.course})
        query = {"q": "anything"} if operation.endswith("/search") else {"courseId": self.course}
        return Thing(path={"course_id": self.course}, query=query if "{" not in operation or "q" in query else {})

    def _upload(self, kind: str, plural: str) -> Thing:
        by = self._as("student" if kind in ("private", "offered") else "teacher")
        content, fields = (wav() if plural == "lectures" else pdf()), {}
        if kind in ("kept", "private", "offered"):
            fields["published"] = "false"
        answer = send(by, self.course, content, name=f"{uuid4().hex}.bin", kind=plural, **fields)
        assert answer.status_code == 201, answer.text
        made = answer.json()["id"]
        if kind == "offered":
            by.post(f"/api/{plural}/{made}/offer")
        if kind == "unreleased":
            by.patch(f"/api/{plural}/{made}", json={"releaseAt": "2999-01-01T00:00:00Z"})
        if plural == "documents":
            self.rows(
                "insert into slides (course_id, document_id, page, title, body, furniture, text_source, junk_chars,"
                " frame_group, width_pt, height_pt, source_sha256, code_version, image_sha256)"
                " select course_id, id, 1, '', '', '', 'layer', 0, 1, 1, 1, sha256, '1', %s"
                " from documents where id = %s", [self.picture, made],
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
        ids = {"upload_id": made, "document_id": made, "lecture_id": made, "page": 1, "number": 1}
        return Thing(path={**ids, "course_id": self.course})

    def _deck(self, kind: str) -> str:
        return self._upload(kind, "documents").path["upload_id"]

    def _course_in_pieces(self, **more: str) -> Thing:
        return Thing(metadata={"courseId": self.course, "kind": "lecture", "filename": "w1.mp4", **more})

    def _private_deck_in_pieces(self) -> Thing:
        return self._course_in_pieces(deckIds=self._deck("private"))

    def _kept_deck_in_pieces(self) -> Thing:
        return self._course_in_pieces(deckIds=self._deck("kept"))

    def _upload_in_pieces(self) -> Thing:
        headers = pieces({"courseId": self.course, "kind": "document", "filename": "a.pdf"})
        made = self._as("student").post("/api/uploads", headers=headers).headers["location"]
        return Thing(path={"upload_id": made.rpartition("/")[2]})

    def _secret(self) -> str:
        """Words for who teaches, and for nobody else."""
        words = f"secret {uuid4().hex}"
        self.secrets.add(words)
        return words

    def _told(self) -> None:
        """What a course tells who teaches it: a question that found nothing, a wrong source, what a call cost."""
        self._report()
        self._invitation()
        message = self._message().path["message_id"]
        self.rows(
            "with asked as (insert into chat_messages (session_id, id, role, content, status, depth, parts)"
            " select session_id, %s, 'user', %s, 'done', 1, '[]' from chat_messages where id = %s returning key)"
            ' update chat_messages set parent_key = (select key from asked), parts = \'[{"output": {"passages": []}}]\''
            " where id = %s",
            [uuid4().hex, self._secret(), message, message],
        )
        self.rows(
            "insert into model_calls (course_id, purpose, model, own_key, status, cost_usd)"
            " values (%s, 'answer', %s, false, 'done', 1)",
            [self.course, self._secret()],
        )

    def _nothing(self) -> Thing:
        return Thing()

    def _lecture_with_a_private_deck(self) -> Thing:
        return Thing(form={"courseId": self.course, "deckIds": self._deck("private")})

    def _lecture_with_a_kept_deck(self) -> Thing:
        return Thing(form={"courseId": self.course, "deckIds": self._deck("kept")})

    def _open_course(self) -> Thing:
        return Thing(path={"course_id": self._course("stranger", open=True)})

    def _member(self) -> Thing:
        ((somebody,),) = self.rows(
            "with made as (insert into users (issuer, subject) values ('matrix', %s) returning id)"
            " insert into user_courses (user_id, course_id, role) select id, %s, 'student' from made"
            " returning user_id::text", [uuid4().hex, self.course],
        )  # fmt: skip
        return Thing(path={"course_id": self.course, "user_id": somebody})

    def _no_member(self) -> Thing:
        return Thing(path={"course_id": self.course, "user_id": self.ids["stranger"]})

    def _me(self) -> Thing:
        return Thing(path={"course_id": self.course, "user_id": "me"})

    def _invited(self, course: str, by: str) -> dict[str, str]:
        made = self._as(by).post(f"/api/courses/{course}/invitations", json={"role": "student"}).json()
        self.secrets |= {made["id"], made["code"]}
        return made

    def _invitation(self) -> Thing:
        return Thing(path={"course_id": self.course, "invitation_id": self._invited(self.course, "owner")["id"]})

    def _invitation_of_another_course(self) -> Thing:
        return Thing(path={"course_id": self.course, "invitation_id": self._invited(self.other, "stranger")["id"]})

    def _code(self) -> Thing:
        return Thing(path={"code": self._invited(self._course("stranger"), "stranger")["code"]})

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

    def _sent_picture(self) -> Thing:
        path = self._message().path
        parts = [{"type": "file", "url": f"data:image/webp;base64,{base64.b64encode(webp().read()).decode()}"}]
        ((key,),) = self.rows(
            "update chat_messages set role = 'user', parts = %s where id = %s returning key::text",
            [json.dumps(parts), path["message_id"]],
        )
        return Thing(path={"chat_id": path["chat_id"], "message_key": key, "number": 0})

    def _report(self, kind: str = "published") -> Thing:
        ((report,),) = self.rows(
            "insert into source_reports (course_id, reported_by, upload_id, kind, file_name, quote, reason)"
            " values (%s, %s, %s, 'slide', 'f', 'q', %s) returning id::text",
            [self.course, self.ids["teacher"], self._deck(kind), self._secret()],
        )  # fmt: skip
        return Thing(path={"course_id": self.course, "report_id": report})

    def _report_of_what_is_private(self) -> Thing:
        return self._report("private")

    def _proposal(self, course: str | None = None) -> Thing:
        ((proposal,),) = self.rows(
            "insert into proposed_questions (course_id, origin, question, model, prompt_version)"
            " values (%s, 'draft', %s, 'm', '1') returning id::text", [course or self.course, self._secret()],
        )  # fmt: skip
        return Thing(path={"course_id": self.course}, body={"decline": [proposal]})

    def _proposal_of_another_course(self) -> Thing:
        return self._proposal(self.other)

    def _source(self) -> Thing:
        message = self._message().path["message_id"]
        ((source,),) = self.rows(
            "insert into ai.message_sources (message_key, course_id, handle, chunk_id, kind, source_id, title,"
            " file_name, quote) select key, %s, 1, gen_random_uuid(), 'slide', gen_random_uuid(), 't', 'f', 'q'"
            " from chat_messages where id = %s returning id::text", [self.course, message],
        )  # fmt: skip
        return Thing(path={"source_id": source})

    def _cited_picture(self, deck: str = "published") -> Thing:
        thing = self._source()
        self.rows(
            "update ai.message_sources set source_id = %s, document_id = %s, page = 1, image_sha256 = %s where id = %s",
            [document := self._deck(deck), document, self.picture, thing.path["source_id"]],
        )
        return thing

    def _cited_picture_of_what_is_kept(self) -> Thing:
        return self._cited_picture("kept")
