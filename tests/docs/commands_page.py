"""Writes docs/reference/commands.md from the commands themselves: `python -m tests.docs.commands_page`."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer.main

from core.model.runs import ExitCode
from tests.architecture.source import ROOT
from understudy.commands import COMMANDS
from understudy.main import app

PAGE = ROOT / "docs" / "reference" / "commands.md"
HEAD = """# Commands

Every command works on an installation: a folder with a bots.toml, the current one unless `--folder DIR` stands before
the command. `--json` prints the same facts for machines. This page is written from the program by
`python -m tests.docs.commands_page`.

## Exit codes

| code | meaning |
|---|---|
"""
MEANINGS = {
    ExitCode.GREEN: "balanced and nothing failed, with or without cases for people",
    ExitCode.FAILED: "a failure, an imbalance, or a decision that was refused",
    ExitCode.CASES: "with `--strict`: as 0, but cases wait for people",
    ExitCode.STOPPED: "stopped by a window or a hold",
    ExitCode.TARGET: "a target is not available",
    ExitCode.CREDENTIALS: "a secret is missing, or a target refused it",
    ExitCode.CONFIGURATION: "a file or the machine must be mended; every problem is told",
    ExitCode.TRAIL: "the trail is not whole, or cannot be read",
}


def page() -> str:
    """Return the page as it should be."""
    codes = {int(code): meaning for code, meaning in MEANINGS.items()} | {
        2: "the command was typed wrongly",
        130: "interrupted; the next run goes on from there",
    }
    rows = [f"| {code} | {meaning} |\n" for code, meaning in sorted(codes.items())]
    root = typer.main.get_command(app)
    parts = [HEAD, *rows, "\n", *_command("understudy", root)]
    for name, command in COMMANDS.items():
        found = typer.main.get_command(import_module(command.module).app)
        for path, one in _each(f"understudy {name}", found):
            parts += _command(path, one)
    return "".join(parts)


def _each(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    subcommands = getattr(command, "commands", None)
    if not subcommands:
        yield path, command
    else:
        for name, one in subcommands.items():
            yield from _each(f"{path} {name}", one)


def _command(path: str, command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    typed = " ".join([path, *(p.metavar or p.name.upper() for p in arguments)])
    yield f"## {path}\n\n`{typed}`\n\n{inspect.cleandoc(command.help or '')}\n\n"
    rows = [f"| `{_typed(p)}` | {p.help} |\n" for p in command.params if p.name != "help" and p.help]
    if rows:
        yield "| | |\n|---|---|\n"
        yield from rows
        yield "\n"


def _typed(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return f"{names} {parameter.metavar}" if parameter.metavar else names


if __name__ == "__main__":
    PAGE.write_text(page().rstrip("\n") + "\n", encoding="utf-8")
