"""What one look at the installation reads, so that every rule judges the same picture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.model.occurrences import Occurrence
from core.store import Transaction, holds, notices, schedules, signs, watching
from core.store.watching import Doubts, Ended, Ready
from schedules.watching.expected import Expected

PAST = timedelta(days=7)  # a watch that was away for less than this tells what it missed
WEEKS = timedelta(weeks=12)  # with which counts are compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When a schedule is due next, as the schedulers have it."""

    bot: str
    name: str
    slot: str
    at: datetime
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is read at every look."""

    at: datetime
    since: datetime  # what was over before is not told
    present: datetime  # since when the watch looks without a break: whoever slept with it has had as long to wake up
    unfinished: Sequence[Occurrence]
    past: Sequence[Occurrence]  # skipped, or ended after their deadline
    next: Sequence[Next]
    ended: Mapping[str, Ended]  # the last run of each bot that has one
    last_end: Mapping[str, datetime]  # of each bot, when a run ended last, however it ended
    released: Mapping[tuple[str, str], datetime]  # holds lifted within the grace of a start, by scope and name
    holds: Sequence[Any]  # in force: scope, name, code, by, at
    schedulers: Mapping[str, datetime]  # by host, when it last gave a sign
    cases: Mapping[str, Sequence[datetime]]  # by bot, since when each waits
    failing: Mapping[str, datetime]  # by channel, since when it takes nothing
    free: Mapping[str, int]  # bytes by place


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is read every few minutes: it takes longer, or changes slowly."""

    facts: Facts  # of the same picture
    doubts: Sequence[Doubts]
    ready: Sequence[Ready]  # of bots of which nothing has moved for long
    released: Mapping[tuple[str, str], datetime]  # holds lifted lately, by scope and name
    paces: Mapping[str, datetime]  # when the next item may begin, by target
    taken_in: Mapping[str, Sequence[tuple[datetime, int]]]  # by bot, of each run: its start, and how many were new


def read_facts(
    tx: Transaction, expected: Expected, *, present: datetime, channels: Iterable[str], free: Mapping[str, int]
) -> Facts:
    """Read what every look needs."""
    failing = {name: began for name in channels if (began := notices.failing_since(tx, name)) is not None}
    ended = {bot: last for bot in expected.bots if (last := watching.last_ended(tx, bot)) is not None}
    since = max(watching.watched_since(tx), tx.now - PAST)
    return Facts(
        at=tx.now,
        since=since,
        present=present,
        unfinished=watching.unfinished(tx),
        past=watching.past(tx, since=since),
        next=tuple(
            Next(bot=row.bot, name=row.name, slot=row.next_slot, at=row.next_at, paused=row.paused_at is not None)
            for row in schedules.all_of(tx)
            if row.next_at is not None
        ),
        ended=ended,
        last_end={bot: at for bot in expected.bots if (at := watching.last_end(tx, bot)) is not None},
        released=watching.last_releases(tx, since=tx.now - expected.alerts.start_grace),
        holds=holds.all_active(tx),
        schedulers=signs.all_of(tx, "scheduler"),
        cases={bot: watching.cases(tx, bot) for bot in expected.bots},
        failing=failing,
        free=free,
    )


def read_counted(tx: Transaction, expected: Expected, facts: Facts) -> Counted:
    """Read what is looked at every few minutes."""
    alerts = expected.alerts
    ready = (watching.ready(tx, bot) for bot in expected.bots)
    since = tx.now - alerts.items_wait
    return Counted(
        facts=facts,
        doubts=watching.doubts(tx, before=tx.now - alerts.doubt_waits),
        ready=tuple(
            one
            for one in ready
            if one is not None and one.since <= since and not watching.moved_since(tx, one.bot, since)
        ),
        released=watching.last_releases(tx, since=since),
        paces=watching.paces(tx, {target for some in expected.targets.values() for target in some}),
        taken_in={bot: watching.taken_in(tx, bot, since=tx.now - WEEKS) for bot in expected.bots},
    )
