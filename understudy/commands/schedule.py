"""`understudy schedule list|next|run-now|pause|resume|history`: when bots run unattended, and what came of it."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.commands.hold import Scope, known
from understudy.opening import opened, person
from understudy.shown.paper import Paper, tell_json

if TYPE_CHECKING:
    from core.installation import Installation

app = subcommand(sentence="Show when bots run unattended; run one now, pause, resume, look back.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Who = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who does it; by default your account.")]
Which = Annotated[str, typer.Argument(metavar="BOT[/NAME]", help="A bot's schedules, or one of them.")]
Some = Annotated[
    str | None, typer.Argument(metavar="BOT[/NAME]", help="Only this bot's, or this one.", show_default=False)
]


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Show every schedule: when it is due, whether it is paused, and how it went last."""
    from understudy.shown.schedules import list_data, show_list

    with opened(ctx) as installation:
        data = list_data(installation)
    tell_json(data) if as_json else show_list(data)


@app.command("next")
def next_(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=400, help="How far to look.")] = 14,
    ics: Annotated[
        Path | None, typer.Option("--ics", metavar="FILE", help="Write a calendar file for office calendars.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is due in the next days, and what stands in its way."""
    from schedules.ahead import coming
    from understudy.shown.schedules import coming_data, paused_words, show_coming

    with opened(ctx) as installation:
        now = installation.database.now()
        paused = paused_words(installation)
        found = coming(installation.config.schedules(), after=now, until=now + timedelta(days=days), paused=paused)
        if ics is not None:
            _write(ics, found, installation, now)
    data = coming_data(found, days=days)
    tell_json(data) if as_json else show_coming(data, ics=ics)


def _write(path: Path, found: Any, installation: "Installation", now: Any) -> None:
    from core.errors import ConfigError
    from core.files.safewrite import write_bytes
    from schedules.ics import calendar_file

    try:
        write_bytes(path.absolute(), calendar_file(found, name=installation.config.file.installation.name, now=now))
    except OSError as error:
        raise ConfigError(
            [f"--ics {path} cannot be written: {error.strerror}; name a file in a folder of yours"]
        ) from error


@app.command("run-now")
def run_now(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Order a run for now: the scheduler starts it within seconds, when nothing is in its way."""
    from core.store import occurrences
    from understudy.shown.schedules import in_the_way

    by = person(who)
    with opened(ctx) as installation:
        _known(installation, bot)
        with installation.database.transaction(actor=f"person:{by}") as tx:
            made = occurrences.order_by_hand(tx, bot, by=by)
        whys = in_the_way(installation, bot)
    if as_json:
        tell_json({"occurrence": made, "bot": bot, "in_the_way": whys})
        return
    paper = Paper()
    paper.line(f"Occurrence {made}: a run of {bot} is ordered.")
    for why in whys:
        paper.line(f"It waits: {why}", indent=2)
    paper.typed(f"understudy schedule history {bot}")


@app.command()
def pause(
    ctx: typer.Context,
    which: Which,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who wonders sees it.")],
    who: Who = None,
) -> None:
    """Let what comes due be passed over, each time with the reason, until it is resumed. A run at work goes on."""
    from core.store import schedules

    by = person(who)
    with opened(ctx) as installation:
        bot, names = _chosen(installation, which)
        with installation.database.transaction(actor=f"person:{by}") as tx:
            done = [name for name in names if schedules.pause(tx, bot, name, by=f"person:{by}", why=reason)]
    paper = Paper()
    for name in names:
        paper.line(f"{bot}/{name} is paused." if name in done else f"{bot}/{name} was paused already.")
    paper.typed(f"understudy schedule resume {which}")


@app.command()
def resume(ctx: typer.Context, which: Which, who: Who = None) -> None:
    """Let schedules go on with what comes due from now on; what was passed over is not made up for."""
    from core.store import schedules

    by = person(who)
    with opened(ctx) as installation:
        bot, names = _chosen(installation, which)
        with installation.database.transaction(actor=f"person:{by}") as tx:
            done = [name for name in names if schedules.resume(tx, bot, name, by=f"person:{by}")]
    paper = Paper()
    for name in names:
        paper.line(f"{bot}/{name} goes on." if name in done else f"{bot}/{name} was not paused.")


@app.command()
def history(
    ctx: typer.Context,
    which: Some = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="How far back.")] = 14,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """Show what became of each due time, the latest first: run, how it ended, or why not."""
    from core.store import occurrences
    from understudy.shown.schedules import history_data, show_history

    with opened(ctx) as installation:
        bot, _, name = (which or "").partition("/")
        if bot:
            known(installation, Scope.BOT, bot)
        with installation.database.reading() as tx:
            since = tx.now - timedelta(days=days)
            found = occurrences.history(tx, bot=bot or None, schedule=name or None, since=since, most=most)
    data = history_data(found)
    tell_json(data) if as_json else show_history(data)


def _chosen(installation: "Installation", which: str) -> tuple[str, list[str]]:
    """Return the bot and the names of its schedules that are meant; raise ConfigError when there are none."""
    from core.errors import ConfigError

    bot, slash, name = which.partition("/")
    known(installation, Scope.BOT, bot)
    names = list(installation.config.file.bots[bot].schedules)
    if (slash and name not in names) or not names:
        there = ", ".join(f"{bot}/{one}" for one in names) or "none"
        raise ConfigError([f"bots.toml has no schedule {which!r}; schedules of {bot}: {there}"])
    return bot, [name] if slash else names


def _known(installation: "Installation", bot: str) -> None:
    from core.errors import ConfigError

    known(installation, Scope.BOT, bot)
    if not installation.config.file.bots[bot].enabled:
        raise ConfigError([f"bots.{bot}.enabled is false in bots.toml: no scheduler starts it; set it to true first"])
