"""The effect ledger: what was intended, what is in doubt, what is proven."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.model.effects import EFFECT_MOVES, LIVE, EffectRecord, EffectState, Planned
from core.model.items import Claim
from core.store import tables as t
from core.store.prepared import Prepared
from core.store.transaction import Transaction

_LIVE = t.effect.c.state.in_([str(state) for state in LIVE])
_GET = sa.select(t.effect).where(t.effect.c.id == sa.bindparam("this"))
_HOLDER = sa.select(t.effect).where(
    t.effect.c.bot == sa.bindparam("whose"),
    t.effect.c.target == sa.bindparam("where"),
    t.effect.c.name == sa.bindparam("what"),
    t.effect.c.key == sa.bindparam("which"),
    _LIVE,
)


class KeyTaken(Exception):
    """Another item holds the key."""


def live(tx: Transaction, item_id: int) -> dict[str, EffectRecord]:
    """Return the item's live effects by name."""
    rows = tx.connection.execute(sa.select(t.effect).where(t.effect.c.item_id == item_id, _LIVE))
    return {row.name: _record(row) for row in rows}


def of_item(tx: Transaction, item_id: int) -> Sequence[EffectRecord]:
    """Return every effect the item ever had, oldest first."""
    rows = tx.connection.execute(sa.select(t.effect).where(t.effect.c.item_id == item_id).order_by(t.effect.c.id))
    return tuple(_record(row) for row in rows)


def confirmed(tx: Transaction, item_id: int, *, begun_by: datetime) -> Sequence[EffectRecord]:
    """Return the item's proven effects that were begun no later than an instant, oldest first."""
    rows = tx.connection.execute(
        sa.select(t.effect)
        .where(
            t.effect.c.item_id == item_id,
            t.effect.c.state == EffectState.CONFIRMED,
            t.effect.c.intended_at <= begun_by,
        )
        .order_by(t.effect.c.id)
    )
    return tuple(_record(row) for row in rows)


def refuted_plans(tx: Transaction, item_id: int) -> frozenset[tuple[str, str]]:
    """Return the (effect name, plan digest) that a person said did not happen."""
    rows = tx.connection.execute(
        sa.select(t.effect.c.name, t.effect.c.plan_digest).where(
            t.effect.c.item_id == item_id, t.effect.c.state == EffectState.REFUTED
        )
    )
    return frozenset((row.name, row.plan_digest) for row in rows)


def holder(tx: Transaction, *, bot: str, target: str, name: str, key: str) -> EffectRecord | None:
    """Return the live effect that holds the key, whichever item it belongs to."""
    sought = {"whose": bot, "where": target, "what": name, "which": key}
    row = tx.connection.execute(_HOLDER, sought).one_or_none()
    return None if row is None else _record(row)


def intend(tx: Transaction, *, bot: str, item_id: int, token: int, plan: Planned) -> EffectRecord:
    """Write the intent down before acting; raise KeyTaken when another item holds the key."""
    return _insert(tx, bot, item_id, token, plan=plan, state=EffectState.INTENDED, receipt=None, by=None)


def confirm_found(tx: Transaction, *, bot: str, item_id: int, token: int, plan: Planned, receipt: Any) -> EffectRecord:
    """Store that the target held it before we acted; raise KeyTaken when another item holds the key."""
    return _insert(tx, bot, item_id, token, plan=plan, state=EffectState.CONFIRMED, receipt=receipt, by="found")


def _insert(
    tx: Transaction,
    bot: str,
    item_id: int,
    token: int,
    *,
    plan: Planned,
    state: EffectState,
    receipt: Any,
    by: str | None,
) -> EffectRecord:
    values = {
        "item_id": item_id,
        "bot": bot,
        "target": plan.target,
        "name": plan.name,
        "key": plan.key,
        "state": state,
        "plan": plan.plan,
        "plan_digest": plan.plan_digest,
        "receipt": receipt,
        "by": by,
        "token": token,
        "intended_at": tx.now,
        "ended_at": tx.now if state is EffectState.CONFIRMED else None,
    }
    effect_id = tx.insert_new(t.effect, values, unique=())
    if effect_id is None:
        raise KeyTaken(plan.key)
    action = Act.EFFECT_CONFIRMED if state is EffectState.CONFIRMED else Act.EFFECT_INTENDED
    tx.note(action, bot=bot, item_id=item_id, effect=plan.name, target=plan.target, plan=plan.plan_digest, by=by)
    return get(tx, effect_id)


def intend_again(tx: Transaction, effect: EffectRecord, *, token: int) -> EffectRecord:
    """Write down that the same plan is tried once more, after the target was found not to hold it."""
    _move(tx, effect, to=EffectState.INTENDED, values={"token": token, "intended_at": tx.now})
    tx.note(
        Act.EFFECT_INTENDED,
        bot=effect.bot,
        item_id=effect.item_id,
        effect=effect.name,
        target=effect.target,
        plan=effect.plan_digest,
        again=True,
    )
    return get(tx, effect.id)


_NOTES = {
    EffectState.CONFIRMED: Act.EFFECT_CONFIRMED,
    EffectState.UNCERTAIN: Act.EFFECT_UNCERTAIN,
    EffectState.WITHDRAWN: Act.EFFECT_WITHDRAWN,
    EffectState.REFUTED: Act.EFFECT_REFUTED,
}


def settle(
    tx: Transaction, effect: EffectRecord, *, to: EffectState, receipt: Any = None, by: str | None = None
) -> None:
    """Move an effect to what is now known of it."""
    values: dict[str, Any] = {"by": by}
    if to is EffectState.CONFIRMED:
        values |= {"receipt": receipt}
    if to is not EffectState.UNCERTAIN:
        values |= {"ended_at": tx.now}
    _move(tx, effect, to=to, values=values)
    tx.note(_NOTES[to], bot=effect.bot, item_id=effect.item_id, effect=effect.name, target=effect.target, by=by)


def _move(tx: Transaction, effect: EffectRecord, *, to: EffectState, values: dict[str, Any]) -> None:
    if to not in EFFECT_MOVES[effect.state]:
        raise ValueError(f"an effect that is {effect.state} cannot become {to}")
    found = {"this": effect.id, "was": effect.state, "new_state": to}
    new = {f"new_{name}": value for name, value in values.items()}
    if _moving(tuple(values)).run(tx.connection, {**found, **new}) == 0:
        raise ValueError(f"effect {effect.id} is no longer {effect.state}")


@lru_cache(maxsize=16)
def _moving(names: tuple[str, ...]) -> Prepared:
    """Return the statement that moves an effect and changes these columns with it."""
    new = {name: sa.bindparam(f"new_{name}", type_=t.effect.c[name].type) for name in ("state", *names)}
    where = (t.effect.c.id == sa.bindparam("this"), t.effect.c.state == sa.bindparam("was"))
    return Prepared(t.effect.update().where(*where).values(new))


def get(tx: Transaction, effect_id: int) -> EffectRecord:
    """Return one effect; raise LookupError when there is none."""
    row = tx.connection.execute(_GET, {"this": effect_id}).one_or_none()
    if row is None:
        raise LookupError(f"there is no effect {effect_id}")
    return _record(row)


def save_planned(tx: Transaction, claim: Claim, *, plan: Planned) -> None:
    """Store a plan that was not carried out, for comparison with what people did."""
    tx.connection.execute(
        t.planned.insert().values(
            item_id=claim.item_id,
            attempt=claim.attempt,
            target=plan.target,
            name=plan.name,
            key=plan.key,
            plan=plan.plan,
            plan_digest=plan.plan_digest,
            at=tx.now,
        )
    )
    tx.note(
        Act.EFFECT_PLANNED,
        bot=claim.bot,
        item_id=claim.item_id,
        effect=plan.name,
        target=plan.target,
        plan=plan.plan_digest,
    )


def plans_of(tx: Transaction, item_id: int, *, attempt: int | None = None) -> Sequence[Planned]:
    """Return the plans of the item, or of one attempt of it, that were not carried out, oldest first."""
    query = sa.select(t.planned).where(t.planned.c.item_id == item_id).order_by(t.planned.c.id)
    rows = tx.connection.execute(query if attempt is None else query.where(t.planned.c.attempt == attempt))
    return tuple(
        Planned(target=row.target, name=row.name, key=row.key, plan=row.plan, plan_digest=row.plan_digest)
        for row in rows
    )


def for_balance(tx: Transaction, bot: str) -> Sequence[EffectRecord]:
    """Return the bot's live effects, for comparison with what its targets list."""
    rows = tx.connection.execute(sa.select(t.effect).where(t.effect.c.bot == bot, _LIVE).order_by(t.effect.c.id))
    return tuple(_record(row) for row in rows)


def _record(row: sa.Row[Any]) -> EffectRecord:
    return EffectRecord(
        id=row.id,
        item_id=row.item_id,
        bot=row.bot,
        target=row.target,
        name=row.name,
        key=row.key,
        state=EffectState(row.state),
        plan=row.plan,
        plan_digest=row.plan_digest,
        receipt=row.receipt,
        by=row.by,
        ended_at=row.ended_at,
    )
