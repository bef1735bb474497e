"""`understudy demo`: the invoices bot at work on invented documents, against a stand-in for the finance system.

What it makes lies in `var/` and is made once: started again, the demo goes on from where it stopped, and enters
nothing twice. At the end it compares what happened with what a careful clerk would have done with each document.
"""

from typing import Annotated

import typer

from understudy.commands import subcommand
from understudy.commands.run import shown_progress
from understudy.demonstration import BOT, prepare, require_stand_in, show_documents, show_trail, show_where
from understudy.opening import opened
from understudy.shown.paper import Paper

app = subcommand()


@app.command()
def demo(
    ctx: typer.Context,
    count: Annotated[int, typer.Option("--count", help="How many documents to make, the first time.")] = 64,
    seed: Annotated[int, typer.Option("--seed", help="Another number makes other documents.")] = 7,
) -> None:
    """Make documents and a ledger, run the invoices bot on them, and show what happened."""
    from core.model.runs import ExitCode
    from understudy.shown.run import report_data, show_report

    paper = Paper()
    with opened(ctx) as installation:
        require_stand_in(installation)
        with shown_progress() as progress:
            progress("making documents", 0, 0)
            prepare(installation, count=count, seed=seed)
            bot = installation.bots(BOT)[BOT]
            report = installation.run(bot, trigger="demo", progress=progress)
        show_report(report_data(report, dry=False, limit="", plans=[], logs=installation.var / "logs"))
        differences = show_documents(installation, paper)
        whole = show_trail(installation, paper)
        show_where(installation, paper)
    if not whole:
        raise typer.Exit(int(ExitCode.TRAIL))
    raise typer.Exit(int(report.exit_code) or int(ExitCode.FAILED if differences else ExitCode.GREEN))
