"""Holds on bots and targets, the breaker's count, turns that one worker takes at a time, and grants of a mode."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from audit.actions import Act
from core.model.runs import Mode
from core.store import tables as t
from core.store.prepared import Prepared
from core.store.transaction import Transaction

Scope = Literal["bot", "target"]


def place(tx: Transaction, scope: Scope, name: str, *, code: str, reason: str, by: str) -> bool:
    """Hold a bot's queue or a target until somebody releases it; False when it is held already."""
    row = {"scope": scope, "name": name, "code": code, "reason": reason, "by": by, "at": tx.now}
    if active(tx, scope, name) is not None:
        return False
    try:
        with tx.connection.begin_nested():
            tx.connection.execute(t.hold.insert().values(**row))
    except IntegrityError:  # another worker placed it at the same moment
        return False
    tx.note(Act.HOLD_PLACED, actor=by, scope=scope, name=name, code=code)
    return True


def release(tx: Transaction, scope: Scope, name: str, *, by: str) -> bool:
    """Lift a hold; False when there is none."""
    lifted = tx.connection.execute(
        t.hold.update()
        .where(t.hold.c.scope == scope, t.hold.c.name == name, t.hold.c.released_at.is_(None))
        .values(released_at=tx.now, released_by=by)
    )
    if lifted.rowcount == 0:
        return False
    if scope == "bot":
        reset_breaker(tx, name)
    tx.note(Act.HOLD_LIFTED, actor=by, scope=scope, name=name)
    return True


_ACTIVE = sa.select(t.hold).where(
    t.hold.c.scope == sa.bindparam("kind"),
    t.hold.c.name == sa.bindparam("called"),
    t.hold.c.released_at.is_(None),
)


_IN_FORCE = sa.select(t.hold).where(t.hold.c.released_at.is_(None))  # read from the index of those alone


def active(tx: Transaction, scope: Scope, name: str) -> sa.Row[Any] | None:
    """Return the hold on a bot or target (scope, name, code, reason, by, at), or None."""
    return tx.connection.execute(_ACTIVE, {"kind": scope, "called": name}).one_or_none()


def in_the_way(tx: Transaction, bot: str, *, targets: Iterable[str]) -> sa.Row[Any] | None:
    """Return the first hold on the bot or one of its targets, or None."""
    in_force = {(held.scope, held.name): held for held in tx.connection.execute(_IN_FORCE)}  # mostly there is none
    if not in_force:
        return None
    wanted = [("bot", bot), *(("target", target) for target in targets)]
    return next((in_force[one] for one in wanted if one in in_force), None)


def all_active(tx: Transaction) -> Sequence[sa.Row[Any]]:
    """Return every hold in force, oldest first."""
    return tx.connection.execute(_IN_FORCE.order_by(t.hold.c.id)).all()


def count_failure(tx: Transaction, bot: str) -> int:
    """Count one more application exception in a row and return how many there are."""
    tx.ensure(t.breaker, {"bot": bot, "in_a_row": 0}, unique=("bot",))
    number = tx.connection.execute(
        t.breaker.update()
        .where(t.breaker.c.bot == bot)
        .values(in_a_row=t.breaker.c.in_a_row + 1)
        .returning(t.breaker.c.in_a_row)
    ).scalar_one()
    return int(number)


_RESET = Prepared(
    t.breaker.update().where(t.breaker.c.bot == sa.bindparam("this"), t.breaker.c.in_a_row > 0).values(in_a_row=0)
)


def reset_breaker(tx: Transaction, bot: str) -> None:
    """An attempt ended without an application exception: the count starts again."""
    _RESET.run(tx.connection, {"this": bot})


def take_turn(tx: Transaction, name: str, *, holder: str, lease: timedelta) -> bool:
    """Take what only one worker may do at a time; False while another has it."""
    tx.ensure(t.turn, {"name": name}, unique=("name",))
    taken = tx.connection.execute(
        t.turn.update()
        .where(
            t.turn.c.name == name,
            sa.or_(t.turn.c.holder.is_(None), t.turn.c.holder == holder, t.turn.c.until <= tx.now),
        )
        .values(holder=holder, until=tx.now + lease)
    )
    return taken.rowcount == 1


def give_turn_back(tx: Transaction, name: str, *, holder: str) -> None:
    """Let the next worker have the turn."""
    tx.connection.execute(
        t.turn.update().where(t.turn.c.name == name, t.turn.c.holder == holder).values(holder=None, until=None)
    )


def grant(tx: Transaction, bot: str, *, mode: Mode, by: str, reason: str) -> None:
    """Store how far a person lets a bot go; the newest grant counts."""
    tx.connection.execute(t.grant.insert().values(bot=bot, mode=mode, by=by, reason=reason, at=tx.now))
    tx.note(Act.GRANT_GIVEN, actor=by, bot=bot, mode=str(mode), reason=reason)


def granted(tx: Transaction, bot: str) -> Mode | None:
    """Return the newest grant, or None when nobody granted anything."""
    mode = tx.connection.execute(
        sa.select(t.grant.c.mode).where(t.grant.c.bot == bot).order_by(t.grant.c.id.desc()).limit(1)
    ).scalar_one_or_none()
    return None if mode is None else Mode(mode)
