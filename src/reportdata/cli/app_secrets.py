"""``reportdata app rotate`` and ``reportdata token``: the secrets and tokens of apps."""

from __future__ import annotations

import time
from pathlib import Path

import click

from reportdata.cli.known_apps import change_app, known_app, old_until
from reportdata.cli.language import say
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json
from reportdata.cli.places import open_store
from reportdata.cli.secret_files import secret_file, warn_of_readers
from reportdata.identity import TOKEN_LIFETIME, hash_of, mint, new_secret, rotated
from reportdata.settings import Settings

_OVERLAP = 24.0
"""Hours for which an old secret stays valid, unless it is said otherwise."""
_LONGEST_OVERLAP = 24.0 * 90
"""Hours."""

output_option = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write key and secret as JSON to this new file, which only this user can read, in place of printing them.",
)


@click.command("rotate")
@click.argument("app_key")
@click.option(
    "--overlap",
    type=click.FloatRange(min=0, max=_LONGEST_OVERLAP),
    metavar="HOURS",
    help="For how long the old secret stays valid.  [default: 24]",
)
@click.option("--now", "at_once", is_flag=True, help="End the old secret and all tokens at once, as after a leak.")
@json_option
@output_option
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
    app_key = known_app(settings, app_key).app_key
    secret, now = new_secret(), time.time()
    hours = overlap
    if hours is None:
        hours = 0.0 if at_once else _OVERLAP
    seconds = hours * 3600
    with secret_file(output, {"appKey": app_key, "appSecret": secret}):
        changed = change_app(settings, app_key, lambda found: rotated(found, hash_of(secret), seconds, now))
    if output is None:
        print_secret(app_key, secret, as_json=as_json, old_until=old_until(changed))
    else:
        say(f"Rotated {app_key}; its new secret is in {output}, which only this user can read.")


@click.command("token")
@click.argument("app_key")
@json_option
@settings_options
def token_command(app_key: str, as_json: bool, settings: Settings) -> None:
    """Print a token of the app APP_KEY, or of the only one of that name, for trying things.

    Whoever may read the data folder needs no secret. Programs get theirs with key and secret from
    /v1.0/oauth2/accessToken.
    """
    found = known_app(settings, app_key)
    text, kept = mint(found, time.time())
    open_store(settings).add_token(kept)
    if as_json:
        print_json({"accessToken": text, "expireIn": TOKEN_LIFETIME})
    else:
        click.echo(text)


def print_secret(app_key: str, secret: str, *, as_json: bool, old_until: str | None = None) -> None:
    """Print a new secret, this once."""
    warn_of_readers()
    if as_json:
        overlap = {"oldSecretUntil": old_until} if old_until else {}
        print_json({"appKey": app_key, "appSecret": secret, **overlap})
        return
    click.echo(f"appKey     {app_key}")
    click.echo(f"appSecret  {secret}")
    if old_until:
        say(f"The old secret is valid until {old_until}.", err=True)
    say("Keep the secret now: only its hash is stored, and it is not shown again.", err=True)
