"""The commands of docs/operations.md, run in their order on a machine in a folder."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from reportdata.certificates import development_certificates
from reportdata.http.tls import Certificate
from tests.support.calling import add_sample
from tests.support.deployment import ENVIRONMENT, PAGE, Unit, executed, settings_of, unit
from tests.support.documents import lines
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.ports import free_ports
from tests.support.processes import served
from tests.support.tools import require_tool
from tests.support.waiting import SOON, until

PROGRAMS = ("/bin/sh", "/usr/bin/find", sys.executable)
"""What is run as it is on this machine."""
_PATH = re.compile(r"(?<![\w.:/}])/(?=[a-z])(?!(?:bin/sh|usr/bin/find)\b)")
"""Where an absolute path begins, but for those of `PROGRAMS`."""


class Machine:
    """A machine in a folder: absolute paths lead there, ports are free ones, and units are run without systemd."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port, self.operations_port = free_ports(2)
        self.checkout = root / "checkout"
        self._functions = ""
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._listening: socket.socket | None = None
        for folder in ("srv", "usr/local/lib", "var/lib", "var/backups", "etc/systemd/system", "etc/nginx/conf.d"):
            (root / folder).mkdir(parents=True)
        self._copy_checkout()

    def _copy_checkout(self) -> None:
        """What the Docker build has, and the files to deploy."""
        wanted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        for name in (*wanted, "deploy"):
            source, target = ROOT / name, self.checkout / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        for path in (self.checkout / "deploy").rglob("*"):
            if path.is_file():
                path.write_text(self.text(path.read_text("utf-8")))

    def text(self, text: str) -> str:
        """A text with this machine's paths, ports and user."""
        text = _PATH.sub(f"{self.root}/", text)
        text = text.replace("runuser -u reportdata -- ", "")
        text = re.sub(r"-o \w+ -g \w+", f"-o {os.getuid()} -g {os.getgid()}", text)
        return re.sub(r"\b9090\b", str(self.operations_port), re.sub(r"\b8080\b", str(self.port), text))

    def inside(self, words: Sequence[str]) -> Sequence[str]:
        """The words of a command.

        :raises AssertionError: when one has a path that leads out of this machine.
        """
        for word in words:
            for part in re.split(r"[=:<>\s\"'(]+", word):
                assert not part.startswith(("/", "~")) or part in PROGRAMS or Path(part).is_relative_to(self.root), word
        return words

    def run(self, line: str) -> str:
        """Run a line of the page; what it prints."""
        if line.startswith("systemctl "):
            _, verb, *units = [word for word in line.split() if not word.startswith("--")]
            for name in units:
                self._systemctl(verb, name)
            return ""
        if line.startswith("reportdata() "):
            self._functions += self.text(line) + "\n"
            return ""
        command = self._functions + self.text(line).replace("python3 ", f"{sys.executable} ")
        self.inside(shlex.split(re.sub(r"http://127\.0\.0\.1:\d+/", "", command)))
        environment = {"PATH": ENVIRONMENT["PATH"]}
        if "pip install" in line:
            environment = {**ENVIRONMENT, "PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(
            ["bash", "-ec", command], cwd=self.checkout, env=environment, capture_output=True, text=True
        )
        if done.returncode and re.search(r"No matching distribution|ConnectionError|NewConnectionError", done.stderr):
            pytest.skip("the packages cannot be fetched")
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def unit(self, name: str) -> Unit:
        """An installed unit."""
        return unit((self.root / "etc/systemd/system" / name).read_text("utf-8"))

    def _systemctl(self, verb: str, name: str) -> None:
        if name == "nginx" or name.endswith(".timer"):
            return
        if verb in ("stop", "restart") and name == "reportdata.service":
            self.stop()
        if verb == "stop" and name == "reportdata.socket":
            assert self._listening is not None
            self._listening.close()
            self._listening = None
        if verb in ("enable", "start", "restart"):
            self._start(name)

    def _start(self, name: str) -> None:
        of = self.unit(name)
        if name.endswith(".socket"):
            host, port = of["ListenStream"][0].split(":")
            self._listening = socket.create_server((host, int(port)))
            return
        variables = settings_of(Path(of["EnvironmentFile"][0]).read_text("utf-8"))
        environment = {"PATH": ENVIRONMENT["PATH"], **variables}
        if of["Type"] == ["oneshot"]:
            for command in executed(of):
                subprocess.run(self.inside(command), env=environment, check=True, capture_output=True)
            return
        assert self._listening is not None
        (command,) = executed(of)
        descriptor = self._listening.fileno()
        running = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{descriptor}', "bash", *self.inside(command)],
            env=environment,
            pass_fds=[descriptor],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._running[name] = running
        assert running.stdout is not None
        assert "Serving" in running.stdout.readline()
        assert "for operators" in running.stdout.readline()
        with urlopen(f"http://127.0.0.1:{self.port}/readyz") as answer:
            assert answer.status == 200

    def stop(self) -> None:
        """Stop the service, as systemd does; it ends well."""
        of = self.unit("reportdata.service")
        for running in self._running.values():
            running.send_signal(getattr(signal, of["KillSignal"][0]))
            running.communicate(timeout=SOON)
            assert running.returncode == 0
        self._running = {}

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._running.values():
            running.kill()
            running.communicate()
        if self._listening is not None:
            self._listening.close()


@pytest.mark.slow  # it installs the program twice
@pytest.mark.tool
def test_the_commands_of_the_page_work_in_their_order(tmp_path: Path) -> None:
    require_tool("curl")
    elsewhere = ("useradd ", "docker ", "nginx ")
    with Machine(tmp_path) as machine:
        (tmp_path / "srv/reports.csv").write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\n")
        (tmp_path / "srv/comments.csv").write_text("report_id,user_id,commented_at\nr1,u2,2026-09-21 10:00:00\n")
        exported = datetime(2026, 9, 21, 20, tzinfo=UTC).timestamp()
        for name in ("reports.csv", "comments.csv"):
            os.utime(tmp_path / "srv" / name, (exported, exported))
        lineage = development_certificates(
            tmp_path / "etc/letsencrypt/live/reports.example.com", ["reports.example.com"], time.time()
        )
        lineage.certificate.rename(lineage.certificate.with_name("fullchain.pem"))
        lineage.key.rename(lineage.key.with_name("privkey.pem"))
        (tmp_path / "etc/letsencrypt/renewal-hooks/deploy").mkdir(parents=True)
        printed = {line: machine.run(line) for line in lines(PAGE) if not line.startswith(elsewhere)}
        (row,) = machine.run("reportdata query 20260921 --format csv").splitlines()[1:]
        assert row.startswith("20260921,dingsample,1,1,1,final,")
        assert "restored" in printed["reportdata restore /var/backups/reportdata/by-hand"]
        assert "reportdata_stale_days 0.0" in printed["curl --fail http://127.0.0.1:9090/metrics"]
        backups = [path for path in (tmp_path / "var/backups/reportdata").iterdir() if path.name != "by-hand"]
        assert [(path / "backup.json").exists() for path in backups] == [True]
        assert (tmp_path / "etc/reportdata/tls/privkey.pem").stat().st_mode & 0o777 == 0o640
        named = set(re.findall(r"(?<![\w.])/(?:usr/local|var|etc)/[\w./-]*\w", PAGE))
        for path in named - {"/etc/reportdata/dingtalk-secret"}:  # which is made by who collects
            assert (tmp_path / path[1:]).exists(), path
        machine.stop()


def test_old_backups_are_removed_and_new_ones_kept(tmp_path: Path) -> None:
    with Machine(tmp_path) as machine:
        of = unit((machine.checkout / "deploy/systemd/reportdata-backup.service").read_text("utf-8"))
        backups = tmp_path / "var/backups/reportdata"
        for name, days in (("old", 15.5), ("new", 13.5)):
            (backups / name / "lake").mkdir(parents=True)
            at = time.time() - days * 86_400
            os.utime(backups / name, (at, at))
        subprocess.run(machine.inside(executed(of)[1]), check=True)
        assert [path.name for path in backups.iterdir()] == ["new"]


def test_a_command_is_kept_inside(tmp_path: Path) -> None:
    with Machine(tmp_path) as machine:
        for line in (
            "touch /usr/lib/x",
            "cp a /opt/x",
            "install -d '/run/x'",
            "X=/mnt/x true",
            "curl --output=/tmp/x file",
            "bash -c 'echo >/dev/shm/x'",
        ):
            with pytest.raises(AssertionError):
                machine.inside(shlex.split(line))
            machine.inside(shlex.split(machine.text(line)))
        assert shlex.split(machine.text("/bin/sh -c 'exec /usr/bin/find'")) == ["/bin/sh", "-c", "exec /usr/bin/find"]


@pytest.mark.whole
def test_renewed_certificates_are_taken_up(folder: Folder, tmp_path: Path) -> None:
    add_sample(folder)
    with Machine(tmp_path / "machine") as machine:
        (machine.root / "etc/reportdata").mkdir(parents=True)
        issued = []
        for number in range(2):
            files = development_certificates(tmp_path / f"ca{number}", ["localhost", "127.0.0.1"], time.time())
            lineage = tmp_path / f"lineage{number}"
            lineage.mkdir()
            shutil.copy(files.certificate, lineage / "fullchain.pem")
            shutil.copy(files.key, lineage / "privkey.pem")
            issued.append((files, lineage))
        hook = machine.checkout / "deploy/certbot/reportdata"
        machine.inside([line for line in hook.read_text().splitlines() if not line.startswith("#")])
        place = machine.root / "etc/reportdata/tls"
        subprocess.run([hook], env={**ENVIRONMENT, "RENEWED_LINEAGE": str(issued[0][1])}, check=True)
        with served(folder, "--tls-cert", place / "fullchain.pem", "--tls-key", place / "privkey.pem") as process:
            before = ssl.get_server_certificate(process.address)
            subprocess.run([hook], env={**ENVIRONMENT, "RENEWED_LINEAGE": str(issued[1][1])}, check=True)
            until(lambda: ssl.get_server_certificate(process.address) != before)
        assert ssl.PEM_cert_to_DER_cert(issued[0][0].certificate.read_text()) == ssl.PEM_cert_to_DER_cert(before)


def test_certificates_are_taken_up_in_the_seconds_that_the_page_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Files are looked at once a second: the page counts the looks that it takes, and the second before the first."""
    (seconds,) = map(int, re.findall(r"Changed files are taken up within (\d+) s", PAGE))
    made = [development_certificates(tmp_path / name, ["localhost"], time.time()) for name in ("old", "new")]
    shown = Certificate(made[0].certificate, made[0].key)
    shutil.copy(made[1].certificate, made[0].certificate)
    shutil.copy(made[1].key, made[0].key)
    looks = 0
    with caplog.at_level(logging.INFO):
        while "was loaded anew" not in caplog.text:
            shown.follow()
            looks += 1
    assert seconds == looks + 1
