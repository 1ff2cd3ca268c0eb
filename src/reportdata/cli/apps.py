"""``reportdata app`` and ``reportdata token``: who may ask for the numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from reportdata.cli.known import known_organisation, require_written
from reportdata.cli.language import say, tell
from reportdata.cli.language.help import Group
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_existing_store, open_store, services_of
from reportdata.cli.secret_files import secret_file, warn_of_readers
from reportdata.errors import BadValue, NotKnown
from reportdata.identity import (
    TOKEN_LIFETIME,
    App,
    AppType,
    check_scopes,
    hash_of,
    mint,
    new_app_key,
    new_secret,
    read_network,
    rotated,
)
from reportdata.services import read_reports
from reportdata.settings import Settings

_READ = read_reports().scope
"""The scope that apps get unless they get others."""
SCOPES_OF_NEW_APPS = {AppType.INTERNAL: (_READ,)}


_OVERLAP = 24.0
"""Hours for which an old secret stays valid, unless it is said otherwise."""
_LONGEST_OVERLAP = 24.0 * 90
"""Hours."""
_UNKNOWN = ("left-out", "zero")


def unknown_option(default: str | None) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """What an app is answered in place of a number that is not known."""
    return click.option(
        "--unknown",
        type=click.Choice(_UNKNOWN),
        default=default,
        show_default=default is not None,
        help="What a row has for a number that is not known: nothing, or 0, for programs that need every key. The "
        "headers say in either case that it is missing.",
    )


@click.group("app", cls=Group)
def app_command() -> None:
    """Apps: add, set, list, show, disable, enable, rotate, grant, revoke."""


_output_option = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write key and secret as JSON to this new file, which only this user can read, in place of printing them.",
)


@app_command.command("add")
@click.option("--corp", "corp_id", help="The organisation whose numbers the app may read.")
@click.option("--name", required=True, help="What people call the app.")
@click.option(
    "--type",
    "app_type",
    type=click.Choice([kind.value for kind in AppType]),
    default=AppType.INTERNAL.value,
    show_default=True,
    help="As at DingTalk; only internal apps may hold the scope.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help=f"A scope that the app gets.  [default: {_READ} for internal apps]",
)
@click.option("--allow", "allow_list", multiple=True, help="An address or network that may call; all may without it.")
@click.option(
    "--rate",
    type=click.IntRange(min=0),
    help="Calls a second to each API; 0 for no limit.  [default: what the server was started with]",
)
@unknown_option(_UNKNOWN[0])
@json_option
@_output_option
@settings_options
def add(
    corp_id: str | None,
    name: str,
    app_type: str,
    scopes: tuple[str, ...],
    allow_list: tuple[str, ...],
    rate: int | None,
    unknown: str,
    as_json: bool,
    output: Path | None,
    settings: Settings,
) -> None:
    """Add an app and print its key and its secret. The secret is shown this once."""
    store = open_store(settings)
    if corp_id is not None:
        known_organisation(store, corp_id)
    type_ = AppType(app_type)
    check_scopes(type_, scopes, services_of(settings).scopes)
    for network in allow_list:
        read_network(network)
    secret = new_secret()
    added = App(
        app_key=new_app_key(),
        name=name,
        type=type_,
        corp_id=corp_id,
        secret_hash=hash_of(secret),
        scopes=scopes or SCOPES_OF_NEW_APPS.get(type_, ()),
        allow_list=allow_list,
        rate=rate,
        zero_unknown=unknown == "zero",
    )
    with secret_file(output, {"appKey": added.app_key, "appSecret": secret}):
        store.add_app(added, time.time())
    if output is None:
        _print_secret(added.app_key, secret, as_json=as_json)
    else:
        say(f"Added {added.app_key}; its secret is in {output}, which only this user can read.")
        say(f"Next: reportdata serve; or reportdata token {added.app_key}, for trying")


@app_command.command("set")
@click.argument("app_key")
@unknown_option(None)
@click.option("--rate", type=click.IntRange(min=0), help="Calls a second to each API; 0 for no limit.")
@json_option
@settings_options
def set_(app_key: str, unknown: str | None, rate: int | None, as_json: bool, settings: Settings) -> None:
    """Change what the app APP_KEY is answered, and how often. What is not named stays."""
    if unknown is None and rate is None:
        raise click.UsageError("Name what is to be changed: --unknown or --rate.")

    def changed(found: App) -> App:
        zero = found.zero_unknown if unknown is None else unknown == "zero"
        return msgspec.structs.replace(found, zero_unknown=zero, rate=found.rate if rate is None else rate)

    now = _change(settings, app_key, changed)
    if as_json:
        print_json(_described(now))
        return
    if unknown is not None:
        told = "answered as 0" if unknown == "zero" else "left out"
        tell(f"Numbers that are not known are {told} for {app_key}.")
    if rate is not None:
        tell(f"{app_key} has {f'{rate:,} calls a second to each API' if rate else 'no limit of calls'}.")


@app_command.command("list")
@json_option
@settings_options
def list_(as_json: bool, settings: Settings) -> None:
    """List all apps."""
    apps = open_existing_store(settings).apps()
    if as_json:
        print_json([_described(found) for found in apps])
    else:
        print_table(
            ["app key", "name", "organisation", "type", "state", "old secret until"],
            (
                [
                    a.app_key,
                    a.name,
                    a.corp_id,
                    a.type.value,
                    "disabled" if a.disabled else "enabled",
                    _old_until(a) or "–",
                ]
                for a in apps
            ),
            messages=(4,),
            least=(5, 3, 2),
        )


@app_command.command("show")
@click.argument("app_key")
@json_option
@settings_options
def show(app_key: str, as_json: bool, settings: Settings) -> None:
    """Show the app APP_KEY, or the only one of that name."""
    described = _described(_known_app(settings, app_key))
    if as_json:
        print_json(described)
    else:
        for name, value in described.items():
            click.echo(f"{name:<14} {', '.join(value) if isinstance(value, tuple) else value}")


@app_command.command("disable")
@click.argument("app_key")
@json_option
@settings_options
def disable(app_key: str, as_json: bool, settings: Settings) -> None:
    """Refuse the app APP_KEY from now on."""
    changed = _change(settings, app_key, lambda found: msgspec.structs.replace(found, disabled=True))
    _tell(changed, f"Disabled {app_key}.", as_json=as_json)


@app_command.command("enable")
@click.argument("app_key")
@json_option
@settings_options
def enable(app_key: str, as_json: bool, settings: Settings) -> None:
    """Let the app APP_KEY in again."""
    changed = _change(settings, app_key, lambda found: msgspec.structs.replace(found, disabled=False))
    _tell(changed, f"Enabled {app_key}.", as_json=as_json)


@app_command.command("rotate")
@click.argument("app_key")
@click.option(
    "--overlap",
    type=click.FloatRange(min=0, max=_LONGEST_OVERLAP),
    metavar="HOURS",
    help="For how long the old secret stays valid.  [default: 24]",
)
@click.option("--now", "at_once", is_flag=True, help="End the old secret and all tokens at once, as after a leak.")
@json_option
@_output_option
@settings_options
def rotate(
    app_key: str, overlap: float | None, at_once: bool, as_json: bool, output: Path | None, settings: Settings
) -> None:
    """Give the app APP_KEY a new secret. The old one stays valid for a day, so that programs can be changed one by one.

    Rotated again meanwhile, each old secret stays valid until its own end. A token lives its two hours, whichever
    secret it was given for. --now ends all old secrets, and all tokens of the app.
    """
    if at_once and overlap is not None:
        raise click.UsageError("--now ends the old secret at once, and --overlap keeps it: leave one of them out.")
    secret, now = new_secret(), time.time()
    hours = overlap
    if hours is None:
        hours = 0.0 if at_once else _OVERLAP
    seconds = hours * 3600
    with secret_file(output, {"appKey": app_key, "appSecret": secret}):
        changed = _change(settings, app_key, lambda found: rotated(found, hash_of(secret), seconds, now))
    if output is None:
        _print_secret(app_key, secret, as_json=as_json, old_until=_old_until(changed))
    else:
        say(f"Rotated {app_key}; its new secret is in {output}, which only this user can read.")


@app_command.command("grant")
@click.argument("app_key")
@click.argument("scope", default=_READ)
@json_option
@settings_options
def grant(app_key: str, scope: str, as_json: bool, settings: Settings) -> None:
    """Give the app APP_KEY a SCOPE."""

    def granted(found: App) -> App:
        check_scopes(found.type, (scope,), services_of(settings).scopes)
        return msgspec.structs.replace(found, scopes=tuple(sorted({*found.scopes, scope})))

    _tell(_change(settings, app_key, granted), f"Granted {scope} to {app_key}.", as_json=as_json)


@app_command.command("revoke")
@click.argument("app_key")
@click.argument("scope", default=_READ)
@json_option
@settings_options
def revoke(app_key: str, scope: str, as_json: bool, settings: Settings) -> None:
    """Take a SCOPE from the app APP_KEY."""

    def revoked(found: App) -> App:
        if scope not in found.scopes:
            raise BadValue(f"{app_key} does not have {scope}", f"`reportdata app show {app_key}` tells what it has")
        return msgspec.structs.replace(found, scopes=tuple(has for has in found.scopes if has != scope))

    _tell(_change(settings, app_key, revoked), f"Revoked {scope} from {app_key}.", as_json=as_json)


@click.command("token")
@click.argument("app_key")
@json_option
@settings_options
def token_command(app_key: str, as_json: bool, settings: Settings) -> None:
    """Print a token of the app APP_KEY, or of the only one of that name, for trying things.

    Whoever may read the data folder needs no secret. Programs get theirs with key and secret from
    /v1.0/oauth2/accessToken.
    """
    found = _known_app(settings, app_key)
    text, kept = mint(found, time.time())
    open_store(settings).add_token(kept)
    if as_json:
        print_json({"accessToken": text, "expireIn": TOKEN_LIFETIME})
    else:
        click.echo(text)


def _known_app(settings: Settings, app_key: str) -> App:
    """The app of that key, or else the only one of that name."""
    store = open_existing_store(settings)
    found = store.app(app_key)
    if found is None:
        named = [app for app in store.apps() if app.name == app_key]
        if len(named) == 1:
            return named[0]
        require_written("app_key", app_key)
        raise NotKnown(f"there is no app {app_key!r}", "`reportdata app list` shows all")
    return found


def _change(settings: Settings, app_key: str, change: Callable[[App], App]) -> App:
    return open_existing_store(settings).change_app(app_key, change)


def _old_until(found: App) -> str | None:
    """When the last old secret ends that is valid now."""
    ends = [old.until for old in found.old_secrets_at(time.time())]
    return datetime.fromtimestamp(max(ends), UTC).isoformat() if ends else None


def _tell(changed: App, done: str, *, as_json: bool) -> None:
    """Tell what was done, or how the app is now."""
    if as_json:
        print_json(_described(changed))
    else:
        tell(done)


def _print_secret(app_key: str, secret: str, *, as_json: bool, old_until: str | None = None) -> None:
    warn_of_readers("--output FILE makes a file that only its owner can read")
    if as_json:
        overlap = {"oldSecretUntil": old_until} if old_until else {}
        print_json({"appKey": app_key, "appSecret": secret, **overlap})
        return
    click.echo(f"appKey     {app_key}")
    click.echo(f"appSecret  {secret}")
    if old_until:
        say(f"The old secret is valid until {old_until}.", err=True)
    say("Keep the secret now: only its hash is stored, and it is not shown again.", err=True)


def _described(found: App) -> dict[str, object]:
    return {
        "appKey": found.app_key,
        "name": found.name,
        "type": found.type.value,
        "corpId": found.corp_id,
        "scopes": found.scopes,
        "allowList": found.allow_list,
        "rate": found.rate,
        "disabled": found.disabled,
        "oldSecretUntil": _old_until(found),
        "unknown": _UNKNOWN[found.zero_unknown],
    }
