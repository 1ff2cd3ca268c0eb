"""``reportdata changes`` and ``reportdata explain``: what changed, and what a number is made of."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from reportdata.api.asking import Job
from reportdata.cli.language import is_english, say, spoken
from reportdata.cli.local_times import moment_text
from reportdata.cli.options import lake_options, service_option, settings_options
from reportdata.cli.output import print_table
from reportdata.cli.periods import DAY, DaysCommand, Today
from reportdata.cli.places import open_existing_store, services_of
from reportdata.cli.questions import Form, format_option, print_found
from reportdata.cli.words import causes_text, heading_of, metric_of, state_word
from reportdata.plurals import count_of
from reportdata.settings import Settings
from reportdata.statistics.answers import MOST_ROWS, Answer
from reportdata.statistics.changes import CHANGES_PARAMETERS, read_changes
from reportdata.statistics.explained import EXPLAIN_PARAMETERS, read_explained
from reportdata.statistics.question import LANGUAGES
from reportdata.statistics.words import SERVICE, service_in

_MOST_SHOWN = 50
"""Records that a table has."""
_SETS = {"new": "只在前者", "gone": "只在后者", "both": "两者都有"}
"""Where a record is that is compared, in Chinese."""
_output = click.option(
    "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, all rows."
)
_corp = click.option("--corp", "corp_id", help="The organisation; needed when there are several.")


@click.command("changes")
@click.option("--since", required=True, help=CHANGES_PARAMETERS["since"])
@click.option("--from", "first_day", type=DAY, help=CHANGES_PARAMETERS["from"])
@click.option("--to", "last_day", type=DAY, help=CHANGES_PARAMETERS["to"])
@click.option("--metrics", help=CHANGES_PARAMETERS["metrics"])
@click.option("--as-of", help=CHANGES_PARAMETERS["asOf"])
@service_option
@_corp
@format_option
@_output
@lake_options
@settings_options
def changes_command(
    since: str,
    first_day: str | None,
    last_day: str | None,
    metrics: str | None,
    as_of: str | None,
    service_id: str,
    corp_id: str | None,
    format_: str,
    output: Path | None,
    settings: Settings,
) -> None:
    """Print the numbers of days that changed, what they were and are, when that was, and what changed them.

    A cause is an import with its file (`reportdata imports` shows them), a push, a collection, a withdrawal by one of
    these, an import that was taken back, a person who was forgotten, a repair, a new definition, or coverage: days came
    to be observed or are observed no more. What changed before causes were kept is unknown. The place that is printed
    last gives the changes after these when it is asked --since, none of them missing and none twice; files have it on
    standard error. It is what GET /v1/statistics/changes answers.
    """
    words = {"since": since, "from": first_day, "to": last_day, "metrics": metrics, "asOf": as_of}
    today = Today.of(open_existing_store(settings).organisations(), corp_id, time.time())
    pairs = today.words((name, value) for name, value in words.items() if value is not None)
    service = service_in([(SERVICE, service_id)], services_of(settings))
    asked = msgspec.structs.replace(read_changes(pairs, service), page_size=MOST_ROWS)
    names = {kpi.name_of_column: kpi.name for kpi in service.kpis}
    form = Form(format_, output, partial(_print_changes, names), _tell_next)
    print_found(lambda corp: Job(corp, time.time(), changes=asked, service=service.id), corp_id, form, settings)


@click.command("explain", cls=DaysCommand)
@click.argument("metric")
@click.argument("first_day", metavar="DAY", type=DAY, required=False)
@click.option("--to", "last_day", type=DAY, help="The last day of a period that begins with DAY.")
@click.option("--range", "range_", help=EXPLAIN_PARAMETERS["range"])
@click.option("--department", "departments", multiple=True, help=EXPLAIN_PARAMETERS["department"])
@click.option("--template", "templates", multiple=True, help=EXPLAIN_PARAMETERS["template"])
@click.option("--user", "users", multiple=True, help=EXPLAIN_PARAMETERS["user"])
@click.option("--children", is_flag=True, help="Departments below the named ones, too.")
@click.option("--departments", "belonging", type=click.Choice(["then", "now"]), help=EXPLAIN_PARAMETERS["departments"])
@click.option("--as-of", help=EXPLAIN_PARAMETERS["asOf"])
@click.option("--than", help="Another cell to compare with, like day=2021-06-19 or asOf=2021-06-22T08:00:00+08:00.")
@click.option("--names", is_flag=True, help="Names of people beside their ids, where names are turned on.")
@click.option("--lang", type=click.Choice(LANGUAGES), show_default="that of the command line")
@service_option
@_corp
@format_option
@_output
@lake_options
@settings_options
def explain_command(
    metric: str,
    service_id: str,
    corp_id: str | None,
    format_: str,
    output: Path | None,
    settings: Settings,
    **options: Any,
) -> None:
    """Print what a number is made of: METRIC of DAY (yyyyMMdd) or of any range. It is reports, senders or commenters;
    of another --service the id of one of its KPIs.

    That is a sentence, the definition, the values that the number has had with what changed them, and the records that
    it was counted from. With --than the records are those that are new in the one number, gone from the other, or in
    both. It is what GET /v1/statistics/explain answers.
    """
    today = Today.of(open_existing_store(settings).organisations(), corp_id, time.time())
    first_day, last_day = today.asked(options["first_day"], options["last_day"])
    words = {
        "from": first_day,
        "to": last_day,
        "range": options["range_"],
        "children": "true" if options["children"] else None,
        "departments": options["belonging"],
        "asOf": options["as_of"],
        "than": options["than"],
        "lang": options["lang"] or spoken(),
        "names": "true" if options["names"] else None,
    }
    pairs = [("metric", metric), *((name, value) for name, value in words.items() if value is not None)]
    for name in ("department", "template", "user"):
        pairs += [(name, value) for value in options[f"{name}s"]]
    service = service_in([(SERVICE, service_id)], services_of(settings))
    asked = read_explained(today.words(pairs), service)
    cell = msgspec.structs.replace(asked.cell, page_size=_MOST_SHOWN if format_ == "table" else MOST_ROWS)
    asked = msgspec.structs.replace(asked, cell=cell)
    form = Form(format_, output, _print_explained)
    records = service.has_facts
    print_found(
        lambda corp: Job(corp, time.time(), explained=asked, with_records=records, service=service.id),
        corp_id,
        form,
        settings,
    )


def _print_changes(names: Mapping[str, str], answer: Answer) -> None:
    """:param names: of the metrics."""
    rows = [
        {**row, "metric": metric_of(row["metric"], names), "state": state_word(row["state"])} for row in answer.data
    ]
    _print_rows(answer.meta["columns"], rows, numbers=(2, 3))
    since = answer.meta["since"]
    since = moment_text(since) if "T" in since else since
    say(f"{count_of(answer.meta['totalRows'], 'change', 'changes')} since {since}, {answer.meta['timeZone']}")
    if answer.meta["emptyReason"]:
        say(answer.meta["emptyReason"])
    if answer.meta["nextSince"] is not None:
        say(_next(answer))


def _tell_next(answer: Answer) -> None:
    if answer.meta["nextSince"] is not None:
        say(_next(answer), err=True)


def _next(answer: Answer) -> str:
    return f"Later changes: --since {answer.meta['nextSince']}"


def _print_explained(answer: Answer) -> None:
    meta = answer.meta
    click.echo(meta["sentence"])
    definition = meta["definition"]
    calibres = dict.fromkeys((definition["kpiCaliber"], definition["calibre"]))
    click.echo(f"{definition['kpiId']} {definition['kpiName']}: {'; '.join(calibres)}")
    if meta["than"] is not None:
        click.echo(meta["than"]["sentence"])
        sets = meta["sets"].items()
        click.echo(
            ", ".join(f"{number:,} {name}" if is_english() else f"{_SETS[name]} {number:,}" for name, number in sets)
        )
    _print_rows([{"name": name} for name in ("when", "was", "is", "cause")], meta["history"], numbers=(1, 2))
    if answer.data:
        _print_rows([column for column in meta["columns"] if column["name"] != "item"], answer.data)
    left = meta["totalRows"] - len(answer.data)
    if left > 0:
        say(f"and {count_of(left, 'more record', 'more records')}: --format csv has all")
    for said in (meta["emptyReason"], *meta["notes"]):
        if said:
            say(said)


def _print_rows(
    columns: Sequence[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]], numbers: tuple[int, ...] = ()
) -> None:
    """Rows with some columns of an answer's ``meta``; nothing where none are, as what is said besides tells why."""

    def cell(row: Mapping[str, Any], column: Mapping[str, Any]) -> object:
        name, value = column["name"], row[column["name"]]
        if value is None:
            return "–"
        if column.get("type") == "moment" or name == "when":
            return moment_text(value)
        if name == "set" and not is_english():
            return _SETS[value]
        return causes_text(value) if name in ("cause", "origin") else value

    if not (found := list(rows)):
        return
    cells = ([cell(row, column) for column in columns] for row in found)
    print_table(list(map(heading_of, columns)), cells, numbers=numbers, ids=True)
