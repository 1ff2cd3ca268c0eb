"""Questions on the command line: the words of the API as options, and answers as tables and files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from reportdata.api.asking import Job
from reportdata.cli.known import only_organisation
from reportdata.cli.language import say
from reportdata.cli.local_times import moment_text
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import open_existing_store, services_of
from reportdata.cli.requiring import require_of_question
from reportdata.cli.sheet_words import wording
from reportdata.cli.words import for_people, heading_of, state_word, states_of, states_text
from reportdata.errors import BadValue
from reportdata.settings import Settings
from reportdata.states import State, least_certain
from reportdata.statistics.answers import MOST_ROWS, Answer
from reportdata.statistics.question import FORMATS
from reportdata.statistics.words import PARAMETERS, read_question, service_in

FORMS = ("table", "jsonl", *FORMATS)
"""How answers are given: a row a line in ``jsonl``, with no word of the whole."""
_BAR = 24
"""Characters of the longest bar."""
_WORDS = {
    "range_": "range",
    "by": "by",
    "metrics": "metrics",
    "departments": "department",
    "templates": "template",
    "users": "user",
    "belonging": "departments",
    "order": "order",
    "as_of": "asOf",
}
"""Options, and the parameters that they stand for."""


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a question is made of besides its days; the command is given ``words``, the parameters that were used."""

    @click.option("--range", "range_", help=PARAMETERS["range"])
    @click.option("--by", help=PARAMETERS["by"])
    @click.option("--metrics", help=PARAMETERS["metrics"])
    @click.option("--department", "departments", multiple=True, help=PARAMETERS["department"])
    @click.option("--template", "templates", multiple=True, help=PARAMETERS["template"])
    @click.option("--user", "users", multiple=True, help=PARAMETERS["user"])
    @click.option("--children", is_flag=True, help="Departments below the named ones, too.")
    @click.option("--departments", "belonging", type=click.Choice(["then", "now"]), help=PARAMETERS["departments"])
    @click.option("--order", help=PARAMETERS["order"])
    @click.option("--as-of", help=PARAMETERS["asOf"])
    @click.option("--names", is_flag=True, help="Names of people beside their ids, where names are turned on.")
    @wraps(command)
    def with_words(*, children: bool, names: bool, **options: Any) -> Any:
        flags = (("children", children), ("names", names))
        words: list[tuple[str, str]] = [(name, "true") for name, is_set in flags if is_set]
        for option, parameter in _WORDS.items():
            value = options.pop(option)
            words += [(parameter, one) for one in (value if isinstance(value, tuple) else [value]) if one is not None]
        return command(words=words, **options)

    return with_words


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """How an answer is given, by its name or as --json; the command is given ``format_``."""

    @click.option("--format", "format_", type=click.Choice(FORMS), help="What to print.  [default: table]")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs, as --format json does.")
    @wraps(command)
    def with_format(*, format_: str | None, as_json: bool, **others: Any) -> Any:
        if as_json and format_ not in (None, "json"):
            raise click.UsageError(f"--json is given with --format {format_}: give one of them")
        return command(format_=format_ or ("json" if as_json else FORMS[0]), **others)

    return with_format


def print_answer(
    words: Sequence[tuple[str, str]],
    corp_id: str | None,
    format_: str,
    output: Path | None,
    settings: Settings,
    required: str | None = None,
) -> None:
    """Answer a question and print it, or write it to a file. Nothing is cut into pages.

    :raises NotKnownYet: when the days are less certain than is required.
    """
    service, now = service_in(words, services_of(settings)), time.time()
    question = msgspec.structs.replace(read_question(words, service), page_size=MOST_ROWS)
    form = Form(format_, output, _print_table)
    print_found(lambda corp: Job(corp, now, question, service=service.id), corp_id, form, settings)
    if required is not None:
        store = open_existing_store(settings)
        require_of_question(required, question, service, (store, only_organisation(store, corp_id)), now)


class Form(NamedTuple):
    """How an answer is given: its format, the file that it is written to, what prints it as a table, and what tells
    people beside a file what that has no place for."""

    format: str
    output: Path | None
    print_table: Callable[[Answer], None]
    beside: Callable[[Answer], None] = lambda _answer: None


def print_found(job: Callable[[str], Job], corp_id: str | None, form: Form, settings: Settings) -> None:
    """Do a job about an organisation and print what is found, or write it to a file."""
    from reportdata.cli.answering import answering
    from reportdata.pipeline.answer_files import write_answer

    format_, output = form.format, form.output
    if format_ in ("xlsx", "parquet") and output is None:
        raise BadValue(f"{format_} is not for a terminal", "name a file with --output")
    if format_ == "table" and output is not None:
        raise BadValue("a table is for a terminal", f"choose one of {', '.join(FORMS[1:])} with --format")
    store = open_existing_store(settings)
    corp_id = only_organisation(store, corp_id).corp_id
    with answering(settings, store=store) as work:
        answer = work.found(job(corp_id))
        if output is not None:
            aside = output.with_name(f".{output.name}.part")
            try:
                shown = for_people(answer) if format_ == "xlsx" else answer
                write_answer(shown, format_, aside, work.engine, wording=wording())
                aside.replace(output)
            except OSError as error:
                raise BadValue(f"{output} cannot be written: {error.strerror or error}", "name another file") from error
            finally:
                aside.unlink(missing_ok=True)
            form.beside(answer)
            return
    if format_ == "json":
        print_json({"data": answer.data, "meta": answer.meta})
    elif format_ == "jsonl":
        for row in answer.data:
            print_json(row)
        form.beside(answer)
    elif format_ == "csv":
        _print_csv(answer)
        form.beside(answer)
    else:
        form.print_table(answer)


def _print_csv(answer: Answer) -> None:
    import csv

    from reportdata.pipeline.answer_files import guarded

    names = [column["name"] for column in answer.meta["columns"]]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([guarded(row[name]) for name in names] for row in answer.data)


def _print_table(answer: Answer) -> None:
    """The rows, on a terminal with bars of the first number."""
    meta = answer.meta
    columns = [c for c in meta["columns"] if c["name"] not in ("periodStart", "periodEnd", "states", "days")]
    counted = [column["name"] for column in columns if "kpiId" in column]
    names = {column["name"]: heading_of(column) for column in columns}
    called = {name: names[name] for name in counted}
    place_of_state = next(at for at, column in enumerate(columns) if column["name"] == "state")
    most = max((row[counted[0]] or 0 for row in answer.data), default=0)
    bars = sys.stdout.isatty() and len(answer.data) > 1 and most > 0

    def cells(row: dict[str, Any]) -> list[object]:
        shown: list[object] = [_shown(row[column["name"]], column["type"]) for column in columns]
        shown[place_of_state] = states_text(states_of(row, called))
        shown[-1] = f"{row['coveredDays']:d} of {row['days']:d}"
        return [*shown, "█" * round(_BAR * (row[counted[0]] or 0) / most)] if bars else shown

    if answer.data:  # what is said below tells why there is none
        print_table(
            [*names.values(), *([names[counted[0]]] if bars else [])],
            map(cells, answer.data),
            numbers=[place for place, column in enumerate(columns) if column["type"] in ("integer", "number")],
            messages=(len(columns) - 1,),
            ids=True,
            least=[
                *([len(columns)] if bars else []),
                *(at for at, column in enumerate(columns) if column["name"] == "asOf"),
            ],
        )
    known_at = datetime.fromisoformat(meta["asOf"]).isoformat(" ", "minutes")
    certainty = states_text(_of_all(answer.data, called)).text if answer.data else state_word(meta["state"])
    say(f"{meta['from']} to {meta['to']}, {meta['timeZone']}, as known at {known_at}: {certainty}")
    for said in (meta["emptyReason"], *meta["notes"]):
        if said:
            say(said)


def _shown(value: object, type_: str) -> object:
    """A cell for people: what was divided, with so many digits as are read; moments in local time; others as they
    are."""
    if value is None:
        return "–"
    if type_ == "moment":
        return moment_text(str(value))
    return round(value, 4) if type(value) is float else value


def _of_all(rows: Sequence[Mapping[str, Any]], called: Mapping[str, str]) -> dict[str, str]:
    """The least certain state of each number in all rows, by what it is called."""
    found = [states_of(row, called) for row in rows]
    return {name: least_certain([State(one[name]) for one in found]).value for name in called.values()}
