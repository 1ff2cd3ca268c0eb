"""DingTalk's own figures by commands, from the network and from saved exports."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.errors import (
    InputError,
)
from reportdata.readers.figures import read_figures
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import Official
from reportdata.twin import CALIBRES, DEFAULT_CALIBRE, Server
from tests.support.effort import examples
from tests.support.folders import Folder, run
from tests.support.official import DAYS, FIRST, LAST, SERVICE, Imported, access, command, kept
from tests.support.paths import ROOT


@pytest.mark.whole
def test_the_command_fetches_and_says_what_is_next(known: Folder, twin: Server, tmp_path: Path) -> None:
    period = ("--from", FIRST, "--to", LAST, "--rate", 20)
    said = command(known, twin, *period)
    assert said.exit_code == 0, said.output
    assert "figures of 10 days from 20260901 to 20260910" in said.output
    assert "reportdata reconcile" in said.output
    assert json.loads(command(known, twin, *period, "--json").output)["known"] == DAYS
    file = tmp_path / "app.json"
    file.write_text(json.dumps({"appKey": twin.twin.app_key, "appSecret": twin.twin.app_secret}))
    by_file = run(known, "mirror", *period, "--again", "--app-file", file, "--endpoint", twin.url)
    assert by_file.exit_code == 0, by_file.output
    secret = twin.twin.app_secret.encode()
    assert not [path for path in known.path.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_the_command_says_what_it_lacks(known: Folder, twin: Server, tmp_path: Path) -> None:
    for arguments, words in {
        (): "--from",
        ("--from", FIRST): "REPORTDATA_DINGTALK_APP_SECRET",
        ("--from", FIRST, "--corp", "nobody"): "not known",
        ("--from", LAST, "--to", FIRST): "before",
    }.items():
        said = run(known, "mirror", *arguments)
        assert said.exit_code == 1
        assert words in said.output
    inside = known.path / "app.json"
    inside.write_text("{}")
    assert "holds no secret" in run(known, "mirror", "--from", FIRST, "--app-file", inside).output
    (tmp_path / "bad.json").write_text("{}")
    assert "holds no app" in run(known, "mirror", "--from", FIRST, "--app-file", tmp_path / "bad.json").output
    known.add_organisation("second")
    assert "name one with --corp" in run(known, "mirror", "--from", FIRST).output


def test_a_saved_export_is_read_in_every_form(known: Folder, twin: Server, tmp_path: Path) -> None:
    corp = twin.twin.corp_id
    rows = [
        {"stat_date": day, "corp_id": corp, "4100_DAY": n, "4101_DAY": n, "4102_DAY": 1} for n, day in enumerate(DAYS)
    ]
    expected = {day: {"4100": n, "4101": n, "4102": 1} for n, day in enumerate(DAYS)}
    bodies = [json.dumps({"metaList": [], "dataList": [row]}) for row in rows]
    table = ["stat_date,corp_id,4100_DAY,4101_DAY,4102_DAY", *(",".join(map(str, row.values())) for row in rows)]
    forms = {
        "bodies.jsonl": "\n".join(bodies),
        "bodies.json": json.dumps([json.loads(body) for body in bodies]),
        "rows.json": json.dumps(rows),
        "rows.jsonl": "\n".join(map(json.dumps, rows)),
        "rows.csv": "\n".join(table),
        "bom.csv": "\ufeff" + "\r\n".join(table),
        "one.json": json.dumps({"metaList": [], "dataList": rows}, indent=1),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text, newline="")
        known.store.put_official(REPORT_DATA, [Official(corp, day, None, 0) for day in DAYS])
        said = run(known, "mirror", "--file", tmp_path / name)
        assert (said.exit_code, kept(known, twin)) == (0, expected), said.output
    run(known, "mirror", "--file", tmp_path / "rows.csv", "--from", "20260902", "--to", "20260903")
    bad = {
        "": "no figures",
        "[]": "no figures",
        '{"dataList":[1]}': "no object",
        "{": "no JSON",
        '{"stat_date":"20260931"}': "stat_date",
        json.dumps({**rows[0], "corp_id": ""}): "corp_id",
        json.dumps({**rows[0], "4101_DAY": -1}): "4101_DAY",
        json.dumps({**rows[0], "corp_id": "nobody"}): "not known",
    }
    for text, words in bad.items():
        (tmp_path / "bad").write_text(text)
        said = run(known, "mirror", "--file", tmp_path / "bad")
        assert said.exit_code == 1
        assert words in said.output, text


@pytest.mark.whole
def test_every_command_of_the_page_works(imported: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, server = imported
    server.twin.calibre = DEFAULT_CALIBRE
    rows = [
        f"{day},{server.twin.corp_id},{','.join(map(str, values.values()))}"
        for day, values in server.twin.truth(FIRST, LAST).items()
    ]
    (tmp_path / "figures.csv").write_text("\n".join(["stat_date,corp_id,4100_DAY,4101_DAY,4102_DAY", *rows]))
    monkeypatch.chdir(tmp_path)
    for name, value in access(server).items():
        monkeypatch.setenv(name, value)
    page = (ROOT / "docs" / "calibres.md").read_text("utf-8")
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S) for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        program, *arguments = shlex.split(line)
        done = run(folder, *arguments)
        assert (program, done.exit_code) == ("reportdata", 0), f"{line}\n{done.output}"
    assert json.loads(done.output)["verdict"] == "one"
    assert all(str(calibre.day) in page and str(calibre.own) in page for calibre in CALIBRES)


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)

_keys = st.sampled_from(("stat_date", "corp_id", "4100_DAY", "4101_DAY", "4102_DAY", "dataList", "x"))

_contents = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=6)
)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=st.binary(max_size=60) | _contents.map(lambda made: json.dumps(made).encode()))
def test_no_file_makes_the_reader_of_figures_fail_otherwise_than_it_says(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "figures"
    path.write_bytes(content)
    with suppress(InputError):
        assert all(set(values) == {"4100", "4101", "4102"} for _, _, values in read_figures(path, SERVICE))
