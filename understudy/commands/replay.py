"""`understudy replay BOT`: stored items through today's code on what was looked up then; which would go another way."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.commands.run import Progress, shown_progress
from understudy.opening import opened
from understudy.shown.paper import tell_json

if TYPE_CHECKING:
    from core.installation import Installation
    from core.model.replays import Replayed
    from core.runtime import LoadedBot
    from core.runtime.replay import Replay

app = subcommand()


@app.command()
def replay(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Only items changed since a date, or a date and time.")
    ] = None,
    reference: Annotated[str | None, typer.Option("--item", metavar="REFERENCE", help="Only this item.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put stored items through today's code, and show what would change.

    Each item's last attempt is gone through again with today's code and settings, on what it looked up then. No target
    is opened, nothing is changed, here or outside. Ends with 0 when every item would go as it went, 1 when a decision
    or a plan would be another or an item cannot be gone through again, 50 when a file must be mended.
    """
    from understudy.shown.replay import ReplayReport, show_replay

    with opened(ctx) as installation:
        after = None if since is None else _instant(since)
        loaded = installation.bots(bot)[bot]
        report = ReplayReport(loaded, since=after)
        with shown_progress() as progress:
            for one in _replayed(installation, loaded, after, reference, progress):
                report.add(one)
    tell_json(report.data()) if as_json else show_replay(report.data())
    raise typer.Exit(report.exit_code)


def _replayed(
    installation: "Installation",
    bot: "LoadedBot",
    since: datetime | None,
    reference: str | None,
    progress: Progress,
) -> Iterator["Replayed"]:
    from core.runtime.replay import Replay

    with installation.workshop(installation.database, acting=False) as shop:
        replay = Replay(bot=bot, workshop=shop)
        if reference is not None:
            yield _one(installation, replay, bot.name, reference)
            return
        number = replay.number(since)
        for done, one in enumerate(replay.items(since), start=1):
            progress("replaying", done, max(number - done, 0))
            yield one


def _one(installation: "Installation", replay: "Replay", bot: str, reference: str) -> "Replayed":
    from core.errors import ConfigError
    from core.store import items

    with installation.database.reading() as tx:
        item_id = items.by_reference(tx, bot, reference)
    if item_id is None:
        raise ConfigError([f"--item: {bot} has no item {reference!r}"])
    return replay.one(item_id)


def _instant(typed: str) -> datetime:
    from core.errors import ConfigError

    try:
        return datetime.fromisoformat(typed).astimezone()
    except ValueError as error:
        raise ConfigError(
            [f"--since {typed!r}: write a date (2026-11-01) or a date and time (2026-11-01T09:00)"]
        ) from error
