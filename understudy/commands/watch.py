"""`understudy watch`: look whether everything runs that should, and tell people when it does not."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import opened
from understudy.shown.paper import Paper, Style, tell_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.installation import Installation
    from core.locks import FileLock
    from core.model.notices import Finding

app = subcommand()


@app.command()
def watch(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Look once, say what was found, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print JSON.")] = False,
) -> None:
    """Look whether everything runs that should, and tell people when it does not.

    It runs beside scheduler and workers until told to stop, one on each machine; where several watch one database, one
    of them tells. With --once it ends with 1 when something is wrong, and tells people only when no other watch is
    there.
    """
    with opened(ctx) as installation, closing(_lock(installation)) as lock:
        alone = lock.take()
        if once:
            findings, told = _once(installation, telling=alone)
            tell_json([_data(one) for one in findings]) if as_json else _show(findings, told=told)
            raise typer.Exit(1 if findings else 0)
        if not alone:
            from core.errors import ConfigError

            raise ConfigError(["a watch is at work on this machine already; there is no use in a second one here"])
        _watch(installation)


def _lock(installation: "Installation") -> "FileLock":
    from core.locks import FileLock

    folder = installation.var / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "watch.lock")


def _watch(installation: "Installation") -> None:
    from core.runtime.host import StopRequest
    from core.runtime.systemd import Notifier
    from schedules.watching.opening import wait_for_store, watch_of

    if not installation.config.file.alerts.channels:
        typer.echo("bots.toml names no channel in [alerts]: what is found goes to the log alone", err=True)
    with StopRequest().listening() as stop:
        if not wait_for_store(installation, lambda: stop.asked):
            return
        looking, trail = watch_of(installation, long_there=False)
        with trail.looking():
            looking.run(lambda: stop.asked, turned=Notifier.from_environment().turned)


def _once(installation: "Installation", *, telling: bool) -> "tuple[Sequence[Finding], bool | None]":
    """Return what is found, and whether people were told; None: another watch tells them."""
    from schedules.watching.opening import watch_of

    looking, trail = watch_of(installation, long_there=True)
    trail.turn()
    if telling:
        turn = looking.turn()
        looking.leave()
        if turn.watching or turn.findings:
            return turn.findings, turn.told
    return looking.look()[0], None


def _data(finding: "Finding") -> dict[str, object]:
    return {
        "alert": finding.alert,
        "severity": finding.alert.severity,
        "subject": finding.subject,
        "says": finding.says,
        "over": finding.over,
    }


def _show(findings: "Sequence[Finding]", *, told: bool | None) -> None:
    paper = Paper()
    if not findings:
        paper.line("Everything runs that should.", style=Style.GOOD)
    for finding in findings:
        line = f"{finding.alert.severity.upper()}: {finding.alert.headline} ({finding.subject})"
        paper.line(line, style=Style.BAD)
        paper.line(f"{finding.alert.value}: {finding.says}", indent=2)
    if told is None and findings:
        paper.line("Another watch is there; it tells people.")
    if told is False:
        paper.line("No channel takes the message that is due:", style=Style.BAD)
        paper.typed("understudy notify test")
