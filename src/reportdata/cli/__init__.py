"""The command line: one command a verb. It parses, wires the parts together, calls one function and prints."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from reportdata import __version__
from reportdata.cli.configuration import NAME, VARIABLE, read_configuration
from reportdata.cli.exits import Exit, exit_of
from reportdata.cli.language import LANGUAGES, chosen, say, speaking
from reportdata.cli.language import VARIABLE as LANGUAGE
from reportdata.cli.language.help import Failed, Formatter, Group, Misused
from reportdata.cli.logs import configure_log
from reportdata.cli.loudness import add_loudness, loudness_options
from reportdata.cli.terminals import prepare_streams, visible
from reportdata.errors import ReportDataError

_MODULES = {
    "init": "starting",
    "import": "importing",
    "imports": "imports",
    "unimport": "imports",
    "source": "sources",
    "collect": "collecting",
    "budget": "budgets",
    "refresh": "refreshing",
    "compact": "compaction",
    "query": "numbers",
    "changes": "explaining",
    "explain": "explaining",
    "status": "numbers",
    "mirror": "mirroring",
    "figures": "figures",
    "reconcile": "reconciling",
    "org": "organisations",
    "app": "apps",
    "token": "app_secrets",
    "link": "links",
    "serve": "serving",
    "work": "working",
    "answer": "answering",
    "bring": "bringing",
    "mcp": "assisting",
    "audit": "reads",
    "demo": "demo",
    "open": "opening",
    "twin": "twin",
    "backup": "backups",
    "restore": "backups",
    "store": "stores",
    "forget": "forgetting",
    "remember": "forgetting",
    "doctor": "doctor",
    "repair": "repair",
    "config": "configuring",
    "completion": "completion",
    "man": "manual",
}
"""The module of each command, in the order of the help. It is imported when the command is asked for, so that serving
loads nothing that computes."""


_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why what is printed cannot be written; a pipe that nobody reads is no error."""

click.Context.formatter_class = Formatter
log = logging.getLogger("reportdata.cli")


class _Commands(Group):
    """Finds commands by name, and turns this package's errors into one message and an exit code. It speaks the language
    that is asked for, from reading the arguments to the end."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **named: Any) -> Any:
        given = sys.argv[1:] if args is None else args
        with speaking(chosen(given, os.getenv)):
            try:
                return super().main(args, *others, **named)
            except OSError as error:
                if error.filename is not None or error.errno not in _OUTPUT:  # what is read or written has a name
                    raise
                with suppress(OSError):
                    Failed(f"standard output cannot be written: {error.strerror}").show()
                sys.exit(Exit.FAILED)

    def make_context(self, *given: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*given, **named)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise Misused(visible(error.format_message()), error.ctx) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # which knows no command that is not imported yet
            raise click.NoSuchCommand(error.command_name, possibilities=_MODULES, ctx=ctx) from None

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), f"{cmd_name}_command")
        add_loudness(command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ReportDataError as error:
            log.debug("it ended by an error", exc_info=error)
            failed = Failed(visible(f"{error.message}\n  {error.hint}" if error.hint else error.message))
            failed.exit_code = int(exit_of(error))  # type: ignore[misc]
            raise failed from error
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise Misused(visible(error.format_message()), error.ctx) from error
        except (click.Abort, EOFError, KeyboardInterrupt) as error:
            if not isinstance(error, click.Abort):
                say("", err=True)
            say("Aborted!", err=True)
            ended = Exit.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Exit.FAILED
            raise click.exceptions.Exit(ended) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    envvar=LANGUAGE,
    show_envvar=True,
    expose_value=False,
    help="The language of help, messages and errors.  [default: the locale's, from LC_ALL, LC_MESSAGES or LANG]",
)
@click.version_option(__version__, package_name="reportdata", message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    envvar=VARIABLE,
    show_envvar=True,
    help=f"A file of settings, in TOML.  [default: {NAME} in the working folder, if there is one]",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Count an organisation's work reports as DingTalk does, and serve the numbers as DingTalk did.

    `reportdata demo` shows everything at once, and `reportdata open FILE` your own file. For a server: `org add`,
    `import`, `app add`, `serve`.
    """
    configure_log()
    name = ctx.invoked_subcommand or ""
    command = ctx.command.get_command(ctx, name) if isinstance(ctx.command, click.Group) else None
    if command is not None and not command.hidden:  # a process that another one starts has its settings from that
        found = ctx.obj = read_configuration(config)
        log.debug("settings are read from %s", found.path or "no file")
        found.check(_MODULES)
        ctx.default_map = {name: found.defaults(command, [name])}


cli.params += loudness_options()


def main() -> None:
    """The console script."""
    prepare_streams()
    cli(prog_name="reportdata")
