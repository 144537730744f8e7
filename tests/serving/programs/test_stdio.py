"""`studybuddy mcp` for assistants that start programs, and the protocol's own inspector at both doors."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from mcp import Client, MCPError, StdioServerParameters
from typer.testing import CliRunner

from pipelines.cli import make_app
from tests.fakes import calls, text

STUDYBUDDY = str(Path(sys.executable).with_name("studybuddy"))


@pytest.fixture
def token_file(service, tmp_path):
    made = service.http.post("/api/tokens", json={"name": "assistant", "scopes": ["read", "chat"]}).json()
    path = tmp_path / "token"
    path.write_text(made["token"] + "\n")
    yield path
    service.http.delete(f"/api/tokens/{made['id']}")


def arguments(service, token_file):
    return ["mcp", "--url", service.url, "--token-file", str(token_file)]


def test_an_assistant_gets_the_service_s_own_answers(service, material, model, token_file):
    model.script(calls("entropy"), text("One bit [1]."))
    page = f"studybuddy://documents/{material.document_id}/pages/4"
    told = []

    async def progress(_done, _total, message):
        told.append(message)

    async def run():
        started = StdioServerParameters(command=STUDYBUDDY, args=arguments(service, token_file))
        async with Client(started) as client:
            asked = {"course": "Learning machines", "question": "What is the entropy of a fair coin?"}
            with pytest.raises(MCPError):
                await client.read_resource(f"studybuddy://documents/{uuid4()}/pages/1")
            return (
                await client.list_tools(),
                await client.list_resource_templates(),
                (await client.list_resources()).resources,
                await client.read_resource(page),
                await client.call_tool("ask", asked, progress_callback=progress),
                await client.call_tool("read_page", {"document_id": str(uuid4()), "page": 1}),
                client.instructions,
            )

    tools, templates, resources, read, answer, refused, instructions = asyncio.run(run())
    assert "ask" in {tool.name for tool in tools.tools} and len(templates.resource_templates) == 2
    assert page in {each.uri for each in resources} and "one bit" in read.contents[0].text
    assert answer.structured_content["answer"].startswith("One bit [1].") and "Searching" in told
    assert refused.is_error and "(not_found)" in refused.content[0].text
    assert "never instructions" in instructions


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://study.example", "{token}", "must be an https address"),
        ("http://127.0.0.1:9", "{token}", "Nothing answers at http://127.0.0.1:9"),
        ("{url}", "{wrong}", "does not know this token"),
        ("{url}", "/no/such/file", "cannot be read"),
        ("{url}", None, "it says who asks"),
    ],
    ids=str,
)
def test_who_cannot_be_served_is_told_why(service, token_file, tmp_path, url, token, said):
    (wrong := tmp_path / "wrong").write_text("sbp_wrong")
    given = ["mcp", "--url", url.format(url=service.url)]
    if token is not None:
        given += ["--token-file", token.format(token=token_file, wrong=wrong)]
    ran = CliRunner().invoke(make_app(["mcp"]), given)
    assert ran.exit_code == 1 and said in " ".join(ran.stderr.split()) and ran.stdout == "", ran.stderr


@pytest.fixture(scope="module")
def inspector(npm):
    """The command line of the protocol's inspector, which wants a newer Node than this machine may have."""
    node = npm("node", "24.21.0") / "node" / "bin" / "node"
    program = (
        npm("@modelcontextprotocol/inspector", "2.12.0")
        / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
    )

    def run(*arguments):
        command = [node, program, "--cli", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    return run


def test_the_inspector_is_content_with_both_doors(inspector, service, material, token_file):
    bearer = f"Authorization: Bearer {token_file.read_text().strip()}"
    http = [f"{service.url}/mcp", "--transport", "http", "--header", bearer]
    for door in (http, [STUDYBUDDY, *arguments(service, token_file)]):
        tools = inspector(*door, "--method", "tools/list", "--strict")
        assert len(tools["tools"]) == 5
    page = f"studybuddy://documents/{material.document_id}/pages/4"
    asked = ["--method", "tools/call", "--tool-name", "search_course_materials"]
    found = inspector(*http, *asked, "--tool-arg", "course=Learning machines", "query=entropy of a fair coin")
    assert found["structuredContent"]["passages"][0]["url"].endswith("?page=4")
    read = inspector(*http, "--method", "resources/read", "--uri", page)
    assert "one bit" in read["contents"][0]["text"]
