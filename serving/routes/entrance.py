"""The entrance for browsers: a small page that signs in with a ticket, or leads to the issuer, and says who is in."""

import base64
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic_core import to_json

from serving.accounts.asking import Nobody
from serving.guard import router as guarded
from serving.problems import OPEN, PROBLEMS, documented
from serving.state import state_of

router = guarded(tag="sign-in")

PAGE = Path(__file__).parents[1] / "accounts" / "entrance.html"
TOLD = ("sign_in_expired", "sign_in_refused", "sign_in_unavailable", "no_sign_in", "suspended", "ticket_expired")
"""Problems the page has a sentence for."""


@router.get("/", operation_id="entrance", response_class=HTMLResponse, responses=documented("not_ready", always=OPEN))
async def entrance(request: Request, _: Nobody) -> HTMLResponse:
    """The page that `studybuddy open` opens."""
    text, headers = _page(by_issuer=state_of(request).accounts.sign_in is not None)
    return HTMLResponse(text, headers=dict(headers))


@cache
def _page(*, by_issuer: bool) -> tuple[str, Mapping[str, str]]:
    """The page and its headers: nothing runs on it but its own script, and no other page frames it."""
    text = PAGE.read_text(encoding="utf-8")
    allowed = {name: _hash(text, name) for name in ("script", "style")}
    sentences = to_json({code: PROBLEMS[code].message for code in TOLD}).decode()
    filled = text.replace("SENTENCES", escape(sentences)).replace("BY_ISSUER", str(by_issuer).lower())
    policy = (
        f"default-src 'none'; script-src 'sha256-{allowed['script']}'; style-src 'sha256-{allowed['style']}'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return filled, {
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }


def _hash(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    assert found is not None  # noqa: S101  the page is ours
    return base64.b64encode(sha256(found[1].encode()).digest()).decode()
