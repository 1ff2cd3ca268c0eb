"""Every command that ends tells programs what it did, as JSON."""

from __future__ import annotations

import json

from reportdata.cli import cli
from reportdata.cli.configuration import leaves, options_of
from tests.support.folders import Folder, run

WITHOUT = {
    ("serve",): "it goes on",
    ("work",): "it goes on",
    ("mcp",): "it goes on",
    ("demo",): "it goes on",
    ("open",): "it goes on",
    ("completion",): "it prints a script",
    ("init",): "it asks",
    ("man",): "it prints a page",
}


def test_every_command_that_ends_has_json() -> None:
    lacking = {tuple(words) for words, command in leaves(cli) if "json" not in options_of(command)}
    assert lacking == set(WITHOUT)


def told(folder: Folder, *arguments: str) -> object:
    result = run(folder, *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, ""), (arguments, result.output)
    return json.loads(result.stdout)


def test_changes_are_told_to_programs(known: Folder) -> None:
    assert told(known, "org", "add", "ding2", "--time-zone", "Europe/Berlin") == {
        "corpId": "ding2",
        "timeZone": "Europe/Berlin",
    }
    app = known.add_app("ding1")[0].app_key
    assert told(known, "app", "disable", app) == told(known, "app", "show", app)
    enabled = told(known, "app", "enable", app)
    assert told(known, "app", "grant", app) == enabled == told(known, "app", "show", app)
    changed = told(known, "app", "set", app, "--rate", "3")
    assert isinstance(changed, dict)
    assert changed["rate"] == 3
    revoked = told(known, "app", "revoke", app)
    assert isinstance(revoked, dict)
    assert revoked["scopes"] == []
    assert told(known, "org", "names", "on", "--corp", "ding1") == {"corpId": "ding1", "names": "on"}
    assert told(known, "org", "names", "off", "--corp", "ding1", "--yes") == {
        "corpId": "ding1",
        "names": "off",
        "removed": 0,
    }
    link = told(known, "link", "add", "--corp", "ding1", "--name", "board")
    assert isinstance(link, dict)
    ended = told(known, "link", "revoke", link["id"])
    assert isinstance(ended, dict)
    assert (ended["id"], ended["state"]) == (link["id"], "revoked")
    served = told(known, "figures", "serve", "official", "--corp", "ding1")
    assert isinstance(served, dict)
    assert (served["corpId"], served["origin"]) == ("ding1", "official")
    source = told(known, "source", "add", "dingtalk", "--corp", "ding1", "--app-key", "dingkey", "--from", "20260901")
    assert told(known, "source", "list") == [source]
    assert told(known, "source", "remove", "ding1") == source
