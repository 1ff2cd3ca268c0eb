"""Reading every file of the data folder reveals no secret, no live token, no name and no text."""

from __future__ import annotations

import base64
import itertools
import json
import logging
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import duckdb
import pytest

from reportdata.identity import hash_of
from tests.support.calling import CORP
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Sent
from tests.support.pushing import pushing, sent
from tests.support.serving import Serving, serving
from tests.support.writing import write

ZONES = {"c1": ZoneInfo("Asia/Shanghai")}
AT = datetime(2024, 3, 1, 12, tzinfo=ZONES["c1"])


def encodings(content: bytes) -> Iterator[bytes]:
    """The content in clear, in hex and in base64, wherever in a longer text it may begin."""
    yield content
    yield content.hex().encode()
    yield content.hex().upper().encode()
    for before, start in ((0, 0), (1, 2), (2, 3)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * before + content).rstrip(b"=")
            # The first and last characters also depend on what stands around the content.
            yield text[start:-1]


def forms(secret: str) -> set[bytes]:
    """Everything that would reveal a secret or a token, which both are random bytes written as text."""
    contents = [secret.encode(), secret.encode("utf-16-le")]
    contents.append(bytes.fromhex(secret) if len(secret) == 32 else base64.urlsafe_b64decode(secret))
    return {form for content in contents for form in encodings(content)}


def files_with(folder: Folder, needles: set[bytes]) -> list[str]:
    """The files of the data folder in which one of the needles stands."""
    found = []
    for path in folder.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [path.name for needle in needles if needle in content]
    return found


def printed(folder: Folder, *command: str) -> dict[str, str]:
    """What a command prints as JSON."""
    done = run(folder, *command, "--json")
    assert done.exit_code == 0, done.output
    said: dict[str, str] = json.loads(done.stdout)
    return said


def new_token(server: Serving, key: str, secret: str) -> str:
    body = json.dumps({"appKey": key, "appSecret": secret}).encode()
    request = urllib.request.Request(
        f"{server.url}/v1.0/oauth2/accessToken", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["accessToken"])


def old_token(server: Serving, key: str, secret: str) -> str:
    with urllib.request.urlopen(f"{server.url}/gettoken?{urlencode({'appkey': key, 'appsecret': secret})}") as answer:
        return str(json.load(answer)["access_token"])


def use(server: Serving, token: str) -> None:
    headers = {"x-acs-dingtalk-access-token": token, "x-client-token": f"client {token}"}
    request = urllib.request.Request(f"{server.url}/v1.0/datacenter/reportData?statDate=20240301", headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("text", ["0123456789abcdef" * 2, base64.urlsafe_b64encode(bytes(range(48))).decode()])
def test_the_forms_of_a_secret_are_found_wherever_it_stands(text: str) -> None:
    hidden = [
        text.encode(),
        text.encode().hex().encode(),
        *(base64.b64encode(b"x" * before + text.encode() + b"yz") for before in range(7)),
    ]
    assert all(any(form in place for form in forms(text)) for place in hidden)
    assert min(map(len, forms(text))) >= 16


def test_no_file_of_the_data_folder_reveals_a_secret_or_a_live_token(folder: Folder) -> None:
    folder.add_organisation("c1")
    secrets: list[str] = []
    tokens: list[str] = []
    with serving(folder) as server:
        for number in range(5):
            app = printed(folder, "app", "add", "--corp", "c1", "--name", f"app {number}")
            key, secret = app["appKey"], app["appSecret"]
            tokens += [new_token(server, key, secret), old_token(server, key, secret)]
            tokens.append(printed(folder, "token", key)["accessToken"])
            if number % 2:
                rotated = printed(folder, "app", "rotate", key)["appSecret"]
                tokens += [new_token(server, key, rotated), printed(folder, "token", key)["accessToken"]]
                secrets.append(rotated)
            secrets.append(secret)
            for token in tokens[-2:]:
                use(server, token)
        needles = set(itertools.chain(*map(forms, (*secrets, *tokens))))
        names = {path.name for path in folder.path.rglob("*") if path.is_file()}
        assert {"store.db", "store.db-wal", "store.db-shm"} <= names
        assert files_with(folder, needles) == []
        assert all(files_with(folder, {hash_of(secret).encode()}) for secret in (*secrets, tokens[-1]))
    folder.store.close()
    assert files_with(folder, needles) == []


# Written to no file by the importer: people's names, and what they wrote.
NAMES = ("欧阳测试", "Zhao Quxing", "司马评论")
TEXTS = ("never kept", "今日完成工作")


def plant(place: Path) -> Iterator[tuple[Path, str]]:
    """Files with names and texts in them, and the organisation of each."""
    facts = [
        fact
        for n in range(30)
        for fact in (
            Sent("c1", f"r{n}", f"u{n % 5}", AT, "日报模板", ("研发部",)),
            Commented("c1", f"r{n}", f"v{n % 5}", AT),
        )
    ]
    for path, corp_id in write(place / "exchanges", facts, "dingtalk", "iso", ZONES):
        yield path, corp_id or "c1"
    rows = [
        f"{name},2024-03-01 1{n}:00:00,周报模板,市场部,{TEXTS[0]},{TEXTS[1]}" for n in range(9) for name in NAMES[:2]
    ]
    for encoding in ("utf-8", "gb18030"):
        sheet = place / f"{encoding}.csv"
        sheet.write_text("\n".join(["发送人,提交时间,日志模板,部门,今日完成工作,备注", *rows]), encoding)
        yield sheet, "c1"
    comments = place / "comments.csv"
    comments.write_text(f"日志ID,评论人,评论时间,评论内容\nr1,{NAMES[2]},2024-03-01 19:00:00,{TEXTS[0]}\n", "utf-8")
    yield comments, "c1"
    lines = place / "lines.jsonl"
    record = {"report_id": "r99", "user_id": "u1", "user_name": NAMES[1], "sent_at": AT.isoformat()}
    lines.write_text(json.dumps(record | {"creator_name": NAMES[2], "contents": [*TEXTS]}), "utf-8")
    yield lines, "c1"


def texts_in_parquet(folder: Folder) -> set[str]:
    """Every text in every Parquet file of the data folder."""
    found: set[str] = set()
    with duckdb.connect() as connection:
        for path in folder.path.rglob("*.parquet"):
            for row in connection.execute(f"select columns(*)::varchar from '{path}'").fetchall():
                found |= {cell for cell in row if cell is not None}
    return found


@pytest.mark.whole
def test_no_file_of_the_data_folder_tells_a_name_or_a_text(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c1")
    for path, corp_id in plant(tmp_path):
        done = folder.import_(path, corp_id=corp_id)
        assert (done.failures, done.added > 0) == ([], path.name != "gb18030.csv"), path
    assert folder.days()["c1", "20240301"][0] == 30 + 18 + 1
    texts = texts_in_parquet(folder)
    assert {"日报模板", "周报模板", "研发部", "r1", "u1"} <= texts
    assert sum(text.startswith("sheet-") for text in texts) > 3
    assert [text for text in texts for secret in (*NAMES, *TEXTS) if secret in text] == []
    assert files_with(folder, planted_forms()) == []
    folder.store.close()
    assert files_with(folder, planted_forms()) == []


def planted_forms() -> set[bytes]:
    """Everything that would tell a name or a text."""
    planted = (*NAMES, *TEXTS)
    contents = [text.encode(code) for text in planted for code in ("utf-8", "gb18030", "utf-16-le")]
    contents += [ascii(text)[1:-1].encode() for text in planted]  # as JSON may write them
    return {form for content in contents for form in encodings(content)}


def test_what_a_push_says_of_names_and_texts_is_in_no_file_and_in_no_line_of_the_log(
    folder: Folder, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    known = {"creator_name": NAMES[0], "user_name": NAMES[1], "姓名": NAMES[2], "contents": [{"value": TEXTS[1]}]}
    with caplog.at_level(logging.DEBUG), pushing(folder) as pushed:
        good = [sent(number, **known, template="日报") for number in range(5)]
        comment = {"report_id": "r0", "user_id": "u2", "commented_at": "2026-09-21T23:30:00+08:00"}
        bad = [sent(9, sent_at=NAMES[0]), {"creator_name": NAMES[1]}, [NAMES[2]], sent(8, corp_id=NAMES[2]), TEXTS[0]]
        answer = pushed.push([*good, comment | {"userName": NAMES[2], "content": TEXTS[0]}, *bad])
        assert (answer.body["added"], answer.body["refused"]) == (6, 5)
        assert pushed.push(json.dumps(good, ensure_ascii=False).encode()[:-9]).status == 400
        assert len(pushed.facts()) == 6
        assert files_with(folder, planted_forms()) == []
    done = run(folder, "work", "--once")
    assert done.exit_code == 0, done.output
    assert folder.days()[CORP, "20260921"][0] == 5
    assert {"日报", "r4", "u1"} <= texts_in_parquet(folder)
    assert files_with(folder, planted_forms()) == []
    folder.store.close()
    assert files_with(folder, planted_forms()) == []
    said = caplog.text + "".join(capfd.readouterr()) + done.output
    assert [text for text in (*NAMES, *TEXTS) if text in said or ascii(text)[1:-1] in said] == []
