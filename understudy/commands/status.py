"""`understudy status`: how every bot stands, what waits and for whom, and why the last run was not green."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.opening import opened
from understudy.shown.closed import closed_data, show_closed
from understudy.shown.paper import Paper, Style, at, tell_json

if TYPE_CHECKING:
    from core.config import BotTable
    from core.installation import Installation
    from core.store import Transaction

app = subcommand()

_MOST = 10  # items named with their dates


@app.command()
def status(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show how every bot stands.

    Mode, items, cases for people, holds, closed targets, the last run and why it was not green, and what waits for a
    date.
    """
    with opened(ctx) as installation:
        data = status_data(installation)
    tell_json(data) if as_json else _show(data)


def status_data(installation: "Installation") -> dict[str, Any]:
    """Return the state of an installation as JSON data; loads no bot, so a broken one does not hide the others."""
    from core.store import holds

    file = installation.config.file
    with installation.database.reading() as tx:
        held = [
            {"scope": h.scope, "name": h.name, "code": h.code, "reason": h.reason, "by": h.by, "at": h.at}
            for h in holds.all_active(tx)
        ]
        return {
            "installation": file.installation.name,
            "profile": installation.config.profile,
            "folder": str(installation.folder),
            "at": tx.now,
            "bots": [_bot(installation, tx, name, table) for name, table in file.bots.items()],
            "holds": held,
            "closed": closed_data(installation.config, tx.now),
        }


def _bot(installation: "Installation", tx: "Transaction", name: str, table: "BotTable") -> dict[str, Any]:
    from core.store import holds, overview, runs
    from core.trust import effective_mode

    targets = [installation.config.target(target) for target in table.targets]
    mode, why = effective_mode(asked=table.mode, granted=holds.granted(tx, name), targets=targets)
    waiting = overview.reviews_waiting(tx, name)
    later, first = overview.put_back(tx, name, most=_MOST)
    return {
        "name": name,
        "enabled": table.enabled,
        "mode": str(mode),
        "mode_asked": str(table.mode),
        "mode_limited": why,
        "items": dict(runs.count_states(tx, name)),
        "reviews": {"open": waiting.number, "oldest": waiting.oldest, "parked": waiting.parked},
        "waiting": {
            "number": later,
            "first": [
                {"reference": row.reference, "until": row.not_before, "code": row.code, "reason": row.message}
                for row in first
            ],
        },
        "failed": [
            {"item": row.id, "reference": row.reference, "code": row.code, "reason": row.message}
            for row in overview.failed(tx, name, most=_MOST)
        ],
        "last_run": _last_run(installation, tx, name),
    }


def _last_run(installation: "Installation", tx: "Transaction", bot: str) -> dict[str, Any] | None:
    from core.store import runs

    run = runs.latest(tx, bot)
    if run is None:
        return None
    balances = run.balances or []
    return {
        "id": run.id,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "mode": run.mode,
        "trigger": run.trigger,
        "version": run.version,
        "exit_code": run.exit_code,
        "green": run.exit_code == 0,
        "why_not_green": _why_not(installation, run, balances),
        "balances": [{**one, "holds": not one["differences"]} for one in balances],
    }


def _why_not(installation: "Installation", run: Any, balances: list[dict[str, Any]]) -> list[str]:
    from core.model.runs import ExitCode
    from core.timing.closed import closed_at

    if run.ended_at is None:
        return ["it has not ended: it is at work, or was killed; the next run takes over what it held"]
    if run.exit_code == 0:
        return []
    whys = [f"{one['name']}: {difference}" for one in balances for difference in one["differences"]]
    closed = (
        closed_at(installation.config.hours_of(run.bot), run.ended_at) if run.exit_code == ExitCode.STOPPED else None
    )
    if closed is not None:
        whys.append(f"it ended with {run.exit_code} while {closed.why}")
    return whys or [f"it ended with {run.exit_code}: see the holds and the failed items"]


def _show(data: dict[str, Any]) -> None:
    paper = Paper()
    paper.line(f"{data['installation']} ({data['profile']}), {at(data['at'])}", style=Style.BOLD)
    if not data["bots"]:
        paper.line("No bot yet; `understudy new NAME` writes one.")
    for held in data["holds"]:
        paper.line(f"HELD: {held['scope']} {held['name']} since {at(held['at'])}, {held['code']}: {held['reason']}")
        paper.typed(f"understudy release {held['scope']} {held['name']}")
    show_closed(paper, data["closed"])
    for bot in data["bots"]:
        _show_bot(paper, bot)


def _show_bot(paper: Paper, bot: dict[str, Any]) -> None:
    from understudy.shown.run import in_words

    paper.heading(bot["name"] if bot["enabled"] else f"{bot['name']} (not enabled)")
    reviews = bot["reviews"]
    pairs = [("mode", bot["mode"]), ("items", in_words(bot["items"]))]
    if bot["mode_limited"]:
        pairs.append(("", bot["mode_limited"]))
    if reviews["open"]:
        parked = f", {reviews['parked']} of them parked" if reviews["parked"] else ""
        cases = "1 case" if reviews["open"] == 1 else f"{reviews['open']} cases"
        pairs.append(("for people", f"{cases}, the oldest since {at(reviews['oldest'])}{parked}"))
    pairs.append(("last run", _run_in_words(bot["last_run"])))
    paper.pairs(pairs)
    for why in bot["last_run"]["why_not_green"] if bot["last_run"] else ():
        paper.line(f"not green: {why}", indent=2)
    for one in bot["failed"]:
        paper.line(f"failed: {one['reference'][:24]}, {one['code']}: {one['reason']}", indent=2)
    if bot["waiting"]["number"]:
        paper.line(f"{bot['waiting']['number']} items wait for a date:", indent=2)
        paper.pairs((at(one["until"]), one["reason"] or one["reference"]) for one in bot["waiting"]["first"])


def _run_in_words(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    ending = "not ended" if run["ended_at"] is None else "green" if run["green"] else f"NOT green ({run['exit_code']})"
    return f"{run['id']}, {at(run['started_at'])}, {run['mode']}, {ending}"
