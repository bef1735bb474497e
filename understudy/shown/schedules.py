"""Schedules and what came of them, as JSON data and as text."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from core.model.occurrences import Occurrence, OccurrenceState
from core.timing.zones import local_text
from understudy.shown.paper import Paper, Style, at

if TYPE_CHECKING:
    from core.installation import Installation
    from core.timing.schedule import Schedule
    from schedules.ahead import Coming

SILENT = timedelta(minutes=1)  # a scheduler that gave no sign for so long is not there
_FORMS = ("workdays", "days", "weekly", "month_end", "every", "interval", "cron")


def list_data(installation: "Installation") -> dict[str, Any]:
    """Return every schedule of bots.toml, enabled or not, and which schedulers are there."""
    from core.store import occurrences, schedules, signs

    made = {(schedule.bot, schedule.name): schedule for schedule in installation.config.schedules()}
    with installation.database.reading() as tx:
        rows = {(row.bot, row.name): row for row in schedules.all_of(tx)}
        given = signs.all_of(tx, "scheduler")
        listed = [
            {
                "bot": bot,
                "name": name,
                "when": _form(table),
                "enabled": (bot, name) in made,
                **_due(made.get((bot, name)), tx.now),
                **_paused(rows.get((bot, name))),
                "last": history_data(occurrences.history(tx, bot=bot, schedule=name, most=1)),
            }
            for bot, bot_table in installation.config.file.bots.items()
            for name, table in bot_table.schedules.items()
        ]
        return {
            "at": tx.now,
            "schedulers": [
                {"host": host, "sign": sign, "silent": tx.now - sign > SILENT} for host, sign in given.items()
            ],
            "schedules": listed,
        }


def _form(table: Any) -> str:
    form = next((form for form in _FORMS if getattr(table, form) is not None), "")
    return f"{form} {getattr(table, form)}" if form else ""


def _due(schedule: "Schedule | None", now: datetime) -> dict[str, Any]:
    from schedules.clockwork import next_slot

    slot = None if schedule is None else next_slot(schedule, now)
    return {
        "next_slot": None if slot is None else slot.key,
        "next_at": None if slot is None else slot.due,
        "zone": None if schedule is None else schedule.timetable.zone.key,
    }


def _paused(row: Any) -> dict[str, Any]:
    there = row is not None and row.paused_at is not None
    return {"paused": {"at": row.paused_at, "by": row.paused_by, "reason": row.paused_why} if there else None}


def paused_words(installation: "Installation") -> dict[tuple[str, str], str]:
    """Return by whom and why schedules are paused, for those that are."""
    from core.store import schedules

    with installation.database.reading() as tx:
        rows = schedules.all_of(tx)
    return {(r.bot, r.name): f"paused by {r.paused_by}: {r.paused_why}" for r in rows if r.paused_at is not None}


def in_the_way(installation: "Installation", bot: str) -> list[str]:
    """Return in sentences what keeps a run of a bot from being started at once."""
    from core.store import holds, occurrences, signs
    from core.timing.openings import first_opening, why_closed

    hours = tuple(installation.config.hours_of(bot).values())
    with installation.database.reading() as tx:
        given = signs.all_of(tx, "scheduler").values()
        held = holds.in_the_way(tx, bot, targets=installation.config.file.bots[bot].targets)
        at_work = [one for one in occurrences.unfinished(tx) if one.bot == bot and one.state is OccurrenceState.BEGUN]
        now = tx.now
    whys = [f"{held.scope} {held.name} is held: {held.reason}"] if held is not None else []
    whys += [why_closed(hours, now)] if first_opening(hours, now) != now else []
    whys += [f"the run of {one.name} that was due {at(one.due)} is at work" for one in at_work]
    if all(now - sign > SILENT for sign in given):
        whys.append("no scheduler is there; start one: understudy scheduler")
    return whys


def show_list(data: Mapping[str, Any]) -> None:
    """Write every schedule with its next due time and how it went last; first whether a scheduler is there."""
    paper = Paper()
    there = [one for one in data["schedulers"] if not one["silent"]]
    if not data["schedules"]:
        paper.line("No schedule yet; docs/howto/schedules.md shows how to write one into bots.toml.")
    elif not there:
        paper.line("NO SCHEDULER IS THERE: nothing is started. Start one:", style=Style.BAD)
        paper.typed("understudy scheduler")
    for one in there:
        paper.line(f"Scheduler on {one['host']}, last sign {at(one['sign'])}")
    for one in data["schedules"]:
        paper.heading(f"{one['bot']}/{one['name']}" + ("" if one["enabled"] else " (not enabled)"))
        paper.pairs(_pairs(one))


def _pairs(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = [("when", one["when"])]
    if one["enabled"]:
        due = "not within 400 days" if one["next_at"] is None else _local(one["next_at"], ZoneInfo(one["zone"]))
        pairs.append(("next", due))
    if one["paused"] is not None:
        pairs.append(("paused", f"by {one['paused']['by']}, {at(one['paused']['at'])}: {one['paused']['reason']}"))
    pairs += [("last", f"{at(last['due'])}: {_ending(last)}") for last in one["last"]]
    return pairs


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{local_text(instant, zone)} ({zone.key})"


def coming_data(found: "Sequence[Coming]", *, days: int) -> dict[str, Any]:
    """Return what is to come as JSON data."""
    return {
        "days": days,
        "coming": [
            {
                "bot": one.schedule.bot,
                "schedule": one.schedule.name,
                "slot": one.slot.key,
                "zone": one.schedule.timetable.zone.key,
                "due": one.slot.due,
                "begins": one.begins,
                "report_by": one.report_by,
                "note": one.note,
            }
            for one in found
        ],
    }


def show_coming(data: Mapping[str, Any], *, ics: Path | None) -> None:
    """Write what is to come, a line each; notes say what stands in its way."""
    paper = Paper()
    if not data["coming"]:
        paper.line(f"Nothing is due in the next {data['days']} days.")
        return
    zones = {one["zone"] for one in data["coming"]}
    shown = local_text if len(zones) == 1 else _local
    notes = {note: number for number, note in enumerate(dict.fromkeys(_notes(data)), start=1)}
    rows = [
        (
            shown(one["due"], ZoneInfo(one["zone"])),
            f"{one['bot']}/{one['schedule']}",
            "-" if one["report_by"] is None else shown(one["report_by"], ZoneInfo(one["zone"])),
            f"({notes[one['note']]})" if one["note"] else "",
        )
        for one in data["coming"]
    ]
    paper.table(("due", "schedule", "must have reported by", "note"), rows)
    for note, number in notes.items():
        paper.line(f"({number}) {note}")
    if len(zones) == 1:
        paper.line(f"Times are those of {', '.join(zones)}.")
    if ics is not None:
        written = sum(one["begins"] is not None for one in data["coming"])
        paper.line(f"Wrote {written} of them to {ics}, for an office calendar.")


def _notes(data: Mapping[str, Any]) -> list[str]:
    return [one["note"] for one in data["coming"] if one["note"]]


def history_data(found: Sequence[Occurrence]) -> list[dict[str, Any]]:
    """Return occurrences as JSON data."""
    return [
        {
            "occurrence": one.id,
            "bot": one.bot,
            "schedule": one.schedule,
            "slot": one.slot,
            "due": one.due,
            "state": str(one.state),
            "reason": one.reason,
            "not_before": one.not_before,
            "report_by": one.report_by,
            "run": one.run_id,
            "starts": one.starts,
            "holder": one.holder,
            "began_at": one.began_at,
            "ended_at": one.ended_at,
            "exit_code": one.exit_code,
        }
        for one in found
    ]


def show_history(data: Sequence[Mapping[str, Any]]) -> None:
    """Write what became of each due time, a line each."""
    paper = Paper()
    if not data:
        paper.line("Nothing came due in that time.")
        return
    rows = [
        (at(one["due"]), f"{one['bot']}/{one['schedule']}", one["run"] or "-", at(one["began_at"]), _ending(one))
        for one in data
    ]
    paper.table(("due", "schedule", "run", "began", "what came of it"), rows)


def _ending(one: Mapping[str, Any]) -> str:
    why = f": {one['reason']}" if one["reason"] else ""
    match one["state"]:
        case OccurrenceState.SKIPPED:
            return f"not run{why}"
        case OccurrenceState.BEGUN:
            return f"at work, by {one['holder']}"
        case OccurrenceState.DUE:
            return f"waits from {at(one['not_before'])} on{why}"
        case _:
            good = "green" if one["exit_code"] == 0 else f"NOT green ({one['exit_code']})"
            return f"{good}, {at(one['ended_at'])}{why}"
