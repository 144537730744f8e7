"""Programs that people sign in to with the issuer itself: OAuth from the first refusal to the first tool."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

from tests.fake_issuer import CLIENT_ID, PROGRAM_ID
from tests.serving.accounts.conftest import LIMITS, free_port, issuer_settings
from tests.serving.conftest import running

BACK = "http://127.0.0.1:1/callback"


class Kept:
    """What a program keeps: that it is registered, and its tokens."""

    def __init__(self):
        self.tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return OAuthClientInformationFull(client_id=PROGRAM_ID, redirect_uris=[BACK], token_endpoint_auth_method="none")

    async def set_client_info(self, _):
        raise AssertionError("it is registered already")


def test_an_assistant_signs_its_person_in_at_the_issuer_and_asks_as_them(signed):
    came_back = {}

    async def browser(url):
        async with httpx2.AsyncClient() as client:
            came_back.update(parse_qs(urlsplit((await client.get(url)).headers["location"]).query))

    async def callback():
        return AuthorizationCodeResult(code=came_back["code"][0], state=came_back["state"][0])

    async def run():
        signing = OAuthClientProvider(
            server_url=f"{signed.url}/mcp",
            client_metadata=OAuthClientMetadata(redirect_uris=[BACK], client_name="an assistant"),
            storage=Kept(),
            redirect_handler=browser,
            callback_handler=callback,
        )
        async with (
            httpx2.AsyncClient(auth=signing) as http,
            Client(streamable_http_client(f"{signed.url}/mcp", http_client=http)) as client,
        ):
            return await client.call_tool("list_courses")

    with signed.program(subject="ada") as ada:
        made = ada.post("/api/courses", json={"name": "Of Ada alone"}).json()["id"]
        found = asyncio.run(run())
        assert made in [course["id"] for course in found.structured_content["courses"]]


def test_a_refusal_says_where_people_sign_in(signed):
    answer = httpx.post(f"{signed.url}/mcp", json={})
    about = f"{signed.url}/.well-known/oauth-protected-resource/mcp"
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == f'Bearer resource_metadata="{about}"'
    told = httpx.get(about).json()
    assert (told["resource"], told["authorization_servers"]) == (f"{signed.url}/mcp", [signed.issuer.url])
    assert httpx.get(f"{signed.url}/api/me").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"azp": PROGRAM_ID}, 200),
        ({"azp": PROGRAM_ID, "aud": [CLIENT_ID, "account"]}, 200),
        ({"azp": PROGRAM_ID, "aud": "{url}/mcp"}, 200),
        ({"azp": PROGRAM_ID, "aud": PROGRAM_ID}, 401),
        ({"azp": PROGRAM_ID, "aud": "https://other.example/mcp"}, 401),
        ({"azp": PROGRAM_ID, "without": ("aud",)}, 401),
        ({"azp": "another program"}, 401),
    ],
    ids=str,
)
def test_tokens_of_named_programs_are_taken_where_they_are_for_us(signed, claims, status):
    said = {name: value.format(url=signed.url) if isinstance(value, str) else value for name, value in claims.items()}
    with signed.program(**said) as program:
        assert program.get("/api/me").status_code == status


def test_without_an_issuer_there_is_nobody_to_sign_in_with(quoting):
    answer = httpx.get(f"{quoting.url}/.well-known/oauth-protected-resource/mcp")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_sign_in")
    assert httpx.post(f"{quoting.url}/mcp", json={}).headers["www-authenticate"] == "Bearer"


def test_programs_mean_nothing_without_being_named(serving_settings, issuer):
    port = free_port()
    with running(issuer_settings(serving_settings, issuer, port, oidc_programs=""), LIMITS, port=port) as service:
        bearer = {"authorization": f"Bearer {issuer.mint(azp=PROGRAM_ID)}"}
        assert httpx.get(f"{service.url}/api/me", headers=bearer).status_code == 401
