"""`understudy worker`: work the queues of bots, in one process or several, until told to stop."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of, length_of, opened
from understudy.shown.paper import Paper

if TYPE_CHECKING:
    from core.installation import Installation

app = subcommand()

TO_END = timedelta(seconds=60)  # beyond the grace, for a page that must still answer; then a process is killed


@app.command()
def worker(
    ctx: typer.Context,
    bots: Annotated[
        str | None, typer.Option("--bots", metavar="A,B", help="Only these bots; by default all that are enabled.")
    ] = None,
    tags: Annotated[
        str | None, typer.Option("--tags", metavar="A,B", help="Only bots with one of these tags in bots.toml.")
    ] = None,
    processes: Annotated[
        int, typer.Option("--processes", metavar="N", min=1, help="How many; each has a browser of its own.")
    ] = 1,
    grace: Annotated[
        str, typer.Option("--grace", metavar="TIME", help="How long the item at hand may go on after SIGTERM.")
    ] = "30s",
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is left to do, instead of waiting for more.")
    ] = False,
) -> None:
    """Work the items that runs have collected.

    Any number may work at one store, on this machine or, with PostgreSQL, on many. On SIGTERM it takes no other item,
    and gives back the one at hand when that takes longer than the grace. Ends with 0 then, and with --until-idle. What
    has a closed target waits until that opens.
    """
    time = length_of(grace, option="--grace")
    from core.runtime.systemd import Notifier

    if processes > 1:
        raise typer.Exit(_crew(ctx, bots=bots, tags=tags, processes=processes, grace=time, until_idle=until_idle))
    with opened(ctx) as installation:
        chosen = installation.bots(*_chosen(installation, bots=bots, tags=tags))
        linger = max(bot.linger for bot in chosen.values()) if until_idle else None
        tally = installation.work(chosen, grace=time, linger=linger, turned=Notifier.from_environment().turned)
    Paper().line(f"Attempts: {', '.join(f'{how} {many}' for how, many in tally.outcomes.items()) or 'none'}.")
    if until_idle and tally.stopped is not None:
        Paper().line(f"Ended early: {tally.stopped}")
    raise typer.Exit(0)


def _crew(
    ctx: typer.Context, *, bots: str | None, tags: str | None, processes: int, grace: timedelta, until_idle: bool
) -> int:
    from core.runtime.crew import Crew, Part
    from core.runtime.host import StopRequest
    from core.runtime.systemd import VARIABLES, Notifier

    with opened(ctx) as installation:  # what is wrong is told once, not by every process
        installation.bots(*_chosen(installation, bots=bots, tags=tags))
        assert installation.database is not None
    command = [sys.executable, "-m", "understudy.main", "--folder", str(Path(folder_of(ctx)).absolute()), "worker"]
    command += ["--grace", f"{grace.total_seconds():g}s"]
    for option, value in (("--bots", bots), ("--tags", tags)):
        command += [option, value] if value is not None else []
    command += ["--until-idle"] if until_idle else []
    parts = [Part(name=f"worker {number}", command=tuple(command)) for number in range(1, processes + 1)]
    with StopRequest().listening() as stop:
        crew = Crew(parts, stop=stop, grace=grace + TO_END, without=VARIABLES)
        return crew.run(told=Paper().line, looked=Notifier.from_environment().turned)


def _chosen(installation: "Installation", *, bots: str | None, tags: str | None) -> list[str]:
    """Return the names of the bots to work; raise ConfigError when a name, a tag or the whole choice fits none."""
    from core.errors import ConfigError

    tables = {name: table for name, table in installation.config.file.bots.items() if table.enabled}
    names, wanted = _listed(bots), _listed(tags)
    problems = [
        f"--bots: bots.toml has no enabled bot {name!r}; bots here: {', '.join(tables) or 'none'}"
        for name in names
        if name not in tables
    ]
    known = sorted({tag for table in tables.values() for tag in table.tags})
    problems += [
        f"--tags: no enabled bot has the tag {tag!r}; tags here: {', '.join(known) or 'none'}"
        for tag in wanted
        if tag not in known
    ]
    chosen = [
        name
        for name, table in tables.items()
        if (not names or name in names) and (not wanted or set(wanted) & set(table.tags))
    ]
    if not problems and not chosen:
        problems = ["there is no bot to work for: bots.toml has no enabled bot that --bots and --tags leave"]
    if problems:
        raise ConfigError(problems)
    return chosen


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
