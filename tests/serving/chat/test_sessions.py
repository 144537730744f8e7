"""Chats as they are kept: listed, searched, renamed, paged, exported, rated; sources that tell when they changed."""

from uuid import uuid4

import psycopg
import pytest

from tests.fakes import calls, text
from tests.serving.chat.test_loop import ask, parts_of


@pytest.fixture
def chat(service, material, model):
    """A chat with one cited answer: (id, parts)."""
    model.script(calls("momentum oscillation"), text("It “damps oscillation in narrow valleys” [1]."))
    name = str(uuid4())
    return name, parts_of(ask(service, material, "What does momentum damp?", chat=name, message_id="q1"))


def test_a_chat_is_titled_after_its_first_question_and_found_again(service, chat):
    found = service.http.get("/api/sessions", params={"q": "narrow valleys"}).json()["items"]
    assert chat[0] in [each["id"] for each in found]
    assert next(each for each in found if each["id"] == chat[0])["title"] == "What does momentum damp?"
    assert service.http.get("/api/sessions", params={"q": "100%_nothing"}).json()["items"] == []


def test_a_chat_is_renamed_and_deleted(service, chat):
    path = f"/api/sessions/{chat[0]}"
    assert service.http.patch(path, json={"title": "Mine"}).json()["title"] == "Mine"
    assert service.http.patch(path, json={"userId": "x"}).status_code == 422
    assert service.http.delete(path).status_code == 204
    assert service.http.get(path).status_code == 404
    assert service.http.get(path + "/messages").status_code == 404


def test_a_chat_is_put_away_where_it_lies_and_comes_back_when_it_is_asked_in(service, material, chat):
    path = f"/api/sessions/{chat[0]}"

    def listed(**query):
        return [
            each["id"] for each in service.http.get("/api/sessions", params={"limit": 200, **query}).json()["items"]
        ]

    dated = service.http.get(path).json()["updatedAt"]
    put_away = service.http.patch(path, json={"archived": True}).json()
    assert (put_away["archived"], put_away["updatedAt"], put_away["title"]) == (True, dated, "What does momentum damp?")
    assert chat[0] not in listed() and chat[0] in listed(archived=True)
    assert chat[0] not in listed(q="narrow valleys") and chat[0] in listed(q="narrow valleys", archived=True)
    assert service.http.patch(path, json={"title": "Kept"}).json()["archived"] is True
    assert service.http.patch(path, json={"archived": False}).json()["archived"] is False
    service.http.patch(path, json={"archived": True})
    ask(service, material, "And again?", chat=chat[0])
    assert chat[0] in listed() and chat[0] not in listed(archived=True)


def test_a_question_stays_within_the_decks_and_lectures_it_was_narrowed_to_also_when_it_is_asked_again(
    quoting, material
):
    def kinds(chat, **more):
        parts = parts_of(ask(quoting, material, "What moves and what pulls the weights?", chat=chat, **more))
        return {part["mediaType"] for part in parts if part["type"] == "source-document"}

    lecture, deck = [str(material.lecture_id)], [str(material.document_id)]
    chat = str(uuid4())
    everything = kinds(chat, message_id="q1")
    spoken = kinds(chat, message_id="q2", sourceIds=lecture)
    shown = kinds(chat, message_id="q3", sourceIds=deck)
    assert len(everything) == 2 and spoken | shown == everything and not spoken & shown
    again = {"message_id": "q3", "trigger": "regenerate-message"}
    assert kinds(chat, **again) == shown
    assert kinds(chat, **again, sourceIds=lecture) == spoken
    assert kinds(chat, **again, sourceIds=[]) == everything
    items = quoting.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    assert [item["metadata"].get("sourceIds") for item in items if item["role"] == "user"] == [None, lecture, deck]


@pytest.mark.parametrize(
    ("wanted", "status"), [([str(uuid4())], 404), (["x"], 422), ([str(uuid4()) for _ in range(51)], 422)]
)
def test_a_question_is_not_narrowed_to_what_there_is_not(quoting, material, wanted, status):
    chat = str(uuid4())
    assert ask(quoting, material, chat=chat, sourceIds=wanted).status_code == status
    assert quoting.http.get(f"/api/sessions/{chat}").status_code == 404


def test_chats_are_paged(service, material):
    made = [
        service.http.post("/api/sessions", json={"courseId": str(material.course_id)}).json()["id"] for _ in range(5)
    ]
    seen, before = [], None
    while True:
        page = service.http.get("/api/sessions", params={"limit": 2, **({"before": before} if before else {})}).json()
        seen += [each["id"] for each in page["items"]]
        before = page["nextBefore"]
        if not before:
            break
    assert len(seen) == len(set(seen)) and set(made) <= set(seen)
    assert service.http.get("/api/sessions", params={"before": "nonsense"}).status_code == 422


def test_opening_a_chat_twice_answers_the_same_one(service, material):
    body = {"courseId": str(material.course_id), "id": "chosen-by-me"}
    first, second = (service.http.post("/api/sessions", json=body).json() for _ in range(2))
    assert first == second and first["id"] == "chosen-by-me"
    assert service.http.post("/api/sessions", json={"courseId": str(uuid4())}).status_code == 404


def test_quotations_are_marked_verbatim(chat):
    citations = next(part for part in chat[1] if part["type"] == "data-citations")["data"]
    assert citations["quotes"] == [{"text": "damps oscillation in narrow valleys", "handle": 1, "verbatim": True}]


def test_thumbs_with_a_reason(service, chat):
    path = f"/api/sessions/{chat[0]}/messages/{chat[1][0]['messageId']}/feedback"
    assert service.http.put(path, json={"rating": "down", "reason": "too short"}).status_code == 204
    assert service.http.put(path, json={"rating": "up"}).status_code == 204
    items = service.http.get(f"/api/sessions/{chat[0]}/messages").json()["items"]
    assert items[1]["metadata"]["feedback"] == {"rating": "up", "reason": None, "shared": False}
    assert service.http.delete(path).status_code == 204
    assert "feedback" not in service.http.get(f"/api/sessions/{chat[0]}/messages").json()["items"][1]["metadata"]
    assert service.http.put(path.replace("msg_", "msx_"), json={"rating": "up"}).status_code == 404


def test_export_for_people_and_for_programs(service, chat):
    path = f"/api/sessions/{chat[0]}/export"
    markdown = service.http.get(path)
    assert "attachment" in markdown.headers["content-disposition"]
    assert "## Question\n\nWhat does momentum damp?" in markdown.text and "- [1] week1.pdf, page 2" in markdown.text
    exported = service.http.get(path, params={"format": "json"}).json()
    assert [message["role"] for message in exported["messages"]] == ["user", "assistant"]


def test_a_source_opens_its_slide_and_its_minute(service, chat, material):
    part = next(part for part in chat[1] if part["type"] == "source-document")
    card = service.http.get(f"/api/sources/{part['sourceId']}").json()
    assert card["page"] == 2 and card["changed"] is False and "damps oscillation" in card["quote"]
    request = service.http.build_request("GET", card["imageUrl"])
    del request.headers["authorization"]
    image = service.http.send(request)
    assert image.content == material.image and image.headers["content-type"] == "image/webp"
    assert service.http.get(f"/api/sources/{uuid4()}").status_code == 404


@pytest.mark.parametrize("gone", ["documents", "courses"])
def test_an_old_chat_can_be_read_and_says_when_its_material_was_removed(service, chat, material, gone):
    part = next(part for part in chat[1] if part["type"] == "source-document")
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        tables = {"documents": ["documents"], "courses": ["documents", "courses"]}[gone]
        for table in tables:
            connection.execute(f"update {table} set deleted_at = now()")  # noqa: S608
        words = "update ai.slide_chunks_knowledge set id = %s, content = reverse(content) where page = 2"
        connection.execute(words, [uuid4()])  # the chunks of what is deleted are gone
        try:
            history = service.http.get(f"/api/sessions/{chat[0]}/messages").json()["items"][1]["parts"]
            kept = next(each for each in history if each["type"] == "source-document")
            assert kept["providerMetadata"]["studybuddy"]["removed"] is True
            card = service.http.get(f"/api/sources/{part['sourceId']}").json()
            assert (card["removed"], card["imageUrl"], card["mediaUrl"]) == (True, None, None)
            assert "damps oscillation" in card["quote"]
            assert "removed" in service.http.get(f"/api/sessions/{chat[0]}/export").text
            courses = [course["id"] for course in service.http.get("/api/courses").json()["items"]]
            assert (str(material.course_id) in courses) is (gone == "documents")
        finally:
            connection.execute(words, [part["providerMetadata"]["studybuddy"]["chunkId"]])
            for table in tables:
                connection.execute(f"update {table} set deleted_at = null")  # noqa: S608


def test_a_chat_of_ten_thousand_messages(service, material, model):
    chat = service.http.post("/api/sessions", json={"courseId": str(material.course_id)}).json()["id"]
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(
            "with s as (select id from chat_sessions where client_id = %(chat)s), made as ("
            " insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts)"
            " select md5(%(chat)s || n)::uuid, s.id, 'm' || n, case when n > 1 then md5(%(chat)s || (n - 1))::uuid end,"
            " n,"
            " case when n %% 2 = 1 then 'user' else 'assistant' end, 'done', 'text ' || n,"
            " jsonb_build_array(jsonb_build_object('type', 'text', 'text', 'text ' || n))"
            " from s, generate_series(1, 10000) as n)"
            " update chat_sessions set head_key = md5(%(chat)s || 10000)::uuid where client_id = %(chat)s",
            {"chat": chat},
        )
    page = service.http.get(f"/api/sessions/{chat}/messages").json()
    assert [message["id"] for message in page["items"]] == [f"m{n}" for n in range(9801, 10001)]
    older = service.http.get(f"/api/sessions/{chat}/messages", params={"before": page["nextBefore"]}).json()
    assert older["items"][-1]["id"] == "m9800"
    model.script(text("A summary."), text("Short."), text("Edited."))
    assert ask(service, material, chat=chat).status_code == 200
    assert [len(request["messages"]) for request in model.requests] == [2, 10]  # four turns stay whole
    assert ask(service, material, "Other words", chat=chat, message_id="m5").status_code == 200
    shown = service.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    assert [message["id"] for message in shown[:-1]] == ["m1", "m2", "m3", "m4", "m5"]
    assert service.http.get(f"/api/sessions/{chat}/export").status_code == 200


@pytest.mark.parametrize("name", ["a%2Fb", "..%2f..", "%00", "x" * 65, "é", "%F0%9F%98%80"])
def test_ids_that_are_none_are_refused(service, name):
    for path in (f"/api/sessions/{name}", f"/api/sessions/{name}/messages", f"/api/chat/{name}/stream"):
        assert service.http.get(path).status_code in (404, 422)
    assert service.http.post(f"/api/chat/{name}/stop").status_code in (404, 422)


def test_search_gives_what_the_chat_finds(service, material):
    found = service.http.get(
        f"/api/courses/{material.course_id}/search", params={"q": "weight decay", "limit": 3}
    ).json()
    best = found["items"][0]
    assert best["kind"] == "speech" and best["startMs"] == 30_000 and best["relevant"] is True
    assert best["mediaUrl"].endswith("#t=30")
    only = {"q": "weight decay", "kind": "slide"}
    slides = service.http.get(f"/api/courses/{material.course_id}/search", params=only).json()["items"]
    assert {hit["kind"] for hit in slides} == {"slide"}
    assert service.http.get(f"/api/courses/{uuid4()}/search", params={"q": "x"}).status_code == 404
    assert service.http.get(f"/api/courses/{material.course_id}/search", params={"q": "\x00"}).status_code == 200


def test_courses_are_listed_with_the_role(service, material):
    items = service.http.get("/api/courses").json()["items"]
    (found,) = [each for each in items if each["id"] == str(material.course_id)]
    assert (found["name"], found["language"], found["role"]) == ("Learning machines", None, "owner")
