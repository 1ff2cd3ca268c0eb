"""``reportdata completion``: what a shell needs to complete commands, options and words for days."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_REPORTDATA_COMPLETE"
"""By which a shell asks the program; `click` looks at it."""


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print what SHELL needs to complete commands, options and words for days.

    \b
        reportdata completion bash >> ~/.bash_completion
        reportdata completion zsh > ~/.zfunc/_reportdata
        reportdata completion fish > ~/.config/fish/completions/reportdata.fish

    For zsh, `fpath+=~/.zfunc` comes before `compinit` in ~/.zshrc.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} cannot be completed for.")
    click.echo(found(ctx.find_root().command, {}, "reportdata", _VARIABLE).source())
