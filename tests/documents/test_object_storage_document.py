"""The commands of docs/scale.md for object storage are run, and what it names exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from reportdata.cli.places import lake_of
from reportdata.lake.s3.log import MANY
from reportdata.lake.s3.objects import PATIENCE
from reportdata.settings import Settings
from tests.support.deployment import OPTIONS
from tests.support.paths import ROOT
from tests.support.readme import RECORDS
from tests.support.storage import BUCKET, client

PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8").partition("## Object storage")[2]
PAGE = PAGE.partition("\n## ")[0]


def test_the_commands_for_object_storage_work(storage: str, storage_server: str, tmp_path: Path) -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert "http://127.0.0.1:9000" in block
    lines = block.replace("http://127.0.0.1:9000", storage_server).replace("s3://facts/reportdata", f"{storage}/page")
    assert lines.startswith("pip install 'reportdata[s3]'\n")
    for name, text in RECORDS.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["bash", "-euc", lines.partition("\n")[2]],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "stale days  0" in done.stdout
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
