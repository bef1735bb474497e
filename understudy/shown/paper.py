"""Standard output, written so that text from documents stays text: no markup, no control characters, nothing cut."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import typer

WIDTH = 120  # columns when nobody looks (a pipe, a file)


class Style(StrEnum):
    """How a line stands out on a terminal; nowhere else."""

    PLAIN = "plain"
    BOLD = "bold"
    GOOD = "good"
    BAD = "bad"
    COMMAND = "command"


_STYLES: dict[Style, dict[str, Any]] = {
    Style.PLAIN: {},
    Style.BOLD: {"bold": True},
    Style.GOOD: {"bold": True, "fg": "green"},
    Style.BAD: {"bold": True, "fg": "red"},
    Style.COMMAND: {"fg": "cyan"},
}
_INERT = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # controls, direction marks, private use: never sent to a terminal


def inert(text: object) -> str:
    """Return a value as one line of text without control characters; each becomes a question mark in a box."""
    plain = " ".join(str(text).split())
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _INERT else c for c in plain)


def at(instant: datetime | None) -> str:
    """Return an instant in the local zone, to the minute; a dash when there is none."""
    return "-" if instant is None else f"{instant.astimezone():%d %b %Y %H:%M}"


def tell_json(value: object) -> None:
    """Write a value as JSON, for machines."""
    from core.model.digests import plain

    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


class Paper:
    """Writes headings, lines, pairs and tables to standard output; bold only where a person looks."""

    def line(self, text: object = "", *, indent: int = 0, style: Style = Style.PLAIN) -> None:
        """Write one line."""
        typer.secho(" " * indent + inert(text), **_STYLES[style])

    def heading(self, text: object) -> None:
        """Write a heading, with an empty line above it."""
        self.line()
        self.line(text, style=Style.BOLD)

    def typed(self, command: str) -> None:
        """Write a command to be copied, indented and never broken over lines."""
        self.line(command, indent=2, style=Style.COMMAND)

    def pairs(self, pairs: Iterable[tuple[object, object]]) -> None:
        """Write names and values below each other, the values aligned."""
        shown = [(inert(name), inert(value)) for name, value in pairs]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            typer.echo(f"  {name:<{width}}  {value}".rstrip())

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a table; long cells are wrapped, never cut."""
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for head in heads:
            table.add_column(head, overflow="fold")
        for row in rows:
            table.add_row(*[Text(inert("" if cell is None else cell)) for cell in row])
        Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
