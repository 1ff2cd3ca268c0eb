"""The protocol: lists the tools and calls them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reportdata import __version__
from reportdata.assistants.replies import no_reports, reply_of, with_services
from reportdata.assistants.sources import Problem, Source
from reportdata.assistants.tools import PAGES, TOOLS, Json, Tool, read_arguments
from reportdata.client.client import SERVICES
from reportdata.errors import BadValue
from reportdata.statistics.words import SERVICE

if TYPE_CHECKING:
    import mcp.types as types
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server

INSTRUCTIONS = (
    "Numbers of an organisation's DingTalk work reports, and of the other services of DingTalk that have some. Use "
    "coverage to see which services and days are known, statistics to "
    "count, explain for why a number is what it is, and changes for what is new. With every number say its days, state "
    "and asOf. null is not known, not 0; rows do not add up."
)
_AT_ONCE = 16
"""Calls that are answered side by side."""


def open_server(source_of: Callable[[Any], Source]) -> Server[Any]:
    """A server of the tools, for any transport.

    :param source_of: gives what answers a call, by its request over HTTP; by None where there is none.
    """
    import anyio
    import mcp.types as types
    from anyio.to_thread import run_sync
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError

    logging.getLogger("mcp").setLevel(logging.WARNING)
    listed = [_listed(tool) for tool in TOOLS.values()]
    turns = anyio.CapacityLimiter(_AT_ONCE)

    async def list_tools(
        _context: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed)

    async def call_tool(
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name[:40]!r}; there are {', '.join(TOOLS)}")
        source, arguments = source_of(context.request), params.arguments or {}
        try:
            reply = await run_sync(lambda: called(tool, arguments, source), limiter=turns)
        except Problem as problem:
            return types.CallToolResult(content=[types.TextContent(type="text", text=str(problem))], is_error=True)
        text = json.dumps(reply, ensure_ascii=False, separators=(",", ":"))
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=reply)

    return Server(
        "reportdata",
        version=__version__,
        title="Work reports",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def called(tool: Tool, arguments: Json, source: Source) -> Json:
    """What a tool replies.

    :raises Problem: when it has no answer.
    """
    try:
        pairs = read_arguments(tool, arguments)
    except BadValue as error:
        raise Problem(f"{error.message}; {error.hint}.") from error
    asked = pairs if tool.paged else [pair for pair in pairs if pair[0] not in PAGES]
    if not (tool.tells_services and dict(pairs).get("page", "1") == "1" and not dict(pairs).get(SERVICE)):
        return reply_of(tool, pairs, source.ask(tool.path, asked))
    services = source.ask(SERVICES, [])["data"]
    if refusal := no_reports(services):
        raise Problem(refusal)
    return with_services(reply_of(tool, pairs, source.ask(tool.path, asked)), services)


def serve_standard_streams(source: Source) -> None:
    """Answer on standard input and output until the input ends."""
    import anyio
    from mcp.server.stdio import stdio_server

    server = open_server(lambda _request: source)

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


def _listed(tool: Tool) -> types.Tool:
    """A tool as the protocol describes it. Hints that are left out mean the worst."""
    import mcp.types as types

    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )
