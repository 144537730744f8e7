"""Pictures of a former deployment's questions, as a student sees them."""

import json
from uuid import uuid4

import psycopg

from tests.serving.chat.test_pictures import FOREIGN, drawn, part
from tests.serving.page.accessible import violations


def test_a_picture_that_came_with_a_question_is_shown_with_it_and_nothing_foreign_is_asked_for(
    opened, quoting, material, tmp_path
):
    chat = f"photo-{uuid4().hex}"
    quoting.http.post("/api/sessions", json={"courseId": str(material.course_id), "id": chat}).raise_for_status()
    said = [
        ("user", "What is on this photo?", [part(drawn("JPEG", (1600, 900)), "image/jpeg"), FOREIGN]),
        ("assistant", "A blue board.", []),
        ("user", "", [part(drawn("PNG", (120, 80)))]),
        ("assistant", "A smaller one.", []),
    ]
    with psycopg.connect(quoting.settings.database_url.get_secret_value()) as connection:
        before = None
        for depth, (role, words, pictures) in enumerate(said, 1):
            parts = [*([{"type": "text", "text": words}] if words else []), *pictures]
            key = uuid4()
            connection.execute(
                "insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts,"
                " metadata) select %s, id, %s, %s, %s, %s, 'done', %s, %s, '{\"model\": \"m\"}' from chat_sessions"
                " where client_id = %s",
                [key, f"m{depth}", before, depth, role, words, json.dumps(parts), chat],
            )
            before = key
        connection.execute("update chat_sessions set head_key = %s where client_id = %s", [before, chat])
    page = opened(quoting)
    page.goto(f"/courses/{material.course_id}/chats/{chat}")
    pictures = page.get_by_role("img", name="Picture sent with the question")
    pictures.nth(1).wait_for()
    for at in (0, 1):
        pictures.nth(at).scroll_into_view_if_needed()
        page.wait_for_function("at => document.querySelectorAll('article img')[at].naturalWidth > 0", arg=at)
    page.get_by_text("A picture that cannot be shown").wait_for()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "pictures.png")
