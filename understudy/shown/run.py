"""The report of a run, as JSON data and as text."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.model.runs import Balance, ExitCode
from understudy.shown.paper import Paper, Style, inert

if TYPE_CHECKING:
    from core.runtime import RunReport

_MOST_PLANS = 20  # shown as text; JSON has them all
_ENDINGS = {
    ExitCode.GREEN: "balanced, nothing failed",
    ExitCode.FAILED: "NOT in order: something failed, or a balance does not hold",
    ExitCode.STOPPED: "stopped before the queue was empty",
    ExitCode.TARGET: "stopped: a target is not available",
    ExitCode.CREDENTIALS: "stopped: a target refused the credentials",
}


def report_data(
    report: "RunReport", *, dry: bool, limit: str, plans: Sequence[Mapping[str, Any]], logs: Path
) -> dict[str, Any]:
    """Return everything the report says as JSON data; `limit` says why the mode is lower than bots.toml asks."""
    return {
        "bot": report.bot,
        "run": None if dry else report.run_id,
        "dry_run": dry,
        "mode": str(report.mode),
        "mode_limited": limit,
        "exit_code": int(report.exit_code),
        "green": report.exit_code == ExitCode.GREEN,
        "stopped": report.stopped,
        "goes_on_at": report.goes_on_at,
        "intake": {
            "offered": report.offered,
            "new": report.new,
            "duplicate": report.duplicate,
            "quarantined": report.quarantined,
        },
        "attempts": report.outcomes,
        "items": report.states,
        "cases_for_people": report.states.get("in_review", 0),
        "balances": [balance_data(balance) for balance in report.balances],
        "plans": list(plans),
        "logs": str(logs),
    }


def balance_data(balance: Balance) -> dict[str, Any]:
    """Return a balance as JSON data."""
    return {
        "name": balance.name,
        "holds": balance.holds,
        "expected": dict(balance.expected),
        "counted": dict(balance.counted),
        "differences": list(balance.differences),
        "note": balance.note,
    }


def show_report(data: Mapping[str, Any]) -> None:
    """Write the report for a person: how it ended first, then the counts, the balances and where to look."""
    paper = Paper()
    what = "dry run" if data["dry_run"] else f"run {data['run']}"
    good = data["exit_code"] == ExitCode.GREEN
    ending = _ENDINGS.get(data["exit_code"], "ended")
    paper.line(f"{data['bot']}, {what} in {data['mode']}: {ending}", style=Style.GOOD if good else Style.BAD)
    if data["mode_limited"]:
        paper.line(data["mode_limited"])
    if data["stopped"]:
        paper.line(f"Stopped early: {data['stopped']}")
    paper.heading("Counts")
    counts = (("taken in", "intake"), ("attempts", "attempts"), ("items now", "items"))
    paper.pairs((shown, in_words(data[name])) for shown, name in counts)
    show_balances(paper, data["balances"])
    if data["dry_run"]:
        _show_plans(paper, data["plans"])
    _show_next(paper, data)


def show_balances(paper: Paper, balances: Sequence[Mapping[str, Any]]) -> None:
    """Write the balances, each with what differs."""
    paper.heading("Balances")
    paper.pairs((one["name"], _balance_in_words(one)) for one in balances)
    for one in balances:
        for difference in [*one["differences"], *([one["note"]] if one["note"] else [])]:
            paper.line(f"{one['name']}: {difference}")


def _balance_in_words(one: Mapping[str, Any]) -> str:
    holds = "holds" if one["holds"] else "DOES NOT HOLD"
    return f"{holds}: {in_words(one['expected'])}; counted: {in_words(one['counted'])}"


def in_words(counts: Mapping[str, Any]) -> str:
    """Return counts as `3 new, 1 duplicate`; a dash when there are none."""
    shown = [f"{name.replace('_', ' ')} {value}" for name, value in counts.items()]
    return ", ".join(shown) or "-"


def _show_plans(paper: Paper, plans: Sequence[Mapping[str, Any]]) -> None:
    paper.heading(f"What would be done: {len(plans)}")
    for one in plans[:_MOST_PLANS]:
        paper.line(f"{one['effect']} in {one['target']}: {one['key']}  (item {one['reference'][:24]})")
        plan = one["plan"] if isinstance(one["plan"], Mapping) else {"plan": one["plan"]}
        paper.pairs((name, _short(value)) for name, value in plan.items() if value is not None)
    if len(plans) > _MOST_PLANS:
        paper.line(f"and {len(plans) - _MOST_PLANS} more; --json prints them all")


def _short(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"{len(value)} entries"
    text = inert(value)
    return text if len(text) <= 160 else text[:159] + "…"


def _show_next(paper: Paper, data: Mapping[str, Any]) -> None:
    paper.heading("Where to look")
    if data["cases_for_people"] and not data["dry_run"]:
        number = data["cases_for_people"]
        paper.line(f"{number} {'case waits' if number == 1 else 'cases wait'} for people:")
        paper.typed(f"understudy review list --bot {data['bot']}")
    if data["items"].get("failed") and not data["dry_run"]:
        number = data["items"]["failed"]
        paper.line(f"{number} {'item' if number == 1 else 'items'} failed; when the cause is mended:")
        paper.typed(f"understudy retry {data['bot']}")
    if not data["dry_run"]:
        paper.typed("understudy status")
    paper.line(f"The engineers' log is in {data['logs']}.")
