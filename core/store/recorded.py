"""What an item's last attempt saw and decided, read back for a replay; nothing here writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.model.effects import EffectRecord, Planned
from core.model.items import Amount, Claim, ItemState, StoredFile
from core.model.outcomes import Outcome
from core.model.replays import CheckSeen, Ending, Recorded
from core.model.reviews import ReviewKind
from core.model.runs import AttemptOutcome, Mode
from core.model.steps import RecordKind
from core.store import effects, runs, steps
from core.store import tables as t
from core.store.transaction import Transaction

_WORDS = {
    AttemptOutcome.DONE: "done",
    AttemptOutcome.PLANNED: "planned",
    AttemptOutcome.REVIEW: "asked",
    AttemptOutcome.LATER: "later",
}


def number_since(tx: Transaction, bot: str, since: datetime | None) -> int:
    """Return how many items of the bot have changed since an instant; all when none is given."""
    return int(tx.connection.execute(_since(sa.select(sa.func.count()), bot, since)).scalar_one())


def some_since(tx: Transaction, bot: str, since: datetime | None, *, after: int, most: int) -> Sequence[int]:
    """Return the ids of the next items changed since an instant, oldest first, beginning after an id."""
    query = _since(sa.select(t.item.c.id), bot, since).where(t.item.c.id > after)
    return tx.connection.execute(query.order_by(t.item.c.id).limit(most)).scalars().all()


def _since(query: sa.Select[Any], bot: str, since: datetime | None) -> sa.Select[Any]:
    query = query.select_from(t.item).where(t.item.c.bot == bot)
    return query if since is None else query.where(t.item.c.changed_at >= since)


def last_ended(tx: Transaction, item: sa.Row[Any]) -> Recorded | None:
    """Return the last attempt of an item, as `items.get` gave it, that came to an ending of its own; None without one.

    Retried, failed and abandoned attempts are passed over: a system ended them, not the bot.
    """
    own = [one for one in runs.attempts_of(tx, item.id) if one.outcome in _WORDS]
    if not own:
        return None
    last = own[-1]
    asked = _asked(tx, item.id, last)
    review = None if asked is None else asked.id  # what people decided then, the attempt did not know
    plans = _plans(tx, item.id, last, asked)
    proven = [e for e in effects.confirmed(tx, item.id, begun_by=last.ended_at) if e.name not in plans]
    return Recorded(
        claim=_claim(item, last),
        mode=_mode(tx, last),
        version=last.version,
        started_at=last.started_at,
        outcome=AttemptOutcome(last.outcome),
        ending=_ending(item, last, asked),
        looks=steps.of_attempt(tx, item.id, attempt=last.number, kind=RecordKind.LOOK),
        checks=_checks(tx, item.id, last.number),
        plans={**{effect.name: _planned(effect) for effect in proven}, **plans},
        stopped_at=next(iter(plans), None),
        receipts={effect.name: effect for effect in proven},
        amount=None if item.amount is None else Amount(value=item.amount, currency=item.currency),
        result=item.result if last.outcome == AttemptOutcome.DONE else None,
        corrections=tuple(steps.corrections(tx, item.id, before=review)),
        waivers=tuple(steps.waivers(tx, item.id, before=review)),
        approvals=steps.approvals(tx, item.id, before=review),
    )


def _mode(tx: Transaction, last: sa.Row[Any]) -> Mode:
    """The mode of the run; an attempt that was not allowed to act was made in shadow, whatever its run began in."""
    if last.outcome == AttemptOutcome.PLANNED:
        return Mode.SHADOW
    return Mode(tx.connection.execute(sa.select(t.run.c.mode).where(t.run.c.id == last.run_id)).scalar_one())


def _claim(item: sa.Row[Any], last: sa.Row[Any]) -> Claim:
    waits = dict(item.waits)
    if last.outcome == AttemptOutcome.LATER:
        waits[last.code] = waits.get(last.code, 1) - 1  # its own is counted already
    return Claim(
        item_id=item.id,
        bot=item.bot,
        reference=item.reference,
        payload=item.payload,
        files=tuple(StoredFile(**file) for file in item.files),
        added_at=item.added_at,
        token=0,
        attempt=last.number,
        run_id=item.run_id,
        lease_until=last.started_at,
        waits=waits,
    )


def _asked(tx: Transaction, item_id: int, last: sa.Row[Any]) -> sa.Row[Any] | None:
    """The question with which the attempt ended: both were stored in one transaction, at one instant."""
    if last.outcome != AttemptOutcome.REVIEW:
        return None
    return tx.connection.execute(
        sa.select(t.review)
        .where(t.review.c.item_id == item_id, t.review.c.opened_at == last.ended_at)
        .order_by(t.review.c.id.desc())
        .limit(1)
    ).one_or_none()


def _ending(item: sa.Row[Any], last: sa.Row[Any], asked: sa.Row[Any] | None) -> Ending:
    words = " ".join(filter(None, [_WORDS[AttemptOutcome(last.outcome)], last.code]))
    told_by_checks = asked is not None and asked.kind == ReviewKind.CHECKS
    waits = last.outcome == AttemptOutcome.LATER and item.state == ItemState.PENDING and item.attempts == last.number
    return Ending(
        words=words, reason=None if told_by_checks else last.message, until=item.not_before if waits else None
    )


def _plans(tx: Transaction, item_id: int, last: sa.Row[Any], asked: sa.Row[Any] | None) -> dict[str, Planned]:
    """The plan at which the attempt ended, by the name of its effect; empty when it ended elsewhere."""
    if last.outcome == AttemptOutcome.PLANNED:
        return {plan.name: plan for plan in effects.plans_of(tx, item_id, attempt=last.number)}
    details = {} if asked is None else asked.question["details"]
    details = details.get("reached", details)
    return {details["effect"]: Planned.of(details)} if "effect" in details else {}


def _planned(effect: EffectRecord) -> Planned:
    return Planned(
        target=effect.target, name=effect.name, key=effect.key, plan=effect.plan, plan_digest=effect.plan_digest
    )


def _checks(tx: Transaction, item_id: int, attempt: int) -> tuple[CheckSeen, ...]:
    c = t.check_outcome.c
    rows = tx.connection.execute(
        sa.select(t.check_outcome).where(c.item_id == item_id, c.attempt == attempt).order_by(c.id)
    )
    return tuple(
        CheckSeen(code=row.code, outcome=Outcome(row.outcome), message=row.record.get("message", ""), digest=row.digest)
        for row in rows
    )
