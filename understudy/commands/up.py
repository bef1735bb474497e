"""`understudy up`: everything one machine needs to work unattended, in one supervised group."""

from typing import Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of, length_of, opened
from understudy.shown.paper import Paper

app = subcommand()


@app.command()
def up(
    ctx: typer.Context,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            metavar="N",
            min=0,
            help="Worker processes that share the items; with 0 each scheduled run works its own.",
        ),
    ] = 0,
    grace: Annotated[
        str, typer.Option("--grace", metavar="TIME", help="How long an item at hand may go on after SIGTERM.")
    ] = "30s",
) -> None:
    """Run everything this machine needs to work unattended.

    The scheduler, the watch, workers when asked for, and the review desk where there is one; each is started again when
    it ends. Only one may run for an installation on a machine. Stops in good order on SIGTERM and ends with 0.
    """
    from core.patience import patiently
    from core.runtime.host import StopRequest
    from core.runtime.systemd import Notifier
    from understudy.unattended import Unattended, alone, parts_for

    time, paper = length_of(grace, option="--grace"), Paper()
    with opened(ctx) as installation, alone(installation.var), StopRequest().listening() as stop:
        patiently(lambda: installation.database, clock=installation.clock, stopped=lambda: stop.asked)
        installation.bots()  # what is wrong is told once, before anything is started
        parts = parts_for(folder_of(ctx), workers=workers, grace=time)
        paper.line(f"{installation.config.file.installation.name}: {', '.join(part.name for part in parts)}")
        kept = Unattended(
            installation, parts, grace=time, notifier=Notifier.from_environment(), stop=stop, told=paper.line
        )
        code = kept.run()
    raise typer.Exit(code)
