"""`understudy queue`: what waits, who holds what, and why something is not taken."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.commands.hold import Scope, known
from understudy.opening import opened
from understudy.shown.closed import closed_data, show_closed
from understudy.shown.paper import Paper, at, tell_json

if TYPE_CHECKING:
    from core.installation import Installation
    from core.store import Transaction

app = subcommand()


@app.command()
def queue(
    ctx: typer.Context,
    bot: Annotated[str | None, typer.Argument(metavar="BOT", help="Only this bot's.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what waits, who works on what, and what is in the way.

    Per bot what is ready, waits for a date or is being worked, and by whom; holds; targets that are closed, and until
    when; and for each target its sessions and its pace.
    """
    with opened(ctx) as installation:
        if bot is not None:
            known(installation, Scope.BOT, bot)
        data = queue_data(installation, bot)
    tell_json(data) if as_json else _show(data)


def queue_data(installation: "Installation", bot: str | None) -> dict[str, Any]:
    """Return the queues, or one, as JSON data."""
    from core.store import holds, slots

    file = installation.config.file
    with installation.database.reading() as tx:
        sessions = slots.held(tx)
        return {
            "at": tx.now,
            "bots": [_bot(tx, name) for name in file.bots if bot in (None, name)],
            "targets": [
                {
                    "name": name,
                    "slots": table.slots,
                    "sessions": [
                        {"number": row.number, "worker": row.holder, "until": row.until}
                        for row in sessions
                        if row.target == name
                    ],
                    "next_begin": slots.next_begin(tx, name) if table.rate is not None else None,
                }
                for name, table in file.targets.items()
            ],
            "holds": [
                {"scope": held.scope, "name": held.name, "code": held.code, "reason": held.reason, "at": held.at}
                for held in holds.all_active(tx)
            ],
            "closed": closed_data(installation.config, tx.now),
        }


def _bot(tx: "Transaction", name: str) -> dict[str, Any]:
    from core.store import items, overview

    ready, later = overview.pending(tx, name)
    return {
        "name": name,
        "ready": ready,
        "later": later,
        "next_at": items.next_ready_at(tx, name),
        "in_progress": [
            {"item": row.id, "reference": row.reference, "worker": row.worker, "lease_until": row.lease_until}
            for row in items.held(tx, bot=name)
        ],
    }


def _show(data: dict[str, Any]) -> None:
    paper = Paper()
    for held in data["holds"]:
        paper.line(f"HELD: {held['scope']} {held['name']} since {at(held['at'])}, {held['code']}: {held['reason']}")
        paper.typed(f"understudy release {held['scope']} {held['name']}")
    show_closed(paper, data["closed"])
    for bot in data["bots"]:
        paper.heading(bot["name"])
        later = f"{bot['later']} wait for a date" + (f", the next {at(bot['next_at'])}" if bot["later"] else "")
        paper.line(f"{bot['ready']} ready, {later}, {len(bot['in_progress'])} being worked", indent=2)
        for one in bot["in_progress"]:
            paper.line(f"{one['reference'][:24]} by {one['worker']}{_lapsed(one['lease_until'], data['at'])}", indent=4)
    for target in data["targets"]:
        _show_target(paper, target, data["at"])


def _show_target(paper: Paper, target: dict[str, Any], now: datetime) -> None:
    if target["slots"] is None and target["next_begin"] is None:
        return
    paper.heading(target["name"])
    if target["slots"] is not None:
        paper.line(f"{len(target['sessions'])} of {target['slots']} sessions taken", indent=2)
        for one in target["sessions"]:
            paper.line(f"{one['worker']}{_lapsed(one['until'], now)}", indent=4)
    if target["next_begin"] is not None and target["next_begin"] > now:
        paper.line(f"the next item may begin at {target['next_begin'].astimezone():%H:%M:%S}", indent=2)


def _lapsed(until: datetime, now: datetime) -> str:
    return "" if until > now else ", whose lease lapsed: it stands still or is gone"
