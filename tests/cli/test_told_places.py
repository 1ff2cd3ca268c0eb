"""What a server tells over HTTP of files that were brought does not say where its data folder lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reportdata.cli.told_places import without_places
from reportdata.settings import Settings
from tests.support.bringing import REPORTS, Bringer
from tests.support.browsing import IMPORT
from tests.support.folders import Folder
from tests.support.serving import serving

DATA = Settings(Path("/srv/data"))


@pytest.mark.parametrize(
    ("settings", "text", "told"),
    [
        (DATA, "the lake's file /srv/data/lake/sent/a.parquet is gone", "the lake's file lake/sent/a.parquet is gone"),
        (DATA, "'/srv/data/a b.csv', line 1", "'a b.csv', line 1"),
        (
            DATA,
            "the data folder /srv/data is not there; /srv/data: full",
            "the data folder data is not there; data: full",
        ),
        (DATA, "/srv/database/x and /old/srv/data/x, https://a/srv/data/x", None),
        (DATA, "it says 1/2, or /srv", None),
        (replace(DATA, lake_at="/mnt/facts"), "/mnt/facts/sent/a and /srv/data/b", "facts/sent/a and b"),
        (replace(DATA, lake_at="s3://bucket/srv/data"), "s3://bucket/srv/data/sent", None),
        (replace(DATA, services=(Path("/etc/own"), Path("counted"))), "/etc/own/a/service.toml", "own/a/service.toml"),
    ],
)
def test_paths_are_relative_to_the_data_folder(settings: Settings, text: str, told: str | None) -> None:
    assert without_places(settings, text) == (text if told is None else told)


def test_a_run_that_meets_a_damaged_file_names_it_relative_to_the_data_folder(folder: Folder) -> None:
    folder.add_organisation("ding1")
    app, _ = folder.add_app("ding1", scopes=(IMPORT,))
    with serving(folder) as served:
        bringer = Bringer(served.address, authorization=f"Bearer {folder.token(app)}")
        first = bringer.run(bringer.bring("a.csv", REPORTS).json["upload"], "import")["result"]
        (path,) = folder.lake.paths("sent")
        whole = path.read_bytes()
        path.write_bytes(whole[:-40])
        more = REPORTS + "2024-01-05 11:00,王五,日报\n".encode()
        upload = bringer.bring("b.csv", more).json["upload"]
        for run in (
            *(bringer.run(upload, what, lang=lang) for what in ("preview", "import") for lang in ("en", "zh")),
            bringer.undo(first["import"]),
        ):
            assert run["state"] == "failed"
            assert " lake/sent/" in run["error"]["message"]
            assert str(folder.path.parent) not in str(run)
