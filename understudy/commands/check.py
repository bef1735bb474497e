"""`understudy check`: everything that must be in place before a run, every problem told at once; nothing is changed."""

from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of
from understudy.shown.paper import Paper, Style, tell_json

if TYPE_CHECKING:
    from understudy.checkup import Finding

app = subcommand()


@app.command()
def check(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check configuration, bots, secrets, browser and targets.

    Every problem is told at once, and nothing outside is changed. Ends with 50 when a file or the machine must be
    mended, 40 when only secrets are missing, 30 when only targets do not answer.
    """
    from understudy.checkup import Checkup

    checkup = Checkup.of(folder_of(ctx))
    if as_json:
        tell_json({
            "exit_code": checkup.exit_code,
            "findings": [{"part": f.part, "good": f.good, "says": f.says} for f in checkup.findings],
        })  # fmt: skip
    else:
        _show(checkup.findings)
    raise typer.Exit(checkup.exit_code)


def _show(findings: "list[Finding]") -> None:
    paper = Paper()
    paper.table(("", "part", "says"), [("ok" if f.good else "MEND", f.part, f.says) for f in findings])
    bad = sum(not f.good for f in findings)
    paper.line()
    paper.line(f"{bad} to mend." if bad else "Everything is in place.", style=Style.BAD if bad else Style.GOOD)
