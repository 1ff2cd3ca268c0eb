"""``reportdata app`` and ``reportdata token``: who may ask for the numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from reportdata.cli.app_secrets import output_option, print_secret, rotate
from reportdata.cli.known import known_organisation
from reportdata.cli.known_apps import UNKNOWN, change_app, described, known_app, old_text, print_app, tell_change
from reportdata.cli.language import say, tell
from reportdata.cli.language.help import Group
from reportdata.cli.local_times import shared_zone
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_existing_store, open_store, services_of
from reportdata.cli.secret_files import secret_file
from reportdata.errors import BadValue
from reportdata.identity import App, AppType, check_scopes, hash_of, new_app_key, new_secret, read_network
from reportdata.services import read_reports
from reportdata.settings import Settings

_READ = read_reports().scope
"""The scope that apps get unless they get others."""
SCOPES_OF_NEW_APPS = {AppType.INTERNAL: (_READ,)}


def unknown_option(default: str | None) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """What an app is answered in place of a number that is not known."""
    return click.option(
        "--unknown",
        type=click.Choice(UNKNOWN),
        default=default,
        show_default=default is not None,
        help="What a row has for a number that is not known: nothing, or 0, for programs that need every key. The "
        "headers say in either case that it is missing.",
    )


@click.group("app", cls=Group)
def app_command() -> None:
    """Apps: add, set, list, show, disable, enable, rotate, grant, revoke."""


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
@unknown_option(UNKNOWN[0])
@json_option
@output_option
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
        print_secret(added.app_key, secret, as_json=as_json)
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

    now = change_app(settings, app_key, changed)
    if as_json:
        print_json(described(now))
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
    store = open_existing_store(settings)
    apps, zone = store.apps(), shared_zone(store.organisations())
    if as_json:
        print_json([described(found) for found in apps])
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
                    old_text(a, zone),
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
    found = known_app(settings, app_key)
    if as_json:
        print_json(described(found))
    else:
        print_app(found, shared_zone(open_existing_store(settings).organisations()))


@app_command.command("disable")
@click.argument("app_key")
@json_option
@settings_options
def disable(app_key: str, as_json: bool, settings: Settings) -> None:
    """Refuse the app APP_KEY from now on."""
    changed = change_app(settings, app_key, lambda found: msgspec.structs.replace(found, disabled=True))
    tell_change(changed, f"Disabled {app_key}.", as_json=as_json)


@app_command.command("enable")
@click.argument("app_key")
@json_option
@settings_options
def enable(app_key: str, as_json: bool, settings: Settings) -> None:
    """Let the app APP_KEY in again."""
    changed = change_app(settings, app_key, lambda found: msgspec.structs.replace(found, disabled=False))
    tell_change(changed, f"Enabled {app_key}.", as_json=as_json)


app_command.add_command(rotate)


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

    tell_change(change_app(settings, app_key, granted), f"Granted {scope} to {app_key}.", as_json=as_json)


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

    tell_change(change_app(settings, app_key, revoked), f"Revoked {scope} from {app_key}.", as_json=as_json)
