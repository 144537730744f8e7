"""The access policy of every route, reviewed by hand: who may do what with which thing.

A line says a kind of thing and six letters: what its course's owner, its teacher, the student whose the private things
are, their course-mate, somebody of another course, and somebody who left get.
`.` served, or refused for a reason that has nothing to do with who asks; `3` told that they may not; `4` not found, and
exactly as for what there is not; `=` served, and exactly as for what there is not.
"""

ROLES = ("owner", "teacher", "student", "mate", "stranger", "left")

MEMBERS, TEACHING, OWNING, OWN = "....44", "..3344", ".33344", "44.444"
EVERYBODY = {"nothing": "......"}

# private, offered: the student's. published, unreleased, kept back: the teacher's.
_SEEN = {"private": OWN, "offered": "...444", "published": MEMBERS, "unreleased": "..4444", "kept": "4.4444"}
_MANAGED = {**_SEEN, "published": TEACHING}
_OFFERED = {**_SEEN, "offered": "33.444", "unreleased": "..4444", "kept": "4.4444"}
_PUBLISHED = {**_SEEN, "private": "443444", "offered": "..3444", "published": TEACHING}

UPLOADS = {
    "GET /api/{plural}": {"course": MEMBERS},
    "POST /api/{plural}": {"course": MEMBERS},
    "GET /api/{plural}/{upload_id}": _SEEN,
    "PATCH /api/{plural}/{upload_id}": {**_MANAGED, "private to another course": "444444"},
    "DELETE /api/{plural}/{upload_id}": _MANAGED,
    "PUT /api/{plural}/{upload_id}/title": _MANAGED,
    "DELETE /api/{plural}/{upload_id}/title": _MANAGED,
    "POST /api/{plural}/{upload_id}/reprocess": _MANAGED,
    "POST /api/{plural}/{upload_id}/offer": _OFFERED,
    "DELETE /api/{plural}/{upload_id}/offer": _OFFERED,
    "POST /api/{plural}/{upload_id}/publish": _PUBLISHED,
    "POST /api/{plural}/{upload_id}/unpublish": _PUBLISHED,
    "POST /api/{plural}/{upload_id}/decline": _PUBLISHED,
}

POLICY: dict[str, dict[str, str]] = {
    **{key.format(plural="documents", upload_id="{upload_id}"): value for key, value in UPLOADS.items()},
    **{key.format(plural="lectures", upload_id="{upload_id}"): value for key, value in UPLOADS.items()},
    "POST /api/lectures": {"course": MEMBERS, "lecture with a private deck": OWN, "lecture with a kept deck": "4.4444"},
    "OPTIONS /api/uploads": EVERYBODY,
    "POST /api/uploads": {
        "course in pieces": MEMBERS, "private deck in pieces": OWN, "kept deck in pieces": "4.4444",
    },
    "HEAD /api/uploads/{upload_id}": {"upload in pieces": OWN},
    "PATCH /api/uploads/{upload_id}": {"upload in pieces": OWN},
    "DELETE /api/uploads/{upload_id}": {"upload in pieces": OWN},
    "POST /api/documents/{upload_id}/unlock": _MANAGED,
    "GET /api/documents/{upload_id}/pages": _SEEN,
    "GET /api/lectures/{upload_id}/transcript": _SEEN,
    "GET /api/lectures/{upload_id}/captions.vtt": _SEEN,
    "GET /api/lectures/{upload_id}/place": _SEEN,
    "PUT /api/lectures/{upload_id}/place": _SEEN,
    "GET /api/courses/{course_id}/suggestions": {"course": MEMBERS},
    "PUT /api/documents/{upload_id}/pages/{page}/text": _MANAGED,
    "DELETE /api/documents/{upload_id}/pages/{page}/text": _MANAGED,
    "PUT /api/lectures/{upload_id}/segments/{number}": _MANAGED,
    "DELETE /api/lectures/{upload_id}/segments/{number}": _MANAGED,
    "POST /api/sources/{source_id}/reports": {"source": OWN},
    "GET /api/courses/{course_id}/health": {"course": TEACHING},
    "DELETE /api/courses/{course_id}/reports/{report_id}": {"report": TEACHING, "report of what is private": "443344"},
    "POST /api/courses/{course_id}/proposals/review": {"proposal": TEACHING, "proposal of another course": "443344"},
    "GET /api/courses": EVERYBODY,
    "POST /api/courses": EVERYBODY,
    "GET /api/courses/catalogue": EVERYBODY,
    "GET /api/courses/{course_id}": {"course": MEMBERS},
    "PATCH /api/courses/{course_id}": {"course": OWNING},
    "GET /api/courses/{course_id}/events": {"course": MEMBERS},
    "GET /api/courses/{course_id}/search": {
        "course": MEMBERS, "private in a search": "==.=44", "kept in a search": "=.==44",
    },
    "GET /api/courses/{course_id}/documents/{document_id}/pages/{page}/image": {
        "private": OWN, "published": MEMBERS, "unreleased": "..4444", "kept": "4.4444",
    },
    "GET /api/courses/{course_id}/lectures/{lecture_id}/media": {
        "private": OWN, "published": MEMBERS, "unreleased": "..4444", "kept": "4.4444",
    },
    "GET /api/courses/{course_id}/members": {"course": MEMBERS},
    "POST /api/courses/{course_id}/members/me": {"course": MEMBERS, "open course": "......"},
    "PATCH /api/courses/{course_id}/members/{user_id}": {"member": OWNING, "me": OWNING, "no member": "433344"},
    "DELETE /api/courses/{course_id}/members/{user_id}": {"member": OWNING, "me": MEMBERS, "no member": "433344"},
    "GET /api/courses/{course_id}/invitations": {"course": TEACHING},
    "POST /api/courses/{course_id}/invitations": {"course": TEACHING},
    "DELETE /api/courses/{course_id}/invitations/{invitation_id}": {
        "invitation": TEACHING, "invitation of another course": "443344",
    },
    "GET /api/invitations/{code}": {"code": "......"},
    "POST /api/invitations/{code}/accept": {"code": "......"},
    "POST /api/chat": {
        "course": MEMBERS, "private in a question": OWN, "published in a question": MEMBERS,
        "kept in a question": "4.4444",
    },
    "POST /mcp": {
        "nothing": "......", "course over MCP": "....==", "private over MCP": "==.===", "published over MCP": "....==",
        "unreleased over MCP": "..====", "kept over MCP": "=.====",
    },
    "GET /v1/models": EVERYBODY,
    "GET /v1/models/{model}": {"course": MEMBERS},
    "POST /v1/chat/completions": {"course": MEMBERS},
    "GET /api/chat/{chat_id}/stream": {"chat": "==.==="},
    "POST /api/chat/{chat_id}/stop": {"chat": "==.==="},
    "GET /api/sessions": {"nothing": "......", "course": "....=="},
    "POST /api/sessions": {"course": MEMBERS},
    "GET /api/sessions/{chat_id}": {"chat": OWN},
    "PATCH /api/sessions/{chat_id}": {"chat": OWN},
    "DELETE /api/sessions/{chat_id}": {"chat": OWN},
    "GET /api/sessions/{chat_id}/messages": {"chat": OWN},
    "GET /api/sessions/{chat_id}/branches": {"chat": OWN},
    "GET /api/sessions/{chat_id}/export": {"chat": OWN},
    "PUT /api/sessions/{chat_id}/messages/{message_id}/feedback": {"message": OWN},
    "DELETE /api/sessions/{chat_id}/messages/{message_id}/feedback": {"message": "==.==="},
    "GET /api/sources/{source_id}": {"source": OWN},
    "GET /api/sources/{source_id}/image": {"cited picture": OWN, "cited picture of what is kept": "444444"},
    "GET /api/sessions/{chat_id}/pictures/{message_key}/{number}": {"sent picture": OWN},
    "GET /api/messages/{message_id}/provenance": {"message": OWN},
    "GET /api/me": EVERYBODY,
    "PATCH /api/me": EVERYBODY,
    "GET /api/auth/openrouter": EVERYBODY,
    "GET /api/auth/openrouter/callback/{nonce}": EVERYBODY,
    "GET /api/keys": EVERYBODY,
    "PUT /api/keys/{provider}": EVERYBODY,
    "DELETE /api/keys/{provider}": EVERYBODY,
    "GET /api/models": {"nothing": "......", "course": MEMBERS},
    "PUT /api/models/mine": EVERYBODY,
    "PUT /api/courses/{course_id}/model": {"course": TEACHING},
    "GET /api/me/export": EVERYBODY,
    "GET /api/audit": EVERYBODY,
    "GET /api/usage": {**EVERYBODY, "course": OWNING},
    "GET /api/usage/export": {**EVERYBODY, "course": OWNING},
    "PUT /api/usage/cap": EVERYBODY,
    "PUT /api/courses/{course_id}/cap": {"course": OWNING},
    "GET /api/operator/people": {"nothing": "333333"},
    "PATCH /api/operator/people/{user_id}": {"member": "333333"},
    "GET /api/operator/service": {"nothing": "333333"},
    "GET /api/tokens": EVERYBODY,
    "POST /api/tokens": EVERYBODY,
    "DELETE /api/tokens/{token_id}": {"token": OWN},
    "POST /api/auth/sign-out": EVERYBODY,
}  # fmt: skip

ELSEWHERE = {"DELETE /api/me"}
"""What would end the matrix's own people: tried in test_personal_data.py."""

OPEN = {
    "GET /livez", "GET /readyz",
    "GET /api/auth", "GET /api/auth/sign-in", "GET /api/auth/callback", "POST /api/auth/ticket",
    "GET /.well-known/oauth-protected-resource/mcp",
}  # fmt: skip
"""What anybody may ask, signed in or not."""

IDS = {
    "GET /api/{plural}": {"courseId"},
    "POST /api/{plural}": {"courseId", "deckIds"},
    "PATCH /api/{plural}/{upload_id}": {"courseId"},
    "GET /api/courses/{course_id}/search": {"source"},
    "GET /api/usage": {"courseId"},
    "GET /api/usage/export": {"courseId"},
    "GET /api/sessions": {"course", "before"},
    "POST /api/sessions": {"courseId", "id"},
    "PATCH /api/sessions/{chat_id}": {"branch"},
    "GET /api/sessions/{chat_id}/messages": {"before"},
    "POST /api/chat": {"courseId", "sourceIds"},
    "GET /api/models": {"courseId"},
    "POST /api/courses/{course_id}/proposals/review": {"decline"},
}
"""Ids that queries and bodies carry; one that is not named here fails the matrix."""
