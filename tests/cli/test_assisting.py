"""``reportdata mcp``: what it needs, and what it says when that is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportdata.cli.assisting import FolderSource, credentials
from reportdata.errors import BadFile, BadValue, NotKnown
from tests.support.documents import blocks, document
from tests.support.folders import Folder, run
from tests.support.tools import require_package


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--server", "http://127.0.0.1:8080"], "name its file with --app"),
        (["--server", "localhost:8080", "--app-key", "k", "--app-secret", "s"], "no address of a server"),
        (["--http", "--server", "localhost:8080"], "no address of a server"),
        ([], "there is no organisation"),
        (["--corp", "other"], "the organisation 'other' is not known"),
    ],
    ids=["no app", "no address", "no address over http", "no organisation", "unknown organisation"],
)
def test_what_is_not_there_is_said(folder: Folder, options: list[str], said: str) -> None:
    require_package("mcp")
    result = run(folder, "mcp", *options)
    assert result.exit_code == 1
    assert said in result.output


def test_a_certificate_needs_its_key(folder: Folder, tmp_path: Path) -> None:
    require_package("mcp")
    file = tmp_path / "cert.pem"
    file.write_text("")
    result = run(folder, "mcp", "--http", "--port", "0", "--tls-cert", file)
    assert "a certificate needs its key" in result.output


def test_the_app_comes_from_its_file_or_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    block = json.loads(blocks(document("docs/mcp.md"), "json")[1])["mcpServers"]["reportdata"]
    assert block["args"][-2:] == ["--app", "app.json"]
    file.write_text(json.dumps({"appKey": "k", "appSecret": "s"}))
    assert credentials(file, "other", None) == ("k", "s")
    assert credentials(None, "k", "s") == ("k", "s")
    for content in ("", "[]", '{"appKey": "k"}'):
        file.write_text(content)
        with pytest.raises(BadFile, match="it has no app"):
            credentials(file, None, None)
    with pytest.raises(BadValue):
        credentials(None, "k", None)


def test_a_folder_with_several_organisations_needs_one_named(folder: Folder) -> None:
    for name in ("one", "two"):
        folder.add_organisation(name)
    with pytest.raises(NotKnown, match="there are 2 organisations"):
        FolderSource(folder.settings, folder.store, None, records=False)
