"""The Dockerfile and compose.yaml: what they run works, as far as that shows without an engine."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from reportdata.http import connections, server
from tests.support.calling import add_sample
from tests.support.deployment import (
    BIN,
    COMPOSE,
    DOCKERFILE,
    ENVIRONMENT,
    PAGE,
    VARIABLES,
    check_command,
    instructions,
)
from tests.support.documents import lines
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.waiting import SOON


def test_the_image_is_built_as_the_page_installs() -> None:
    build, image = DOCKERFILE.split("\nFROM ")[1:]
    assert build.split()[0] == image.split()[0]
    page = [
        line.replace("python3 ", "python ")
        for line in lines(PAGE)
        if re.match(r"python3 -m venv|/usr/local/lib/", line)
    ]
    assert re.findall(r"^RUN (.*)$", build, re.MULTILINE) == page[:3]
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for source in copied.split():
            assert f"!{source}" in ignored
            assert (ROOT / source).exists()
    assert ignored[0] == "*"


@pytest.mark.whole
def test_the_container_serves_is_healthy_and_stops(folder: Folder) -> None:
    add_sample(folder)
    variables = dict(word.split("=", 1) for word in instructions("ENV")[0].split())
    assert variables.keys() - {"PATH"} <= VARIABLES
    environment = {
        **variables,
        "PATH": f"{BIN}:{ENVIRONMENT['PATH']}",
        "REPORTDATA_DATA": str(folder.path),
        "REPORTDATA_PORT": "0",
        "REPORTDATA_OPERATIONS_PORT": "0",
        **COMPOSE["services"]["reportdata"]["environment"],
    }
    (health,) = re.findall(r"CMD (\[.*\])$", instructions("HEALTHCHECK")[0])
    command = json.loads(instructions("ENTRYPOINT")[0]) + json.loads(instructions("CMD")[-1])
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder.path) as running:
        try:
            assert running.stdout is not None
            assert "Serving http://0.0.0.0:" in running.stdout.readline()
            (port,) = re.findall(r"0\.0\.0\.0:(\d+)/.*for operators", running.stdout.readline())
            assert health.count(variables["REPORTDATA_OPERATIONS_PORT"]) == 1
            check = json.loads(health.replace(variables["REPORTDATA_OPERATIONS_PORT"], port))
            assert subprocess.run(check, env=environment).returncode == 0
            running.terminate()
            assert running.wait(SOON) == 0
        finally:
            if running.poll() is None:
                running.kill()
    assert subprocess.run(check, env=environment, stderr=subprocess.DEVNULL).returncode != 0


def test_the_services_are_made_of_what_there_is() -> None:
    services = COMPOSE["services"]
    assert {service["image"] for service in services.values()} == {"reportdata"}
    mounted = [place.split(":") for service in services.values() for place in service["volumes"]]
    assert {volume for volume, _ in mounted} == COMPOSE["volumes"].keys()
    assert {target for _, target in mounted} == {"/data", "/backups"}
    assert instructions("VOLUME") == ["/data"]
    (grace,) = re.findall(r"^(\d+)s$", services["reportdata"]["stop_grace_period"])
    assert int(grace) > connections.GRACE + server.GOODBYE
    (published,) = services["reportdata"]["ports"]
    assert published.split(":")[-1] in instructions("EXPOSE")[0].split()
    check_command(services["tools"]["command"])
    check_command(json.loads(instructions("CMD")[-1]))
    for name in re.findall(r"docker volume rm (\S+)", PAGE):
        assert name.removeprefix(f"{COMPOSE['name']}_") in COMPOSE["volumes"]
    for line in [line for line in lines(PAGE) if line.startswith("docker compose run")]:
        assert "tools" in line.split()
