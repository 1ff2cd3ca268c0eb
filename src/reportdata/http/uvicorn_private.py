"""What this package leans on of uvicorn that uvicorn does not promise, all of it: `pyproject.toml` caps uvicorn's
version, and `tests/http/test_uvicorn_private.py` tells what changed when the cap is raised."""

from __future__ import annotations

from uvicorn import Config, Server
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

__all__ = [
    "ATTRIBUTES",
    "METHODS",
    "ASGI3Application",
    "Config",
    "HttpToolsProtocol",
    "RequestResponseCycle",
    "Server",
    "ServerState",
]

METHODS: dict[type, dict[str, tuple[str, ...]]] = {
    HttpToolsProtocol: {
        "__init__": ("config", "server_state", "app_state", "_loop"),
        "_start_asgi_task": ("cycle", "app"),
        "connection_lost": ("exc",),
        "connection_made": ("transport",),
        "data_received": ("data",),
        "eof_received": (),
        "on_body": ("body",),
        "on_header": ("name", "value"),
        "on_headers_complete": (),
        "on_message_begin": (),
        "on_message_complete": (),
        "on_response_complete": (),
        "on_url": ("url",),
        "send_400_response": ("msg",),
    },
    Server: {
        "on_tick": ("counter",),
        "run": ("sockets",),
        "shutdown": ("sockets",),
        "startup": ("sockets",),
    },
    FlowControl: {"pause_reading": (), "resume_reading": ()},
}
"""Methods that are overridden or called, with their parameters."""

ATTRIBUTES: dict[type, tuple[str, ...]] = {
    HttpToolsProtocol: (
        "client",
        "cycle",
        "expect_100_continue",
        "flow",
        "headers",
        "parser",
        "pipeline",
        "scope",
        "server_state",
        "transport",
        "url",
    ),
    RequestResponseCycle: (
        "disconnected",
        "keep_alive",
        "message_event",
        "more_body",
        "response_complete",
        "response_started",
        "waiting_for_100_continue",
    ),
    Server: ("_captured_signals", "force_exit", "server_state", "servers", "should_exit", "started"),
    ServerState: ("connections", "default_headers", "tasks"),
    FlowControl: ("write_paused",),
}
"""Attributes of their instances."""
