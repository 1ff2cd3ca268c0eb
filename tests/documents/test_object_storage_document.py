"""The commands of docs/scale.md for object storage are run, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reportdata.cli.places import lake_of
from reportdata.lake.log import MANY
from reportdata.lake.s3.objects import PATIENCE
from reportdata.settings import Settings
from tests.support.deployment import OPTIONS
from tests.support.documents import RECORDS, blocks, document, environment, follow
from tests.support.storage import BUCKET, client

PAGE = document("docs/scale.md").partition("## Object storage")[2].partition("\n## ")[0]


@pytest.mark.slow
@pytest.mark.s3
def test_the_commands_for_object_storage_work(storage: str, storage_server: str, tmp_path: Path) -> None:
    (block,) = blocks(PAGE)
    assert "http://127.0.0.1:9000" in block
    block = block.replace("http://127.0.0.1:9000", storage_server).replace("s3://facts/reportdata", f"{storage}/page")
    assert block.startswith("pip install 'reportdata[s3]'\n")
    for name, text in RECORDS.items():
        (tmp_path / name).write_text(text)
    variables = {"PATH": environment()["PATH"]}
    assert "stale days  0" in follow(f"set -u\n{block.partition(chr(10))[2]}", tmp_path, variables)
    prefix = f"{storage.removeprefix(f's3://{BUCKET}/')}/page/"
    listed = client(storage_server).list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
    assert {found["Key"].removeprefix(prefix).partition("/")[0] for found in listed} == {
        "sent",
        "commented",
        "coverage",
        "log",
    }


def test_the_page_names_what_is_so(tmp_path: Path) -> None:
    settings = Settings(tmp_path, lake_at="s3://a/b")
    assert f"folder `{settings.lake.name}` of the data folder" in PAGE
    assert f"`--lake-cache` gigabytes\n({settings.lake_cache // 10**9})" in PAGE
    assert f"more than {MANY} objects" in PAGE
    assert "for two minutes" in PAGE
    assert PATIENCE == lake_of.__defaults__[0] == 120  # type: ignore[index]
    options = {name for option in OPTIONS for name in option.opts}
    assert set(re.findall(r"(?<![-\w])--[a-z][a-z-]*", PAGE)) <= options
    variables = {option.envvar for option in OPTIONS}
    assert set(re.findall(r"REPORTDATA_[A-Z_]+", PAGE)) <= variables
