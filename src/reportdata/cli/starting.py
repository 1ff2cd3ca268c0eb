"""``reportdata init``: asks what a data folder needs, and runs the commands that bring it about."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from reportdata.cli.configuration import Configuration
from reportdata.cli.known import read_own_id
from reportdata.cli.language import say, spoken, translated
from reportdata.cli.options import settings_options
from reportdata.cli.places import open_store
from reportdata.cli.terminals import visible
from reportdata.days import DEFAULT_TIME_ZONE, time_zone
from reportdata.errors import BadValue
from reportdata.settings import Settings
from reportdata.suites import SUITES

FILES, PUSHES = "files", "programs"
"""Where records come from, besides the suites."""
_READ, _WRITE = "DataCenter.Report.Read", "DataCenter.Report.Write"


@click.command("init")
@settings_options
@click.pass_context
def init_command(ctx: click.Context, settings: Settings) -> None:
    """Set a data folder up, by asking: the organisation, where its records come from, and who may read the numbers.

    Each answer becomes a command, which is printed before it is run: the same commands change things later. Nothing is
    asked that is known already.
    """
    root, data = ctx.find_root().command, settings.data
    before, behind = ["--lang", spoken()], list(_of(settings))
    if isinstance(ctx.obj, Configuration) and ctx.obj.path is not None:
        before += ["--config", str(ctx.obj.path)]
    if ctx.params.get("insecure_permissions"):
        behind.append("--insecure-permissions")

    def run(*words: str) -> None:
        say(f"$ reportdata {shlex.join(words)}")
        code = root.main([*before, *words, *behind], "reportdata", standalone_mode=False)
        if code:
            raise click.exceptions.Exit(int(code))

    corp_id = _organisation(settings, run)
    source = _source(corp_id, run)
    _app(corp_id, source, run)
    say(f"Next: reportdata serve --data {shlex.quote(str(data))}")


def _of(settings: Settings) -> Iterator[str]:
    """The options by which the commands do what they do in the same place; they are not shown."""
    yield from ("--data", str(settings.data))
    if settings.database is not None:
        yield from ("--store", settings.database)
    for folder in settings.services:
        yield from ("--services", str(folder))


def _organisation(settings: Settings, run: Callable[..., None]) -> str:
    """The organisation: one that is known, or one that is added."""
    known = [organisation.corp_id for organisation in open_store(settings).organisations()]
    if known:
        say(f"Organisations that are known: {', '.join(known)}")
        corp_id = _asked("The organisation's CorpId", lambda text: read_own_id("corp_id", text), known[0])
        if corp_id in known:
            return corp_id
    else:
        corp_id = _asked("The organisation's CorpId", lambda text: read_own_id("corp_id", text))
    zone = _asked("The time zone that its days are counted in", lambda text: time_zone(text).key, DEFAULT_TIME_ZONE)
    run("org", "add", corp_id, "--time-zone", zone)
    return corp_id


def _source(corp_id: str, run: Callable[..., None]) -> str:
    """Where records come from, when that is there."""
    say(
        "Records come from files that you have (files), are collected (dingtalk), or pushed by programs (programs).",
        err=True,
    )
    source = _chosen("Where do the records come from?", [FILES, *SUITES, PUSHES])
    if source == FILES:
        path = _asked("A file to import now (Enter for none)", _file, "")
        if path:
            run("import", path, "--corp", corp_id)
    elif source != PUSHES:
        app_key = _asked("The key of the app at the suite", lambda text: read_own_id("app_key", text))
        file = _asked("The file that holds its secret (Enter: it is in the environment)", _file, "")
        secret = ("--secret-file", file) if file else ()
        run("source", "add", source, "--corp", corp_id, "--app-key", app_key, *secret)
    return source


def _app(corp_id: str, source: str, run: Callable[..., None]) -> None:
    """An app for programs, when it is wanted; who pushes needs one."""
    question = translated("Make a key and a secret for programs, as for DingTalk's SDK?")
    if source != PUSHES and not click.confirm(question, default=True, err=True):
        return
    name = _asked("What the app is called", lambda text: read_own_id("name", text), "reports")
    scopes = ("--scope", _READ, "--scope", _WRITE) if source == PUSHES else ()
    run("app", "add", "--corp", corp_id, "--name", name, *scopes)


def _asked(question: str, read: Callable[[str], str], default: str | None = None) -> str:
    """An answer that can be used; whoever gives another one is told why, and asked again."""
    while True:
        text: str = click.prompt(translated(question), default=default, show_default=bool(default), err=True)
        try:
            return read(text)
        except BadValue as error:
            say(error.message, err=True)
            if error.hint:
                click.echo(f"  {visible(translated(error.hint))}", err=True)


def _chosen(question: str, answers: Sequence[str]) -> str:
    def known(text: str) -> str:
        if text not in answers:
            raise BadValue(f"{text!r} is none of the answers", f"answer with one of {', '.join(answers)}")
        return text

    return _asked(f"{translated(question)} ({', '.join(answers)})", known, answers[0])


def _file(text: str) -> str:
    if text and not Path(text).expanduser().is_file():
        raise BadValue(f"there is no file {text}", "write its path, or press Enter")
    return str(Path(text).expanduser()) if text else ""
