"""``python -m conformance [--only LANGUAGE]... [--protocol PROTOCOL] [--json]``."""

from __future__ import annotations

import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from conformance.cases import arranged_cases
from conformance.running import outcomes
from conformance.table import Results
from tests.support.languages import LANGUAGES, Language, Unprepared
from tests.support.tools import REQUIRED

PROTOCOLS = ("http", "https")
NAMES = [language.name for language in LANGUAGES]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Only this language; may be given repeatedly.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), help="Only this protocol.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
def main(only: tuple[str, ...], protocol: str | None, as_json: bool) -> None:
    """Run DingTalk's official SDKs against the real server, and print what they make of its answers."""
    logging.disable()  # servers log the errors that are asked for
    languages = [language for language in LANGUAGES if not only or language.name in only]
    protocols = (protocol,) if protocol else PROTOCOLS
    started = time.monotonic()
    found = {language.name: reason for language, reason in zip(languages, _prepared(languages), strict=True)}
    reasons = {name: str(reason) for name, reason in found.items() if reason is not None}
    fatal = [
        language.name
        for language in languages
        if (reason := found[language.name]) and not (reason.excused and REQUIRED.isdisjoint(language.tools))
    ]
    ready = [language for language in languages if language.name not in reasons]
    click.echo(f"Prepared after {time.monotonic() - started:.0f} s.", err=True)
    with TemporaryDirectory(prefix="reportdata-conformance-") as folder, ExitStack() as stack:
        cases = [case for name in protocols for case in stack.enter_context(arranged_cases(Path(folder, name), name))]
        results = Results(
            languages,
            protocols,
            list(dict.fromkeys(case.name for case in cases)),
            list(outcomes(ready, cases)),
            reasons,
        )
    click.echo(f"Done after {time.monotonic() - started:.0f} s.", err=True)
    if as_json:
        click.echo(json.dumps(results.described(), ensure_ascii=False, indent=2))
    else:
        results.show()
    if fatal and not as_json:
        click.echo(f"\nMust be run and was not: {', '.join(fatal)}.", err=True)
    sys.exit(1 if results.failures or fatal else 0)


def _prepared(languages: list[Language]) -> list[Unprepared | None]:
    def prepare(language: Language) -> Unprepared | None:
        try:
            language.prepare()
        except Unprepared as reason:
            return reason
        return None

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(prepare, languages))


if __name__ == "__main__":
    main()
