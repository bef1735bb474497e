"""`understudy try BOT FILE...`: read and check documents without target, queue or store."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of
from understudy.shown.paper import Paper, Style, tell_json

if TYPE_CHECKING:
    from core.model.trials import Trial

app = subcommand()


@app.command()
def try_(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The documents to read.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array, one object a file, in order.")] = False,
    text_only: Annotated[
        bool, typer.Option("--text-only", help="Ignore embedded e-invoice XML; read the page only.")
    ] = False,
) -> None:
    """Read documents and make the checks that need nothing else; nothing is stored, nothing outside is touched."""
    from core.clock import Clock
    from core.config import read_config
    from core.errors import ConfigError
    from core.files.inbox import open_document
    from core.files.reader import Reader
    from core.registry import load_bots

    loaded = load_bots(read_config(folder_of(ctx).absolute()), names=[bot])[bot]
    if loaded.trial is None:
        raise ConfigError([f"bot {bot!r} declares no trial (@bot.trial), so there is nothing to try"])
    if missing := [str(path) for path in files if not path.is_file()]:
        raise ConfigError([f"{path} is not a file" for path in missing])
    results = []
    with Reader() as reader:
        for path in files:
            document = open_document(path, reader)
            results.append(data_of(path, loaded.trial(document, loaded.settings, Clock().now(), text_only)))
    tell_json(results) if as_json else _show(results)


def data_of(path: Path, trial: "Trial") -> dict[str, Any]:
    """Return one file's result as JSON data."""
    checks = [
        {"code": c.code, "outcome": str(c.outcome), "found": c.found, "expected": c.expected, "message": c.message}
        for c in trial.checks
    ]
    fields = {
        name: {"value": one.value, "page": one.page, "box": one.box, "source": one.source}
        for name, one in trial.fields.items()
    }
    return {
        "file": str(path),
        "fields": fields,
        "lines": [dict(line) for line in trial.lines],
        "checks": checks,
        "verdict": trial.verdict,
    }


_VERDICTS = {
    "look_up": "nothing stands in the way on the document itself; a run would look it up next",
    "review": "would go to a person",
    "unreadable": "cannot be read; would go to a person",
}


def _show(results: list[dict[str, Any]]) -> None:
    paper = Paper()
    for result in results:
        paper.heading(result["file"])
        paper.line(_VERDICTS.get(result["verdict"], result["verdict"]))
        paper.pairs((name.replace("_", " "), _place(one)) for name, one in result["fields"].items() if one["value"])
        if result["lines"]:
            heads = ("description", "quantity", "unit_price", "vat_rate", "net")
            paper.table(
                [h.replace("_", " ") for h in heads], [[line.get(h) for h in heads] for line in result["lines"]]
            )
        for check in result["checks"]:
            if check["outcome"] == "failed":
                paper.line(f"{check['code']}: {check['message']}", style=Style.BOLD)


def _place(one: Mapping[str, Any]) -> str:
    where = f"page {one['page']}" if one["page"] else (one["source"] or "")
    return f"{one['value']}  ({where})" if where else str(one["value"])
