"""What a watch reads from the store: how runs ended, what was due, what waits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.model.effects import EffectState
from core.model.occurrences import Occurrence, OccurrenceState
from core.model.runs import ExitCode
from core.store import runs
from core.store import tables as t
from core.store.columns import Instant
from core.store.transaction import Transaction

COLLECTS = timedelta(hours=12)  # a run that takes in for longer is gone with its machine
_SINCE = "watched since"  # a name in the table `about`


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the last run of a bot ended."""

    bot: str
    run_id: int
    exit_code: int
    ended_at: datetime
    unbalanced: tuple[str, ...]  # the names of balances that do not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Effects of one bot in one target of which nobody knows whether they happened."""

    bot: str
    target: str
    number: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Items of a bot that were never tried and may be taken now."""

    bot: str
    number: int
    since: datetime  # when the first of them might have been taken
    collecting: bool  # a run is still taking in more, and works them afterwards


def begin(tx: Transaction) -> None:
    """Note that the store is watched from now on, unless it is already."""
    tx.ensure(t.about, {"name": _SINCE, "value": tx.now.isoformat()}, unique=("name",))


def watched_since(tx: Transaction) -> datetime:
    """Return since when the store is watched; what was over before is told to nobody."""
    told = tx.connection.execute(sa.select(t.about.c.value).where(t.about.c.name == _SINCE)).scalar_one_or_none()
    return tx.now if told is None else datetime.fromisoformat(told)


def unfinished(tx: Transaction) -> Sequence[Occurrence]:
    """Return the occurrences that are due or at work."""
    states = (OccurrenceState.DUE, OccurrenceState.BEGUN)
    return _occurrences(tx, t.occurrence.c.state.in_(states))


def past(tx: Transaction, *, since: datetime) -> Sequence[Occurrence]:
    """Return the occurrences that were skipped, or ended after their deadline, since an instant."""
    o = t.occurrence.c
    late = sa.and_(o.state == OccurrenceState.ENDED, o.report_by.is_not(None), o.ended_at > o.report_by)
    return _occurrences(tx, o.ended_at >= since, sa.or_(o.state == OccurrenceState.SKIPPED, late))


def _occurrences(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> Sequence[Occurrence]:
    query = sa.select(t.occurrence).where(*conditions).order_by(t.occurrence.c.due, t.occurrence.c.id)
    return [Occurrence(**{**row._mapping, "state": OccurrenceState(row.state)}) for row in tx.connection.execute(query)]


def last_ended(tx: Transaction, bot: str) -> Ended | None:
    """Return the bot's newest run that came to an end of its own; one that a window or a hold stopped says nothing."""
    row = runs.last_to_end(tx, bot, t.run.c.exit_code != int(ExitCode.STOPPED))
    if row is None:
        return None
    unbalanced = tuple(one["name"] for one in row.balances or () if one["differences"])
    return Ended(bot=bot, run_id=row.id, exit_code=row.exit_code, ended_at=row.ended_at, unbalanced=unbalanced)


def last_end(tx: Transaction, bot: str) -> datetime | None:
    """Return when a run of the bot ended last, however it ended; None when none has."""
    row = runs.last_to_end(tx, bot)
    return None if row is None else row.ended_at


def taken_in(tx: Transaction, bot: str, *, since: datetime) -> Sequence[tuple[datetime, int]]:
    """Return of each run since an instant, oldest first, when it began and how many cases were new with it."""
    r = t.run.c
    rows = tx.connection.execute(
        sa.select(r.started_at, r.new)
        .where(r.bot == bot, r.started_at >= since, r.frozen_at.is_not(None))
        .order_by(r.started_at)
    )
    return [(row.started_at, row.new) for row in rows]


def cases(tx: Transaction, bot: str) -> Sequence[datetime]:
    """Return since when each unanswered question of the bot waits, oldest first; one that is parked waits not yet."""
    rows = tx.connection.execute(
        sa.select(t.review.c.opened_at, t.review.c.parked_until).where(
            t.review.c.bot == bot,
            sa.text("review.state <> 'resolved'"),
            sa.or_(t.review.c.parked_until.is_(None), t.review.c.parked_until <= tx.now),
        )
    )
    return sorted(row.parked_until or row.opened_at for row in rows)


def doubts(tx: Transaction, *, before: datetime) -> Sequence[Doubts]:
    """Return the effects begun before an instant and not settled since, by bot and target."""
    e = t.effect.c
    rows = tx.connection.execute(
        sa.select(e.bot, e.target, sa.func.count(), sa.func.min(e.intended_at, type_=Instant()))
        .where(e.state.in_((EffectState.INTENDED, EffectState.UNCERTAIN)), e.intended_at < before)
        .group_by(e.bot, e.target)
        .order_by(e.bot, e.target)
    )
    return [Doubts(bot=bot, target=target, number=number, oldest=oldest) for bot, target, number, oldest in rows]


def ready(tx: Transaction, bot: str) -> Ready | None:
    """Return the bot's items that were never tried and may be taken now; None when there are none."""
    i, r = t.item.c, t.run.c
    number, since = tx.connection.execute(
        sa.select(sa.func.count(), sa.func.min(i.not_before, type_=Instant())).where(
            i.bot == bot, i.state == sa.literal_column("'pending'"), i.attempts == 0, i.not_before <= tx.now
        )
    ).one()
    if not number:
        return None
    collecting = sa.select(r.id).where(r.bot == bot, r.ended_at.is_(None), r.frozen_at.is_(None), r.worker != "")
    collecting = collecting.where(r.started_at > tx.now - COLLECTS)
    return Ready(
        bot=bot,
        number=number,
        since=since,
        collecting=tx.connection.execute(collecting.limit(1)).first() is not None,
    )


def moved_since(tx: Transaction, bot: str, instant: datetime) -> bool:
    """Tell whether an item of the bot is being worked, or was moved since an instant."""
    i = t.item.c
    busy = sa.and_(i.state == sa.literal_column("'in_progress'"), i.lease_until > tx.now)
    moved = sa.and_(i.changed_at > instant, i.attempts > 0)
    some = sa.select(i.id).where(i.bot == bot, sa.or_(busy, moved)).limit(1)
    return tx.connection.execute(some).first() is not None


def last_releases(tx: Transaction, *, since: datetime) -> Mapping[tuple[str, str], datetime]:
    """Return by scope and name when a hold was last lifted, of those lifted since an instant."""
    rows = tx.connection.execute(
        sa.select(t.hold.c.scope, t.hold.c.name, sa.func.max(t.hold.c.released_at, type_=Instant()))
        .where(t.hold.c.released_at >= since)
        .group_by(t.hold.c.scope, t.hold.c.name)
    )
    return {(scope, name): at for scope, name, at in rows}


def paces(tx: Transaction, targets: Iterable[str]) -> Mapping[str, Any]:
    """Return for targets with a pace when the next item may begin on each."""
    wanted = list(targets)
    rows = tx.connection.execute(sa.select(t.rate.c.target, t.rate.c.next_at).where(t.rate.c.target.in_(wanted)))
    return {row.target: row.next_at for row in rows}
