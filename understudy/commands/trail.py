"""`understudy trail verify|export`: does the trail still hold what it held, and a package for an auditor."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import opened
from understudy.shown.paper import Paper, Style, tell_json

if TYPE_CHECKING:
    from audit.verify import Report
    from core.installation import Installation

app = subcommand(sentence="Verify or export the trail.")


@app.command()
def verify(
    ctx: typer.Context,
    anchor: Annotated[
        list[Path] | None, typer.Option("--anchor", metavar="FILE", help="Checkpoints kept elsewhere, to compare with.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="Public keys kept elsewhere; by default our own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify the trail; ends with 60 when anything is wrong.

    Without keys and anchors from elsewhere, somebody who holds this machine's keys cannot be found out.
    """
    from audit.checkpoints import read_anchors, remembered
    from audit.export import read_keys
    from audit.verify import verify as verified
    from core.model.runs import ExitCode

    with opened(ctx) as installation:
        anchors = read_anchors(anchor or [])
        public = installation.keys.public_keys() if keys is None else read_keys(keys)
        with installation.database.reading() as tx:
            ours = remembered(tx.connection, keys=installation.keys)  # first: a later one would not be in the picture
            report = verified(tx.connection, public_keys=public, anchors=anchors, remembered=ours)
        if report.whole:
            _note_verified(installation)
    if as_json:
        tell_json({"whole": report.whole, **{name: getattr(report, name) for name in report.__slots__}})
    else:
        _show(report)
    raise typer.Exit(int(ExitCode.GREEN if report.whole else ExitCode.TRAIL))


def _note_verified(installation: "Installation") -> None:
    """Leave a sign of when the trail was found whole, for `/readyz` and the metrics."""
    from socket import gethostname

    from core.health.beat import VERIFIED
    from core.store import signs

    with installation.database.transaction(actor="system:verify") as tx:
        signs.give(tx, f"{VERIFIED}:{gethostname()}")


@app.command()
def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that is not there yet.")],
) -> None:
    """Write events, checkpoints, public keys, and a program that verifies them with nothing but Python."""
    from audit.export import KEYS, VERIFIER
    from audit.export import export as exported
    from core.errors import ConfigError

    if out.exists():
        raise ConfigError([f"--out {out} is there already; name a new folder, so that nothing old is in the package"])
    with opened(ctx) as installation:
        installation.seal(checkpoint=True)
        with installation.database.reading() as tx:
            written = exported(tx.connection, out, public_keys=installation.keys.public_keys())
    paper = Paper()
    paper.line(f"Wrote {written.events} events and {written.checkpoints} checkpoints to {written.folder}.")
    paper.line("To verify it, on any machine with Python 3:")
    paper.typed(f"python3 {out / VERIFIER}")
    paper.line(f"Hand {KEYS} over by another way than the rest; a package cannot vouch for itself.")


def _show(report: "Report") -> None:
    paper = Paper()
    if report.whole:
        paper.line("The trail is whole.", style=Style.GOOD)
    else:
        paper.line("THE TRAIL IS NOT WHOLE", style=Style.BAD)
        for problem in report.problems:
            paper.line(f"- {problem}", indent=2)
    paper.pairs([
        ("events", report.events),
        ("sealed", report.sealed),
        ("not yet sealed", report.unsealed),
        ("checkpoints", report.checkpoints),
        ("after the last checkpoint", report.unsigned),
        ("checkpoints held elsewhere", report.anchors),
        ("head", report.head),
    ])  # fmt: skip
