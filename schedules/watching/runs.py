"""Rules about runs: did each start when it was due, report by its deadline, and end as it should?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.model.notices import Alert, Finding
from core.model.occurrences import BY_HAND, Occurrence, OccurrenceState
from core.model.runs import ExitCode
from core.store.watching import Ended
from core.timing.openings import closing, first_opening, open_since
from schedules.watching.expected import Expected
from schedules.watching.facts import Facts

LONGEST = timedelta(hours=12)  # a run without a deadline that is at work for longer hangs
# How the reasons begin of runs that are left out on purpose.
NOT_MISSED = ("made up for", "paused", "it is no longer due", "bots.toml has no such schedule")


def not_started(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find what was due and is not begun after the grace, whether a scheduler has ordered the run or not."""
    busy = {one.bot for one in facts.unfinished if one.state is OccurrenceState.BEGUN}
    held = {(hold.scope, hold.name) for hold in facts.holds}
    for occurrence in facts.unfinished:
        if occurrence.state is not OccurrenceState.DUE or occurrence.bot in busy or not _is_known(occurrence, expected):
            continue  # the runs of a bot wait for each other; what bots.toml does not know is not started on purpose
        if held & {("bot", occurrence.bot), *(("target", one) for one in expected.targets.get(occurrence.bot, ()))}:
            continue  # that has an alert of its own
        ready = _ready(occurrence, expected)
        free = _free_since(occurrence, facts, expected)
        if free is not None and facts.at > max(ready, free, facts.present) + expected.alerts.start_grace:
            tried = f" {occurrence.starts} processes were started for it and none began." if occurrence.starts else ""
            says = f"It was due {expected.hour(ready)} and nothing works at it.{tried}"
            yield _finding(Alert.RUN_NOT_STARTED, occurrence, says)
    for one in facts.next:
        schedule = expected.schedules.get((one.bot, one.name))
        if schedule is None or one.paused:
            continue
        if facts.at > max(one.at + schedule.jitter, facts.present) + expected.alerts.start_grace:
            yield Finding(
                alert=Alert.RUN_NOT_STARTED,
                subject=f"{one.bot}/{one.name} {one.slot}",
                says=f"It was due {expected.hour(one.at)} and no scheduler has ordered a run for it.",
                about={"BOT": one.bot, "SCHEDULE": one.name},
            )


def overdue(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find runs whose deadline has passed, and such without one that are at work for half a day."""
    for occurrence in facts.unfinished:
        deadline = occurrence.report_by
        if occurrence.state is OccurrenceState.DUE and not _is_known(occurrence, expected):
            continue  # nobody starts it, on purpose
        if deadline is not None and facts.at > deadline:
            begun = occurrence.began_at
            how = f"it began {expected.hour(begun)}" if begun is not None else "it has not begun"
            says = f"It was to report by {expected.hour(deadline)}; {how}."
            yield _finding(Alert.RUN_OVERDUE, occurrence, says)
        elif deadline is None and occurrence.state is OccurrenceState.BEGUN:
            since = _at_work_since(occurrence, expected, facts.at)
            if facts.at > since + LONGEST:
                says = f"It has no deadline, and is at work since {expected.hour(since)}: it may hang."
                yield _finding(Alert.RUN_OVERDUE, occurrence, says)
    for occurrence in facts.past:
        deadline, ended = occurrence.report_by, occurrence.ended_at
        if occurrence.reason.startswith(NOT_MISSED):
            continue
        if occurrence.state is OccurrenceState.ENDED and deadline is not None and ended is not None:
            says = f"It was to report by {expected.hour(deadline)} and ended {expected.hour(ended)}."
            yield _finding(Alert.RUN_OVERDUE, occurrence, says, over=True)


def missed(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find due times that were passed over because nobody was there, and that no other run makes up for."""
    for occurrence in facts.past:
        if occurrence.state is OccurrenceState.SKIPPED and is_missed(occurrence):
            says = f"It was due {expected.hour(occurrence.due)}; {occurrence.reason}."
            yield _finding(Alert.RUN_MISSED, occurrence, says, over=True)


def is_missed(occurrence: Occurrence) -> bool:
    """Tell a run that was missed from one that was left out on purpose: made up for, paused, or its target closed."""
    return not occurrence.reason.startswith(NOT_MISSED) and " is closed: " not in occurrence.reason


def failed(facts: Facts, expected: Expected) -> Iterator[Finding]:
    """Find bots whose last run, scheduled or not, ended in any way but well."""
    for bot, ended in facts.ended.items():
        if ended.exit_code in (ExitCode.GREEN, ExitCode.CASES):
            continue
        targets = expected.targets[bot]
        about = {"BOT": bot} | ({"TARGET": targets[0]} if len(targets) == 1 else {})
        says = f"Run {ended.run_id} ended {expected.hour(ended.ended_at)} with {ended.exit_code}{_which(ended)}."
        yield Finding(alert=_alert(ended), subject=bot, says=says, about=about)


def _which(ended: Ended) -> str:
    return f"; what does not balance: {', '.join(ended.unbalanced)}" if ended.unbalanced else ""


def _alert(ended: Ended) -> Alert:
    if ended.unbalanced:
        return Alert.RUN_UNBALANCED
    known = {
        ExitCode.TARGET: Alert.TARGET_UNAVAILABLE,
        ExitCode.CREDENTIALS: Alert.LOGIN_REFUSED,
        ExitCode.CONFIGURATION: Alert.RUN_NOT_POSSIBLE,
        ExitCode.TRAIL: Alert.TRAIL_BROKEN,
    }
    return next((alert for code, alert in known.items() if code == ended.exit_code), Alert.RUN_FAILED)


def _finding(alert: Alert, occurrence: Occurrence, says: str, *, over: bool = False) -> Finding:
    return Finding(
        alert=alert,
        subject=f"{occurrence.name} {occurrence.slot}",
        says=says,
        over=over,
        about={"BOT": occurrence.bot, "SCHEDULE": occurrence.schedule},
    )


def _is_known(occurrence: Occurrence, expected: Expected) -> bool:
    """Tell whether bots.toml has what the run is of, so that schedulers start it."""
    known = occurrence.schedule == BY_HAND or (occurrence.bot, occurrence.schedule) in expected.schedules
    return known and occurrence.bot in expected.bots


def _ready(occurrence: Occurrence, expected: Expected) -> datetime:
    """Return from when on a run might have begun: after its jitter, while its targets are open."""
    if occurrence.began_at is not None:
        return occurrence.not_before
    schedule = expected.schedules.get((occurrence.bot, occurrence.schedule))
    if schedule is None:
        return max(occurrence.due, occurrence.made_at)
    wanted = max(occurrence.due + schedule.jitter, occurrence.made_at)
    return first_opening(schedule.hours, wanted) or wanted


def _free_since(occurrence: Occurrence, facts: Facts, expected: Expected) -> datetime | None:
    """Return since when neither another run of the bot nor a hold is in the way of one that is due.

    None while its targets are closed, or open for no longer than the grace: it may have waited past closing time.
    """
    bot, long_ago = occurrence.bot, facts.at - expected.alerts.start_grace
    opened = open_since(expected.hours.get(bot, ()), long_ago, facts.at)
    if opened is None or opened > long_ago:
        return None
    names = (("bot", bot), *(("target", one) for one in expected.targets.get(bot, ())))
    return max(facts.last_end.get(bot, occurrence.due), *(facts.released.get(name, occurrence.due) for name in names))


def _at_work_since(occurrence: Occurrence, expected: Expected, now: datetime) -> datetime:
    """Return since when a run is at work: its beginning, or the last opening of its targets."""
    since = occurrence.began_at or now
    hours = expected.hours.get(occurrence.bot, ())
    while (closes := closing(hours, since)) is not None and closes < now:
        opens = first_opening(hours, closes)
        if opens is None or opens >= now:
            return now
        since = max(opens, closes + timedelta(microseconds=1))
    return since
