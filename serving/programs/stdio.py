"""The MCP server on standard input and output: a bridge to the one at `/mcp`, for assistants that start programs.

Belongs here: handing messages on. Who asks and what they may is decided by the service, from the token, as for anybody.
"""

import asyncio
import logging
from importlib.metadata import version
from typing import Any

import httpx2
from mcp import Client, MCPError, types
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from pipelines.core.errors import SettingsError
from serving.accounts.addresses import is_safe_url

CONNECT_S, ANSWER_S = 10.0, 300.0
"""How long the service may take to be reached, and to say anything."""

Context = ServerRequestContext[Any, Any]


def bridge(url: str, token: str) -> None:
    """Serve an assistant until it hangs up.

    Args:
        url: where the service is, without a path.

    Raises:
        SettingsError: the service is not there, does not know the token, or the token would travel in the open.
    """
    if not is_safe_url(url):
        raise SettingsError(f"{url}: it must be an https address; plain http is for this machine alone.")
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # its messages hold what programs sent
    try:
        asyncio.run(_bridge(url.rstrip("/"), token))
    except* (httpx2.HTTPError, MCPError) as failed:
        raise SettingsError(f"{url} cannot be reached any more ({type(failed.exceptions[0]).__name__}).") from None


async def _bridge(url: str, token: str) -> None:
    timeout = httpx2.Timeout(CONNECT_S, read=ANSWER_S)
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=timeout) as http:
        await _check(http, url)
        async with (
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
            stdio_server() as (received, sent),
        ):
            server = _handing_on(client)
            await server.run(received, sent, server.create_initialization_options())


async def _check(http: httpx2.AsyncClient, url: str) -> None:
    """Is the service there, and does it know the token?"""
    try:
        answer = await http.get(f"{url}/api/me")
    except httpx2.HTTPError as error:
        raise SettingsError(f"Nothing answers at {url} ({type(error).__name__}).") from None
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        raise SettingsError(f"{url} does not know this token (any more); make another one in its settings.")
    if answer.status_code != httpx2.codes.OK:
        raise SettingsError(f"{url} does not let this token in (HTTP {answer.status_code}).")


def _handing_on(client: Client) -> Server[Any]:
    """A server whose every answer is the service's."""

    async def list_tools(_: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return await client.list_tools(cursor=_cursor(params))

    async def call_tool(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        async def hand_on(progress: float, total: float | None, message: str | None) -> None:
            await context.session.report_progress(progress, total, message)

        request = types.CallToolRequest(
            params=types.CallToolRequestParams(name=params.name, arguments=params.arguments)
        )
        # Not `call_tool`, which loads another library, seconds long, to check what the service itself has made.
        return await client.session.send_request(request, types.CallToolResult, progress_callback=hand_on)

    async def list_resources(_: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return await client.list_resources(cursor=_cursor(params))

    async def list_templates(
        _: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return await client.list_resource_templates(cursor=_cursor(params))

    async def read_resource(_: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return await client.read_resource(params.uri)

    server: Server[Any] = Server(
        "studybuddy",
        title="StudyBuddy",
        version=version("studybuddy"),
        instructions=client.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )
    server.middleware.clear()  # no telemetry
    return server


def _cursor(params: types.PaginatedRequestParams | None) -> str | None:
    return params.cursor if params is not None else None
