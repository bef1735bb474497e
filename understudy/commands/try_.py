"""`understudy try BOT FILE...`: read and check documents without target, queue or store."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of
from understudy.shown.paper import Paper, Style, tell_json

if TYPE_CHECKING:
    from core.model.trials import Trial, TrialValue

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
    trials = []
    with Reader() as reader:
        for path in files:
            document = open_document(path, reader)
            trials.append((path, loaded.trial(document, loaded.settings, Clock().now(), text_only)))
    tell_json([trial.data(str(path)) for path, trial in trials]) if as_json else _show(trials)


_VERDICTS = {
    "look_up": "nothing stands in the way on the document itself; a run would look it up next",
    "review": "would go to a person",
    "unreadable": "cannot be read; would go to a person",
}


def _show(trials: "Sequence[tuple[Path, Trial]]") -> None:
    paper = Paper()
    for path, trial in trials:
        paper.heading(path)
        paper.line(_VERDICTS.get(trial.verdict, trial.verdict))
        paper.pairs((name.replace("_", " "), _place(one)) for name, one in trial.fields.items() if one.value)
        if trial.lines:
            heads = ("description", "quantity", "unit_price", "vat_rate", "net")
            paper.table([h.replace("_", " ") for h in heads], [[line.get(h) for h in heads] for line in trial.lines])
        for check in trial.checks:
            if check.outcome == "failed":
                paper.line(f"{check.code}: {check.message}", style=Style.BOLD)


def _place(one: "TrialValue") -> str:
    where = f"page {one.page}" if one.page else (one.source or "")
    return f"{one.value}  ({where})" if where else str(one.value)
