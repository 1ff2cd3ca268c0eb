"""An object storage server that speaks S3's protocol over HTTP, in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.support.waiting import SOON

SERVER = """
import logging
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""
BUCKET = "facts"


def environment(endpoint: str) -> dict[str, str]:
    """What clients of a server need in their environment."""
    return {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }


@contextmanager
def object_storage() -> Iterator[str]:
    """A server with the bucket `BUCKET`; gives its address."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            endpoint = f"http://127.0.0.1:{int(process.stdout.readline())}"
            client(endpoint).create_bucket(Bucket=BUCKET)
            yield endpoint
        finally:
            process.kill()


def client(endpoint: str) -> Any:
    """Another client than the one that is tested."""
    import boto3  # takes its time, which tests that need no storage save

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )


def keys(endpoint: str, address: str) -> list[str]:
    """All keys below an address, as another client sees them."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    pages = client(endpoint).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return [found["Key"].removeprefix(f"{prefix}/") for page in pages for found in page.get("Contents", [])]


class Trouble:
    """Stands between clients and a server, and does to each request what ``next_action`` says: ``pass`` it on, answer
    it with a status like ``503``, ``cut`` the connection before or, as ``lose``, after the server has done it, or
    ``half`` an answer."""

    def __init__(self, endpoint: str, next_action: Callable[[str, str], str]) -> None:
        self._target = urlsplit(endpoint).netloc
        self.next_action = next_action
        self.seen: Counter[str] = Counter()
        trouble = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                trouble.answer(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Trouble:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        """Answer a request, or not."""
        body = asked.rfile.read(int(asked.headers.get("content-length") or 0))
        action = self.next_action(asked.command, asked.path)
        self.seen[action] += 1
        if action == "cut":
            asked.connection.shutdown(socket.SHUT_RDWR)
            asked.close_connection = True
            return
        if action.isdigit():
            asked.send_response(int(action))
            asked.send_header("content-length", "0")
            asked.end_headers()
            return
        passed = HTTPConnection(self._target, timeout=SOON)
        passed.request(asked.command, asked.path, body, dict(asked.headers))
        answered = passed.getresponse()
        content = answered.read()
        passed.close()
        if action != "lose":
            asked.send_response(answered.status)
            for name, value in answered.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "server", "date"):
                    asked.send_header(name, value)
            if answered.getheader("content-length") is None:
                asked.send_header("content-length", str(len(content)))
            asked.end_headers()
            asked.wfile.write(content[: len(content) // 2] if action == "half" else content)
            asked.wfile.flush()
        if action != "pass":
            asked.connection.shutdown(socket.SHUT_RDWR)
            asked.close_connection = True
