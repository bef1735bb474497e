"""Notices: what operators are told of, what of it is still to be told, and every try to deliver it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.model.notices import Alert, Delivery, Finding, Notice, Part, Severity
from core.store import tables as t
from core.store.transaction import Transaction

AHEAD = timedelta(hours=1)  # noted later than this from now: by a clock that was wrong
WEEK = timedelta(weeks=1)
SELDOM = (Alert.CALENDAR_ENDS,)  # what has weeks to be mended is told again once a week

_OPEN = t.notice.c.resolved_at.is_(None)


def take(tx: Transaction, findings: Iterable[Finding], *, looked: Collection[Alert], least: Severity) -> None:
    """Store what a look has found: new notices open, those it does not find any more end.

    `looked`: the alerts that were looked for; a notice of another stays as it is. What is less grave than `least` is
    stored and never told.
    """
    found = {(finding.alert, finding.subject): finding for finding in findings}
    lasting = {key: finding for key, finding in found.items() if not finding.over}
    known = set()
    for notice in open_ones(tx):
        key = (notice.alert, notice.subject)
        if key in lasting:
            known.add(key)
            _seen(tx, notice, lasting[key])
        elif notice.alert in looked:
            _end(tx, notice)
    for key, finding in found.items():
        if key not in known and not (finding.over and _was_there(tx, finding)):
            _insert(tx, finding, least=least)


def _seen(tx: Transaction, notice: Notice, finding: Finding) -> None:
    changed = {"seen_at": tx.now, "says": finding.says, "about": dict(finding.about)}
    tx.connection.execute(t.notice.update().where(t.notice.c.id == notice.id).values(**changed))


def _end(tx: Transaction, notice: Notice) -> None:
    """End a notice; who was told of it is told of its end, and who was not yet, of both at once."""
    values: dict[str, Any] = {"resolved_at": tx.now}
    if notice.told_at is not None:
        values |= {"part": Part.ENDED, "tell_at": tx.now, "tries": 0}
    tx.connection.execute(t.notice.update().where(t.notice.c.id == notice.id).values(**values))


def _was_there(tx: Transaction, finding: Finding) -> bool:
    same = (t.notice.c.code == finding.alert, t.notice.c.subject == finding.subject)
    return tx.connection.execute(sa.select(t.notice.c.id).where(*same).limit(1)).first() is not None


def _insert(tx: Transaction, finding: Finding, *, least: Severity) -> None:
    row = {
        "code": finding.alert,
        "subject": finding.subject,
        "says": finding.says,
        "about": dict(finding.about),
        "opened_at": tx.now,
        "seen_at": tx.now,
        "resolved_at": tx.now if finding.over else None,
        "part": Part.OPENED,
        "tell_at": tx.now if finding.alert.severity.reaches(least) else None,
        "tries": 0,
    }
    tx.insert_new(t.notice, row, unique=())


def remind(tx: Transaction, *, after: timedelta) -> None:
    """Have what lasts told again, once `after` has passed since it was told last and nobody has said they know."""
    quiet = sa.and_(t.notice.c.quiet_until.is_not(None), t.notice.c.quiet_until > tx.now)
    told = t.notice.c.told_at
    seldom = t.notice.c.code.in_(SELDOM)
    long = sa.or_(sa.and_(~seldom, told <= tx.now - after), told <= tx.now - max(after, WEEK))
    long_ago = sa.or_(long, told > tx.now + AHEAD)
    tx.connection.execute(
        t.notice.update()
        .where(_OPEN, t.notice.c.tell_at.is_(None), long_ago, ~quiet)
        .values(part=Part.AGAIN, tell_at=tx.now)
    )


def to_tell(tx: Transaction) -> Sequence[Notice]:
    """Return the notices a message is due about, the gravest first, then the oldest."""
    due = sa.or_(t.notice.c.tell_at <= tx.now, t.notice.c.tell_at > tx.now + AHEAD)
    rows = tx.connection.execute(sa.select(t.notice).where(due).order_by(t.notice.c.id))
    order = list(Severity)
    return sorted(map(_notice, rows), key=lambda notice: -order.index(notice.alert.severity))


def is_stuck(tx: Transaction) -> bool:
    """Tell whether something is to be told that no channel took when it was tried."""
    stuck = sa.select(t.notice.c.id).where(t.notice.c.tell_at.is_not(None), t.notice.c.tries > 0).limit(1)
    return tx.connection.execute(stuck).first() is not None


def last_delivered(tx: Transaction) -> datetime | None:
    """Return when a message about notices was last taken by a channel; None when none ever was."""
    taken = (t.delivery.c.error.is_(None), t.delivery.c.notice_id.is_not(None))
    return tx.connection.execute(
        sa.select(t.delivery.c.at).where(*taken).order_by(t.delivery.c.id.desc()).limit(1)
    ).scalar_one_or_none()


def record(tx: Transaction, told: Sequence[Notice], *, tries: Sequence[Delivery], again_in: timedelta) -> None:
    """Store how a message about notices was delivered; when no channel took it, it is due again after `again_in`.

    `told` are the notices as they were when the message was written: what came up since is still to be told.
    """
    for notice in told:
        for one in tries:
            _record_try(tx, one, notice_id=notice.id, part=notice.part)
        as_it_was = (t.notice.c.id == notice.id, t.notice.c.part == notice.part)
        if any(one.taken for one in tries):
            values: dict[str, Any] = {"told_at": tx.now, "tell_at": None, "tries": 0}
            if notice.resolved_at is None:  # it may have ended while the message was on its way
                ended = sa.case((_OPEN, None), else_=sa.literal(tx.now, t.notice.c.tell_at.type))
                values |= {"tell_at": ended, "part": sa.case((_OPEN, t.notice.c.part), else_=Part.ENDED)}
        else:
            values = {"tell_at": tx.now + again_in, "tries": notice.tries + 1}
        tx.connection.execute(t.notice.update().where(*as_it_was).values(**values))


def record_test(tx: Transaction, tries: Iterable[Delivery]) -> None:
    """Store how a message about no notice was delivered."""
    for one in tries:
        _record_try(tx, one, notice_id=None, part=None)


def _record_try(tx: Transaction, one: Delivery, *, notice_id: int | None, part: Part | None) -> None:
    row = {"notice_id": notice_id, "part": part, "channel": one.channel, "at": one.at, "error": one.error}
    tx.connection.execute(t.delivery.insert().values(**row))


def open_ones(tx: Transaction) -> Sequence[Notice]:
    """Return the notices that last, oldest first."""
    return [_notice(row) for row in tx.connection.execute(sa.select(t.notice).where(_OPEN).order_by(t.notice.c.id))]


def newest(tx: Transaction, *, most: int) -> Sequence[Notice]:
    """Return the newest notices, whether they last or not, newest first."""
    rows = tx.connection.execute(sa.select(t.notice).order_by(t.notice.c.id.desc()).limit(most))
    return [_notice(row) for row in rows]


def get(tx: Transaction, notice_id: int) -> Notice | None:
    """Return one notice, or None when there is none."""
    row = tx.connection.execute(sa.select(t.notice).where(t.notice.c.id == notice_id)).one_or_none()
    return None if row is None else _notice(row)


def deliveries(tx: Transaction, notice_id: int) -> Sequence[Delivery]:
    """Return every try to tell of a notice, oldest first."""
    return _tries(tx, sa.select(t.delivery).where(t.delivery.c.notice_id == notice_id).order_by(t.delivery.c.id))


def last_tries(tx: Transaction, channels: Iterable[str]) -> Sequence[Delivery]:
    """Return the last try through each of the channels that was ever tried."""
    newest = [
        sa.select(sa.func.max(t.delivery.c.id)).where(t.delivery.c.channel == channel).scalar_subquery()
        for channel in channels
    ]
    return _tries(tx, sa.select(t.delivery).where(t.delivery.c.id.in_(newest)).order_by(t.delivery.c.id))


def failing_since(tx: Transaction, channel: str) -> datetime | None:
    """Return when the channel began to take nothing; None when its last try went well or there was none."""
    d = t.delivery.c
    good = sa.select(sa.func.coalesce(sa.func.max(d.id), 0)).where(d.channel == channel, d.error.is_(None))
    return tx.connection.execute(
        sa.select(d.at).where(d.channel == channel, d.id > good.scalar_subquery()).order_by(d.id).limit(1)
    ).scalar_one_or_none()


def keep_quiet(tx: Transaction, notice_id: int, *, until: datetime, by: str) -> bool:
    """Note that somebody knows of a notice, which is not repeated before an instant; False when it has ended."""
    changed = tx.connection.execute(
        t.notice.update().where(t.notice.c.id == notice_id, _OPEN).values(quiet_until=until, quiet_by=by)
    )
    if changed.rowcount == 0:
        return False
    tx.note(Act.NOTICE_ACKNOWLEDGED, actor=by, notice=notice_id, until=until.isoformat())
    return True


def _tries(tx: Transaction, statement: sa.Select[Any]) -> Sequence[Delivery]:
    return [Delivery(channel=row.channel, at=row.at, error=row.error) for row in tx.connection.execute(statement)]


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        alert=Alert[row.code],
        subject=row.subject,
        says=row.says,
        about=row.about,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        resolved_at=row.resolved_at,
        part=Part(row.part),
        tell_at=row.tell_at,
        told_at=row.told_at,
        tries=row.tries,
        quiet_until=row.quiet_until,
        quiet_by=row.quiet_by,
    )
