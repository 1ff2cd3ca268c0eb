"""Sockets that listen, and how many connections there may be."""

from __future__ import annotations

import errno
import resource
import socket

from reportdata.errors import BadValue

BACKLOG = 2_048
"""Connections that are made and not accepted, at most."""
_OTHER_FILES = 200
"""Open files that the process needs besides connections."""


def room_for(connections: int) -> int:
    """How many connections there may be, at most as many as asked: the process's limit of open files is raised to hold
    them where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(connections, soft - _OTHER_FILES)


def bare(host: str) -> str:
    """The address of a host that may stand in brackets, as one of version 6 does in a URL."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def url_of(scheme: str, address: tuple[str, int]) -> str:
    """How a server on that address is called."""
    host, port = address
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    :raises BadValue: when there can be none.
    """
    host = bare(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise BadValue(f"port {port} of {host} is taken", "choose another with --port, or 0 for any") from error
        raise BadValue(f"{host}:{port} cannot be listened on: {error.strerror or error}") from error
    return found


def free_or_any(host: str, port: int) -> int:
    """That port, or 0, which stands for any free one, where another process has it."""
    try:
        bind(host, port).close()
    except BadValue as error:
        if not isinstance(error.__cause__, OSError) or error.__cause__.errno != errno.EADDRINUSE:
            raise
        return 0
    return port


def inherit(descriptor: int) -> socket.socket:
    """The listening socket that the process was started with, as systemd does it.

    :raises BadValue: when the descriptor is none.
    """
    try:
        found = socket.socket(fileno=descriptor)
        found.getsockname()
    except OSError as error:
        raise BadValue(f"file descriptor {descriptor} is no socket: {error.strerror}", "systemd passes 3") from error
    return found
