"""Completion in shells: click's own, for a command line whose first word may be a sub-command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

VARIABLE: Final = "_MAILAUDIT_COMPLETE"
"""What a shell asks for: ``bash_source`` for the script, ``bash_complete`` for the words, zsh and fish alike."""
NAME: Final = "mailaudit"


def script(command: click.Command, shell: str) -> str:
    """Return the script that a shell of a name must read; empty for a shell that is not known."""
    kind = get_completion_class(shell)
    # The class for bash would run bash to ask for its version.
    return ShellComplete.source(kind(command, {}, NAME, VARIABLE)) + "\n" if kind else ""


def completed(command: click.Command, subcommands: Mapping[str, click.Command]) -> str:
    """Return what the shell asked for by the environment."""
    shell, _, what = os.environ[VARIABLE].partition("_")
    kind = get_completion_class(shell)
    if kind is None or what != "complete":
        return script(command, shell)
    words = kind(command, {}, NAME, VARIABLE)
    arguments, incomplete = words.get_completion_args()
    named = [] if arguments else [CompletionItem(name) for name in subcommands if name.startswith(incomplete)]
    if arguments and arguments[0] in subcommands:
        command, arguments = subcommands[arguments[0]], arguments[1:]
    # In bash's script an item that stands for files drops those before it.
    items = [*kind(command, {}, NAME, VARIABLE).get_completions(arguments, incomplete), *named]
    return "".join(f"{words.format_completion(item)}\n" for item in items)
