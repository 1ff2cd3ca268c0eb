"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from reportdata.cli.databases import database_at
from reportdata.cli.engines import ENGINES
from reportdata.cli.rights import require_closed, require_own
from reportdata.errors import BadValue
from reportdata.services import REPORTS
from reportdata.services.counting import is_counted
from reportdata.settings import Settings

Command = Callable[..., Any]


def variable_option(name: str, *names: str, **more: Any) -> Callable[[Command], Command]:
    """An option that a variable of the environment sets, too: ``--lake-cache`` is ``REPORTDATA_LAKE_CACHE``."""
    variable = name.partition("/")[0].strip("-").replace("-", "_").upper()
    more.setdefault("envvar", f"REPORTDATA_{variable}")
    return click.option(name, *names, show_envvar=True, **more)


class ServicesFolder(click.Path):
    """A folder of services, or the word for the package's own that are counted from facts."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_counted(Path(value).parts):
            return Path(value)
        self.exists = True
        return super().convert(value, param, ctx)


_GIGABYTE = 1_000_000_000
_CACHE = 10.0
"""Gigabytes that are kept of a lake in object storage."""


def data_option(command: Command) -> Command:
    """The data folder."""
    return variable_option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path, readable=False),
        default=Path("reportdata-data"),
        show_default="./reportdata-data",
        help="The data folder.",
    )(command)


def store_option(command: Command) -> Command:
    """Where the store is, if it is not in the data folder."""
    return variable_option(
        "--store",
        "database",
        metavar="ADDRESS",
        help="A PostgreSQL database for the store and for what is pushed, in place of the data folder: "
        "postgresql://USER@HOST/DATABASE.",
    )(command)


def lake_options(command: Command) -> Command:
    """Where the lake is, for commands that read or write it; `settings_options` takes it into the settings."""
    at = variable_option(
        "--lake",
        "lake_at",
        metavar="FOLDER|s3://BUCKET/PREFIX",
        show_default="lake in the data folder",
        help="Where the facts lie. Object storage is spoken to as AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY say.",
    )
    cache = variable_option(
        "--lake-cache",
        metavar="GB",
        type=click.FloatRange(min=0),
        default=_CACHE,
        show_default=True,
        help="How much of a lake in object storage is kept in the data folder, to be read again.",
    )
    return at(cache(command))


def services_option(command: Command) -> Command:
    """Services besides the package's own."""
    return variable_option(
        "--services",
        metavar="FOLDER",
        type=ServicesFolder(file_okay=False, path_type=Path),
        multiple=True,
        help="A folder of a service, or of several, besides the built-in ones; any number of them. In place of one, "
        "counted: built-in services that are known from official figures are counted from facts.",
    )(command)


def settings_options(command: Command) -> Command:
    """Where everything lies, closed to others; the command is given it as ``settings``."""
    return data_option(rights_option(place_options(command)))


def rights_option(command: Command) -> Command:
    """The data folder may be open to others only where that is said. `reportdata doctor` looks by itself."""

    @variable_option(
        "--insecure-permissions",
        is_flag=True,
        help="Use a data folder that other users of the machine can read, as where a container's volume gets a group.",
    )
    @wraps(command)
    def with_rights(*, data: Path, insecure_permissions: bool, **others: Any) -> Any:
        # A process that another one started is told its settings on standard input.
        if not others.get("with_parent"):
            require_own(data)
        if not insecure_permissions and not others.get("with_parent"):
            require_closed(data)
        return command(data=data, **others)

    return with_rights


def place_options(command: Command) -> Command:
    """As `settings_options`, of a command that has the option of the data folder already."""

    @store_option
    @services_option
    @wraps(command)
    def with_settings(
        *,
        data: Path,
        database: str | None,
        services: tuple[Path, ...],
        lake_at: str | None = None,
        lake_cache: float = _CACHE,
        **others: Any,
    ) -> Any:
        _check_link(data, "data folder")
        if database is not None:
            database_at(database)
        settings = Settings(data, database, lake_at=lake_at or None, lake_cache=int(lake_cache * _GIGABYTE))
        return command(settings=replace(settings, services=services), **others)

    return with_settings


def _check_link(folder: Path, what: str) -> None:
    if folder.is_symlink() and not folder.exists():
        reason = f"the {what} {folder} is a link to {folder.readlink()}, which is not there"
        raise BadValue(reason, "make that folder or mount its disk, or remove the link")


class Setting(click.ParamType[tuple[str, str]]):
    """A setting of another program, as name=value."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        key, equals, content = str(value).partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not a name and a value; write it like spark.executor.memory=4g", param, ctx)
        return key, content


def engine_options(command: Command) -> Command:
    """What computes; the command finds it in its ``settings``."""

    @variable_option(
        "--engine",
        type=click.Choice(list(ENGINES)),
        default=next(iter(ENGINES)),
        show_default=True,
        help="What computes days: DuckDB in this process, or Spark on a cluster.",
    )
    @variable_option(
        "--spark-master",
        metavar="URL",
        show_default="as Spark's own settings say",
        help="Where Spark's cluster is, like spark://host:7077, yarn or k8s://https://host.",
    )
    @variable_option(
        "--spark-conf",
        type=Setting(),
        multiple=True,
        help="Another of Spark's settings; any number of them.",
    )
    @wraps(command)
    def with_engine(
        *,
        settings: Settings,
        engine: str,
        spark_master: str | None,
        spark_conf: tuple[tuple[str, str], ...],
        **others: Any,
    ) -> Any:
        chosen = replace(settings, engine=engine, spark_master=spark_master, spark_conf=spark_conf)
        return command(settings=chosen, **others)

    return with_engine


def service_option(command: Command) -> Command:
    """Whose numbers; the command is given its id."""
    return click.option(
        "--service", "service_id", default=REPORTS, show_default=True, help="The service whose numbers are meant."
    )(command)


def json_option(command: Command) -> Command:
    """Output for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def verify_option(command: Command) -> Command:
    """How fast the worker looks for damage."""
    return variable_option(
        "--verify-days",
        metavar="DAYS",
        type=click.FloatRange(min=0),
        default=7,
        show_default=True,
        help="Within how many days the worker compares every file of the lake with its digest, and every day's numbers "
        "with its facts, computed again; 0 for never.",
    )(command)


def log_format_option(command: Command) -> Command:
    """The form of the log."""
    return variable_option(
        "--log-format",
        type=click.Choice(["readable", "json"]),
        default="readable",
        show_default=True,
        help="How lines of the log look, on standard error.",
    )(command)
