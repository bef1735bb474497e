"""`understudy scheduler`: start every bot at its time, until told to stop."""

import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of, length_of, opened
from understudy.shown.paper import Paper

if TYPE_CHECKING:
    from core.installation import Installation
    from core.model.occurrences import Occurrence
    from schedules.starter import Conditions

app = subcommand()

TO_END = timedelta(seconds=60)  # beyond the grace, for a page that must still answer; then a run is killed


@app.command()
def scheduler(
    ctx: typer.Context,
    leave_to_workers: Annotated[
        bool, typer.Option("--leave-to-workers", help="Runs only collect and balance; workers do their items.")
    ] = False,
    grace: Annotated[
        str, typer.Option("--grace", metavar="TIME", help="How long the item at hand may go on after SIGTERM.")
    ] = "30s",
) -> None:
    """Start every bot at its time.

    Any number may run at one store, on this machine or, with PostgreSQL, on many: each due time is made once. On
    SIGTERM its runs are told to stop; what they leave goes on when a scheduler is there again. Ends with 0 then.
    """
    from core.runtime.host import StopRequest
    from core.runtime.systemd import Notifier
    from core.sealing import Sealing
    from schedules.clockwork import Waker
    from schedules.processes import Processes
    from schedules.scheduler import Scheduler, this_host

    time = length_of(grace, option="--grace")
    folder = str(Path(folder_of(ctx)).absolute())
    more = ["--leave-to-workers"] if leave_to_workers else []

    def command(occurrence: "Occurrence") -> list[str]:
        run = [
            "run",
            occurrence.bot,
            "--occurrence",
            str(occurrence.id),
            "--grace",
            f"{time.total_seconds():g}s",
            *more,
        ]
        return [sys.executable, "-m", "understudy.main", "--folder", folder, *run]

    with opened(ctx) as installation:
        schedules = installation.config.schedules()
        processes = Processes(command)
        keeper = Scheduler(
            schedules,
            conditions_of(installation),
            database=installation.database,
            host=this_host(),
            starting=processes,
            locks=installation.var / "locks",
        )
        Paper().line(f"{len(schedules)} schedules; `understudy schedule next` shows what is due. SIGTERM ends it.")
        woken = threading.Event()
        with Sealing(lambda: installation.seal(checkpoint=False)), StopRequest().listening() as stop:
            with Waker(woken.set) as waker:
                keeper.run(stop=stop, woken=woken, wake_at=waker.at, turned=Notifier.from_environment().turned)
            keeper.note(processes.stop(grace=time + TO_END))
    raise typer.Exit(0)


def conditions_of(installation: "Installation") -> "dict[str, Conditions]":
    """Return what must be so for a run of each enabled bot to begin."""
    from schedules.starter import Conditions

    config = installation.config
    return {
        name: Conditions(targets=table.targets, hours=tuple(config.hours_of(name).values()))
        for name, table in config.file.bots.items()
        if table.enabled
    }
