"""What ``doctor`` finds of the machine: rights, owners, room, open files, the clock, certificates."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reportdata.certificates import development_certificates
from reportdata.cli.doctor.findings import State
from tests.support.examining import DAY, look, one
from tests.support.folders import Folder, run
from tests.support.mounts import mounted


@contextmanager
def somebody_else() -> Iterator[None]:
    """As a user to whom rights matter: tests may run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_rights(healthy: Folder) -> None:
    one(look(healthy), "rights", State.OK)
    healthy.path.chmod(0o750)
    assert one(look(healthy), "rights", State.WARN).advice == f"chmod 700 {healthy.path}"
    healthy.path.chmod(0o555)
    with TemporaryDirectory() as place:  # where others may go, too
        data = Path(place) / "data"
        shutil.copytree(healthy.path, data)
        Path(place).chmod(0o755)
        with somebody_else():
            found = look(data)
        assert "Permission denied" in one(found, "rights", State.FAIL).found
        data.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner(healthy: Folder) -> None:
    one(look(healthy), "owner", State.OK)
    os.chown(healthy.settings.store, 65534, -1)
    warning = one(look(healthy), "owner", State.WARN)
    assert "store.db belongs to" in warning.found
    assert warning.advice == f"chown -R root {healthy.path}"
    os.chown(healthy.settings.store, 0, -1)
    os.chown(healthy.path, 54321, -1)
    assert "belongs to root, the data folder to 54321" in one(look(healthy), "owner", State.WARN).found
    for path in (healthy.path, *healthy.path.rglob("*")):
        os.chown(path, 54321, -1)
    assert one(look(healthy), "owner", State.WARN).advice == "run commands as 54321"


@pytest.mark.parametrize(
    ("options", "name", "state"),
    [
        ("size=4g", "disk", State.OK),
        ("size=500m", "disk", State.WARN),
        ("size=50m", "disk", State.FAIL),
        ("size=50m,nr_inodes=200000", "inodes", State.OK),
        ("size=50m,nr_inodes=0", "inodes", State.OK),
        ("size=50m,nr_inodes=5000", "inodes", State.WARN),
        ("size=50m,nr_inodes=90", "inodes", State.FAIL),
    ],
)
def test_room_on_the_disk(tmp_path: Path, options: str, name: str, state: State) -> None:
    with mounted(tmp_path / "disk", options) as disk:
        one(look(disk), name, state)


def test_the_limit_of_open_files(healthy: Folder) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for soft, state in ((1024, State.WARN), (4096, State.OK)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
            found = one(look(healthy), "open files", state)
            assert f"{soft:,}" in found.found
            assert ("ulimit -n" in found.advice) == (state is State.WARN)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_clock_that_is_wrong(healthy: Folder) -> None:
    one(look(healthy), "clock", State.OK)
    one(look(healthy, after=-50), "clock", State.OK)
    assert "is from" in one(look(healthy, after=-DAY), "clock", State.FAIL).found
    for years in (-30, 100):
        assert "the year is" in one(look(healthy, after=years * 365 * DAY), "clock", State.FAIL).found
    ahead = time.time() + DAY
    (path,) = next(iter(healthy.lake.files("sent").values()))
    os.utime(path, (ahead, ahead))
    assert path.name in one(look(healthy), "clock", State.FAIL).found
    os.utime(path, (1, 1))
    healthy.store.put_days("s", {"20240101": "f"}, [], ahead)
    assert "a day's computation" in one(look(healthy), "clock", State.FAIL).found


def test_certificates(healthy: Folder, tmp_path: Path) -> None:
    assert "certificate" not in look(healthy)
    made = development_certificates(tmp_path / "tls", ["reports.example.com", "10.0.0.1"], time.time())
    path = made.certificate
    assert "for 10.0.0.1, reports.example.com" in one(look(healthy, certificate=path), "certificate", State.OK).found
    for days, state, said in (
        (794, State.OK, "until"),
        (796, State.WARN, "it ends on"),
        (824, State.WARN, "it ends on"),
        (826, State.FAIL, "it ended on"),
        (-1, State.FAIL, "it begins on"),
    ):
        assert said in one(look(healthy, after=days * DAY, certificate=path), "certificate", state).found
    path.write_bytes(nameless())
    assert "names no host" in one(look(healthy, certificate=path), "certificate", State.WARN).found
    path.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    (finding,) = look(healthy, certificate=path)["certificate"]
    assert finding.state is State.FAIL
    (finding,) = look(healthy, certificate=tmp_path / "none.pem")["certificate"]
    assert "No such file" in finding.found


def nameless() -> bytes:
    from cryptography import x509  # takes long; most processes of the tests do not need it
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reports.example.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=90))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def test_the_certificate_is_an_option_and_a_setting(
    healthy: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "none.pem"
    for arguments in (["--tls-cert", missing], []):
        result = run(healthy, "doctor", "--json", *arguments)
        assert json.loads(result.stdout)["checks"][-1]["check"] == "certificate"
        assert result.exit_code == 1
        monkeypatch.setenv("REPORTDATA_TLS_CERT", str(missing))
