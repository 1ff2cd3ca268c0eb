"""What `make dist` builds: the same bytes each time, and a bill of materials that is complete."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from reportdata import __version__
from tests.support.documents import document
from tests.support.paths import ROOT

pytestmark = pytest.mark.whole


def built(root: Path, folder: Path, umask: int = 0o022) -> dict[str, bytes]:
    """What a source gives, by the names of the files."""
    subprocess.run(
        [sys.executable, root / "requirements" / "dist", folder], check=True, umask=umask, stdout=subprocess.PIPE
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return built(ROOT, tmp_path_factory.mktemp("dist") / "dist")


@pytest.fixture(scope="module")
def bill(files: dict[str, bytes]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files[f"reportdata-{__version__}.cdx.json"])
    return content


@pytest.mark.slow
def test_the_digests_are_those_of_the_files(files: dict[str, bytes]) -> None:
    sums = {name: digest for digest, name in (line.split("  ") for line in files["SHA256SUMS"].decode().splitlines())}
    assert sums == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "SHA256SUMS"
    }
    assert len(sums) == 3


@pytest.mark.slow
def test_the_same_source_gives_the_same_bytes(files: dict[str, bytes], tmp_path: Path) -> None:
    assert built(ROOT, tmp_path / "again", umask=0o077) == files
    archive = tmp_path / "source.tar.gz"
    archive.write_bytes(files[f"reportdata-{__version__}.tar.gz"])
    with tarfile.open(archive) as source:
        source.extractall(tmp_path, filter="data")
    elsewhere = built(tmp_path / f"reportdata-{__version__}", tmp_path / "elsewhere")
    wheel = f"reportdata-{__version__}-py3-none-any.whl"
    assert elsewhere[wheel] == files[wheel]


@pytest.mark.slow
def test_the_bill_is_valid_and_names_all_that_is_needed_with_its_licence(bill: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    components = {re.sub(r"[-_.]+", "-", one["name"]).lower(): one for one in bill["components"]}
    needed = [Requirement(text) for text in requires("reportdata") or ()]
    own = {one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})}
    assert own <= set(components)
    assert all(one["licenses"] for one in components.values())
    pinned = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE))
    assert {name: pinned[name] for name in components} == {name: one["version"] for name, one in components.items()}
    refs = {one["bom-ref"] for one in (*bill["components"], bill["metadata"]["component"])}
    assert {one["ref"] for one in bill["dependencies"]} == refs
    assert {inner for one in bill["dependencies"] for inner in one["dependsOn"]} < refs


def test_the_wheel_has_what_a_user_needs_and_nothing_of_the_tests(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "wheel"
    path.write_bytes(files[f"reportdata-{__version__}-py3-none-any.whl"])
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
    assert {name.partition("/")[0] for name in names} == {"reportdata", f"reportdata-{__version__}.dist-info"}
    for needed in ("reportdata/py.typed", "reportdata/web/static/index.html"):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.parametrize("page", ["docs/install.md", "docs/install.zh-CN.md"])
def test_the_documents_name_the_files_that_are_built(files: dict[str, bytes], page: str) -> None:
    assert set(re.findall(r"^\| `(reportdata-[^`]*|SHA256SUMS)` \|", document(page), re.MULTILINE)) == set(files)
    named = set(re.findall(r"reportdata-[\d.]+[\w.-]*\.whl", document(page)))
    assert named == {name for name in files if name.endswith(".whl")}
