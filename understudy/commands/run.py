"""`understudy run BOT`: collect, work the queue until nothing is ready, draw the balances, and say how it ended."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.opening import length_of, opened, person
from understudy.shown.paper import tell_json

if TYPE_CHECKING:
    from core.installation import Installation
    from core.runtime import LoadedBot, RunReport
    from core.store import Database

app = subcommand()

Progress = Callable[[str, int, int], None]


@app.command()
def run(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing, here or outside; print what would be done.")
    ] = False,
    inbox: Annotated[
        Path | None, typer.Option("--inbox", metavar="DIR", help="Take documents from here, not from the bot's inbox.")
    ] = None,
    leave_to_workers: Annotated[
        bool, typer.Option("--leave-to-workers", help="Only collect; wait while workers do the items, then balance.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 10 while cases wait for people.")] = False,
    occurrence: Annotated[
        int | None, typer.Option("--occurrence", metavar="N", help="Work the run that a scheduler has ordered.")
    ] = None,
    grace: Annotated[
        str | None,
        typer.Option("--grace", metavar="TIME", help="How long the item at hand may go on after SIGTERM."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run a bot once.

    Ends with 0 when all balances hold and nothing failed, 1 otherwise; 20 stopped by a hold, 30 target unavailable,
    40 credentials, 50 configuration, 60 trail.
    """
    from understudy.shown.run import report_data, show_report

    plans: list[dict[str, Any]] = []
    if occurrence is not None:
        _refuse_with_occurrence(dry_run=dry_run, inbox=inbox)
    length = None if grace is None else length_of(grace, option="--grace")
    with opened(ctx) as installation:
        if occurrence is not None:
            _refuse_foreign(installation, occurrence, bot)
        loaded = installation.bots(bot)[bot]
        if inbox is not None:
            loaded = _with_inbox(loaded, inbox)
        limit = "" if dry_run else installation.mode_of(loaded)[1]
        with shown_progress() as progress:
            report = installation.run(
                loaded,
                trigger=f"person:{person(None)}",
                dry=dry_run,
                leave_to_workers=leave_to_workers and not dry_run,
                occurrence=occurrence,
                grace=length,
                progress=progress,
                afterwards=lambda database, report: plans.extend(_plans(database, bot)) if dry_run else None,
            )
        data = report_data(report, dry=dry_run, limit=limit, plans=plans, logs=installation.var / "logs")
    tell_json(data) if as_json else show_report(data)
    raise typer.Exit(_exit_code(report, strict=strict))


def _refuse_with_occurrence(*, dry_run: bool, inbox: Path | None) -> None:
    """Raise ConfigError when a run that was ordered would not be the bot's usual one."""
    from core.errors import ConfigError

    given = [name for name, there in (("--dry-run", dry_run), ("--inbox", inbox is not None)) if there]
    if given:
        raise ConfigError([f"--occurrence is for the run a scheduler has ordered; leave out {' and '.join(given)}"])


def _refuse_foreign(installation: "Installation", occurrence: int, bot: str) -> None:
    """Raise ConfigError when there is no such occurrence of the bot."""
    from core.errors import ConfigError
    from core.store import occurrences

    with installation.database.reading() as tx:
        try:
            of = occurrences.get(tx, occurrence).bot
        except LookupError as error:
            told = f"--occurrence: {error}; `understudy schedule history --json` has their numbers"
            raise ConfigError([told]) from error
    if of != bot:
        raise ConfigError([f"--occurrence: occurrence {occurrence} is of bot {of!r}; type: understudy run {of} ..."])


def _with_inbox(bot: "LoadedBot", inbox: Path) -> "LoadedBot":
    """Return the bot with its setting `inbox` replaced; raise ConfigError when it has none."""
    from pydantic import ValidationError

    from core.errors import ConfigError

    settings = bot.settings
    if "inbox" not in type(settings).model_fields:
        known = ", ".join(sorted(type(settings).model_fields)) or "none"
        raise ConfigError([f"--inbox: bot {bot.name!r} has no setting 'inbox'; its settings: {known}"])
    folder = inbox.absolute()
    if not folder.is_dir():
        raise ConfigError([f"--inbox: {folder} is not a folder"])
    try:
        changed = type(settings).model_validate({**dict(settings), "inbox": folder})
    except ValidationError:
        changed = type(settings).model_validate({**dict(settings), "inbox": str(folder)})
    return replace(bot, settings=changed)


def _plans(database: "Database", bot: str) -> Iterator[dict[str, Any]]:
    from core.store import effects, items

    with database.reading() as tx:
        for row in items.all_of(tx, bot):
            for planned in effects.plans_of(tx, row.id):
                yield {
                    "reference": row.reference,
                    "effect": planned.name,
                    "target": planned.target,
                    "key": planned.key,
                    "plan": planned.plan,
                }


def _exit_code(report: "RunReport", *, strict: bool) -> int:
    from core.model.runs import ExitCode

    waiting = report.states.get("in_review", 0)
    return int(ExitCode.CASES if strict and waiting and report.exit_code == ExitCode.GREEN else report.exit_code)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show how far the run is where a person looks; nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda what, done, waiting: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def progress(what: str, done: int, waiting: int) -> None:
            bar.update(task, description=what, completed=done, total=done + waiting if waiting else None)

        yield progress
