"""nginx with one worker that answers the contract's path with the bytes of a file: what copying an answer takes.

``python -m benchmarks.nginx ANSWER FOLDER`` serves the ``ANSWER`` of `benchmarks.constant` from a file in FOLDER.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

# One process that does what a worker does, and so stays on the core that the benchmark puts it on.
_CONFIGURATION = """
{user}
daemon off;
master_process off;
error_log stderr crit;
pid {folder}/nginx.pid;
events {{
    worker_connections 1024;
}}
http {{
    access_log off;
    keepalive_requests 1000000000;
    open_file_cache max=10;
    open_file_cache_valid 1h;
    etag off;
    max_ranges 0;
    types {{}}
    {temporary}
    server {{
        listen 127.0.0.1:{port};
        location = /v1.0/datacenter/reportData {{
            alias {folder}/body;
            default_type "{content_type}";
            add_header last-modified "";
            {headers}
        }}
    }}
}}
"""
_OWN = ("content-type", "content-length")
"""Headers that nginx makes itself."""


def version() -> str | None:
    """Its version, or None when it is not there."""
    found = shutil.which("nginx")
    if found is None:
        return None
    said = subprocess.run([found, "-v"], check=True, capture_output=True, text=True).stderr
    return said.split("/", 1)[1].split()[0]


def configure(answer: Path, folder: Path, port: int) -> Path:
    """Write the answer's body and a configuration that serves it to the folder; returns the configuration."""
    found = json.loads(answer.read_text("utf-8"))
    (folder / "body").write_text(found["body"], "utf-8")
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            port=port,
            temporary="\n    ".join(f"{name}_temp_path {folder}/{name};" for name in temporary),
            content_type=dict(found["headers"])["content-type"],
            headers="\n            ".join(
                f'add_header {name} "{value}";' for name, value in found["headers"] if name not in _OWN
            ),
        ),
        "utf-8",
    )
    return configuration


def main() -> None:
    """Become nginx, and leave a process behind that says where as soon as it listens."""
    answer, folder = Path(sys.argv[1]), Path(sys.argv[2])
    program = shutil.which("nginx")
    if program is None:
        sys.exit("nginx is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    configuration = configure(answer, folder, address[1])
    if os.fork() == 0:
        _say_where(address)
    else:
        os.execv(program, [program, "-e", "stderr", "-p", str(folder), "-c", str(configuration)])


def _say_where(address: tuple[str, int]) -> None:
    for _ in range(1000):
        with suppress(OSError), socket.create_connection(address):
            print("http://{}:{}".format(*address), flush=True)
            return
        time.sleep(0.01)


if __name__ == "__main__":
    main()
