"""`understudy notify test|list|acknowledge`: do messages arrive, what was told to whom, and who knows of it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.opening import opened, person
from understudy.shown.paper import Paper, Style, at, tell_json

if TYPE_CHECKING:
    from core.installation import Installation
    from core.model.notices import Delivery, Notice

app = subcommand(sentence="Test the channels, list what was told, or say that you know.")


@app.command("test")
def send_test(
    ctx: typer.Context,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Only this one of bots.toml.")
    ] = None,
) -> None:
    """Send a test message through every channel; ends with 1 when one does not take it."""
    with opened(ctx) as installation:
        tries = _tried(installation, channel)
    paper = Paper()
    for one in tries:
        paper.line(f"{one.channel}: {'taken' if one.taken else f'NOT taken: {one.error}'}")
    if any(one.taken for one in tries):
        paper.line("Taken means that its server took it. Look whether it arrived.")
    raise typer.Exit(0 if all(one.taken for one in tries) else 1)


def _tried(installation: "Installation", channel: str | None) -> "list[Delivery]":
    from core.errors import ConfigError
    from core.model.notices import Severity
    from core.notify import Message
    from core.store import notices

    notifier = installation.notifier
    chosen = [one for one in notifier.channels if channel in (None, one.name)]
    if not chosen:
        names = ", ".join(installation.config.file.alerts.channels) or "none"
        raise ConfigError([f"--channel: [alerts] has no channel {channel!r}; channels here: {names}"])
    name = installation.config.file.installation.name
    message = Message(
        subject=f"{name}: a test message",
        body="Somebody typed `understudy notify test` to see whether messages arrive. This one did.",
        severity=Severity.NOTE,
    )
    tries = [notifier.send_by(one, message) for one in chosen]
    with installation.database.transaction(actor=f"person:{person(None)}") as tx:
        notices.record_test(tx, tries)
    return tries


@app.command("list")
def list_(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what has ended: the newest hundred.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the alerts that last, what was told of each, and by which channel."""
    data = _listed(ctx, everything=everything)
    tell_json(data) if as_json else _show(data)


def _listed(ctx: typer.Context, *, everything: bool) -> list[dict[str, Any]]:
    from core.store import notices

    with opened(ctx) as installation, installation.database.reading() as tx:
        found = notices.newest(tx, most=100) if everything else notices.open_ones(tx)[::-1]
        return [_data(notice, notices.deliveries(tx, notice.id)) for notice in found]


def _data(notice: "Notice", tries: "Any") -> dict[str, Any]:
    return {
        "number": notice.id,
        "alert": notice.alert,
        "severity": notice.alert.severity,
        "headline": notice.alert.headline,
        "subject": notice.subject,
        "says": notice.says,
        "opened_at": notice.opened_at,
        "ended_at": notice.resolved_at,
        "told_at": notice.told_at,
        "to_tell": notice.tell_at is not None,
        "quiet_until": notice.quiet_until,
        "quiet_by": notice.quiet_by,
        "type": list(notice.commands()),
        "tries": [{"channel": one.channel, "at": one.at, "error": one.error} for one in tries],
    }


def _show(data: list[dict[str, Any]]) -> None:
    paper = Paper()
    if not data:
        paper.line("Nothing is wrong that the watch knows of.", style=Style.GOOD)
    for one in data:
        paper.heading(f"{one['number']}: {one['severity'].upper()}: {one['headline']} ({one['subject']})")
        paper.line(f"{one['alert']}: {one['says']}", indent=2)
        ended = f", ended {at(one['ended_at'])}" if one["ended_at"] is not None else ""
        paper.line(f"since {at(one['opened_at'])}{ended}; {_told(one)}", indent=2)
        if one["quiet_until"] is not None:
            paper.line(f"{one['quiet_by']} knows; not repeated before {at(one['quiet_until'])}", indent=2)
        for command in one["type"] if one["ended_at"] is None else ():
            paper.typed(command)


def _told(one: dict[str, Any]) -> str:
    taken = [each for each in one["tries"] if each["error"] is None]
    if taken:
        return f"told {at(taken[-1]['at'])} by {taken[-1]['channel']}"
    if one["tries"]:
        last = one["tries"][-1]
        return f"TOLD TO NOBODY YET: {last['channel']}: {last['error']}; it is tried again"
    return "to be told" if one["to_tell"] else "told to nobody: not grave enough for [alerts] severity"


@app.command()
def acknowledge(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `understudy notify list` shows it.")],
    length: Annotated[
        str, typer.Option("--for", metavar="TIME", help="For how long it is not repeated: 4h, 1d.")
    ] = "1d",
    who: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who knows; by default your account.")] = None,
) -> None:
    """Say that you know of an alert, so that it is not repeated for a time. Its end is told all the same."""
    from core.durations import parse_duration
    from core.errors import ConfigError
    from core.store import notices

    try:
        quiet: timedelta = parse_duration(length)
    except ValueError as error:
        raise ConfigError([f"--for is {length!r}: {error}"]) from error
    by = f"person:{person(who)}"
    with opened(ctx) as installation, installation.database.transaction(actor=by) as tx:
        until = tx.now + quiet
        lasts = notices.keep_quiet(tx, number, until=until, by=by)
    if not lasts:
        raise ConfigError([f"no alert that lasts has the number {number}; `understudy notify list` shows them"])
    Paper().line(f"Alert {number} is not repeated before {at(until)}.")
