"""An effect from plan to receipt: intent before acting, receipt after, and never twice.

What is done next is decided in core.model.protocol, which the simulation plays too; here it is done.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

from core.errors import BusinessException, ConfigError, Fenced, UnderstudyError
from core.model.answers import Absent, Answer, CannotTell, Found
from core.model.digests import digest, dump, load, plain, require_frozen
from core.model.effects import EffectRecord, EffectState, Planned
from core.model.protocol import Aftermath, Known, Move, Seen, Standing, after_error, next_move
from core.model.reviews import Question
from core.runtime import questions
from core.runtime.endings import AskPerson, EndedPlanned, Ending, InDoubt
from core.runtime.receipts import from_number, require_one_number
from core.runtime.record import Record
from core.store import Transaction, items, steps
from core.store import effects as rows
from core.target import Target

R = TypeVar("R")
Plan = TypeVar("Plan")


def perform(
    record: Record,
    name: str,
    *,
    key: str,
    plan: Plan,
    find: Callable[[Plan], Answer[R]],
    do: Callable[[Plan], R],
    target: str | None,
) -> R:
    """Carry the plan out exactly once and return its receipt; see Context.effect."""
    planned = planned_of(record, name, key=key, plan=plan, do=do, target=target)
    begun = record.past.effects.get(name)
    taken = _taken(record, planned) if begun is None else None
    known = _known(record, planned, begun, taken=taken is not None)
    move = next_move(known)
    answer: Answer[R] | None = None
    if move is Move.LOOK:
        record.reached = planned
        answer = _look(record, planned, find, plan)
        move = next_move(replace(known, seen=_seen(answer)))
    match move, begun, answer:
        case Move.ACT, _, _:
            return _act(record, _intend(record, planned, begun), plan, do)
        case Move.CONFIRM_FOUND, _, Found(receipt):
            return _confirm_found(record, planned, begun, receipt, do)
        case Move.RETURN_RECEIPT, EffectRecord() as proven, _:
            return receipt_of(proven, do)
        case Move.WAIT, _, _:
            raise InDoubt(target=planned.target, code="ENDED_EARLY", message="it was clicked in this very attempt")
        case Move.ASK_CHANGED, EffectRecord() as other, _:
            raise AskPerson(questions.changed(other, planned))
        case Move.ASK_CANNOT_TELL, _, CannotTell(reason):
            raise AskPerson(questions.cannot_tell(planned, reason, begun=begun is not None))
        case Move.ASK_TAKEN, _, _ if taken is not None:
            raise AskPerson(taken)
    if begun is not None:  # the bot was set back since: what was found not to have happened is not done now
        _withdraw(record, begun)
    raise EndedPlanned(planned) if move is Move.STOP_PLANNED else AskPerson(questions.to_approve(planned))


def _seen(answer: Answer[Any]) -> Seen:
    match answer:
        case Found():
            return Seen.FOUND
        case Absent():
            return Seen.ABSENT
        case CannotTell():
            return Seen.CANNOT_TELL


def _known(record: Record, planned: Planned, begun: EffectRecord | None, *, taken: bool) -> Known:
    this = (planned.name, planned.plan_digest)
    return Known(
        standing=_standing(begun),
        mode=record.mode,
        acting=record.workshop.acting,
        approved=this in record.past.approvals,
        changed=begun is not None and _same(begun) != _same(planned),
        taken=taken,
        refuted=this in record.past.refuted,
        settled=planned.name not in record.clicked,
    )


def _standing(begun: EffectRecord | None) -> Standing:
    if begun is None:
        return Standing.NOT_BEGUN
    return Standing.PROVEN if begun.state is EffectState.CONFIRMED else Standing.BEGUN


def planned_of(
    record: Record, name: str, *, key: str, plan: object, do: Callable[..., Any], target: str | None
) -> Planned:
    """Return an effect as it is written down; raise TypeError for a plan or a receipt that will not do."""
    require_frozen(name, plan)
    require_one_number(name, _receipt_kind(do))
    return Planned(
        target=_target_of(record, do, target), name=name, key=key, plan=plain(plan), plan_digest=digest(plan)
    )


def _same(what: EffectRecord | Planned) -> tuple[str, str, str]:
    return what.target, what.key, what.plan_digest


def ask_when_key_is_held(record: Record, planned: Planned) -> None:
    """Ask a person when another item holds the key."""
    taken = _taken(record, planned)
    if taken is not None:
        raise AskPerson(taken)


def _taken(record: Record, planned: Planned) -> Question | None:
    """Return what to ask when another item holds the key."""
    with record.workshop.database.reading() as tx:
        held = rows.holder(tx, bot=record.bot.name, target=planned.target, name=planned.name, key=planned.key)
        if held is None or held.item_id == record.claim.item_id:
            return None
        return questions.duplicate(planned, held, reference=items.get(tx, held.item_id).reference)


def _look(record: Record, planned: Planned, find: Callable[[Plan], Answer[R]], plan: Plan) -> Answer[R]:
    record.reach(f"effect {planned.name} before find")
    answer = find(plan)
    record.reach(f"effect {planned.name} after find")
    if not isinstance(answer, Found | Absent | CannotTell):
        raise TypeError(f"find of effect {planned.name!r} answered {answer!r}; expected Found, Absent or CannotTell")
    return answer


def _confirm_found(record: Record, planned: Planned, begun: EffectRecord | None, receipt: R, do: Callable[..., R]) -> R:
    stored = _dumped(receipt, do)
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)
        if begun is not None:
            rows.settle(tx, begun, to=EffectState.CONFIRMED, receipt=stored, by="looked")
            confirmed = rows.get(tx, begun.id)
        else:
            with _asking_when_taken(tx, record, planned):
                confirmed = rows.confirm_found(tx, **_of_item(record), plan=planned, receipt=stored)
    record.past.effects[planned.name] = confirmed
    record.reached = None
    record.reach(f"effect {planned.name} found")
    return receipt


def _intend(record: Record, planned: Planned, begun: EffectRecord | None) -> EffectRecord:
    record.reach(f"effect {planned.name} before intent")
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)
        if begun is not None:
            intended = rows.intend_again(tx, begun, token=record.claim.token)
        else:
            with _asking_when_taken(tx, record, planned):
                intended = rows.intend(tx, **_of_item(record), plan=planned)
        _save_so_far(record, tx)  # last: a refusal above must leave the records to be stored with the question
    record.past.effects[planned.name] = intended
    record.reach(f"effect {planned.name} after intent")
    return intended


@contextmanager
def _asking_when_taken(tx: Transaction, record: Record, planned: Planned) -> Iterator[None]:
    """Another item was faster with the same key: a person compares the two."""
    try:
        yield
    except rows.KeyTaken:
        held = rows.holder(tx, bot=record.bot.name, target=planned.target, name=planned.name, key=planned.key)
        if held is None:
            raise
        reference = items.get(tx, held.item_id).reference
        raise AskPerson(questions.duplicate(planned, held, reference=reference)) from None


def _of_item(record: Record) -> dict[str, Any]:
    return {"bot": record.bot.name, "item_id": record.claim.item_id, "token": record.claim.token}


def _act(record: Record, intended: EffectRecord, plan: Plan, do: Callable[[Plan], R]) -> R:
    guard = record.guard
    by_page = isinstance(getattr(do, "__self__", None), Target) and do.__self__.commits_by_page  # type: ignore[attr-defined]
    try:
        with guard.acting(intended.name):
            if not by_page:
                guard.committing()  # a plain function may change the outside from its first line on
            receipt = do(plan)
            stored = _dumped(receipt, do)
    except (Exception, Ending) as error:
        _clear_up(record, intended, error)
        raise
    record.clicked.add(intended.name)
    record.reach(f"effect {intended.name} before receipt")
    _prove(record, intended, stored)
    record.reach(f"effect {intended.name} after receipt")
    return receipt


def _clear_up(record: Record, intended: EffectRecord, error: BaseException) -> None:
    """Store what an error in the middle of acting means; raise InDoubt when it came after the click."""
    committed = record.guard.committed
    refused = isinstance(error, BusinessException)
    match after_error(committed=committed, fenced=isinstance(error, Fenced), refused=refused):
        case Aftermath.WITHDRAW:
            _withdraw(record, intended)
        case Aftermath.DOUBT | Aftermath.ASK:
            record.clicked.add(intended.name)
            _doubt(record, intended)
            code, message = _told(error)
            raise InDoubt(target=intended.target, code=code, message=message, refused=refused) from error


def _told(error: BaseException) -> tuple[str, str]:
    """Return the code and the sentence for an error after the click."""
    if isinstance(error, Fenced):
        return error.code, "the item was taken over during the click"
    if isinstance(error, UnderstudyError):
        return error.code, error.message
    if isinstance(error, Ending):
        return "ENDED_EARLY", f"{type(error).__name__} after the click"
    return "UNEXPECTED", type(error).__name__


def _prove(record: Record, intended: EffectRecord, stored: Any) -> None:
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)
        _save_so_far(record, tx)
        rows.settle(tx, intended, to=EffectState.CONFIRMED, receipt=stored)
        proven = rows.get(tx, intended.id)
    record.past.effects[intended.name] = proven
    record.clicked.discard(intended.name)
    record.reached = None


def _withdraw(record: Record, intended: EffectRecord) -> None:
    """Nothing irrevocable was clicked: the key is free again."""
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)
        rows.settle(tx, intended, to=EffectState.WITHDRAWN)
    del record.past.effects[intended.name]


def _doubt(record: Record, intended: EffectRecord) -> None:
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)  # the ledger's row may be at work for whoever took the item over
        rows.settle(tx, intended, to=EffectState.UNCERTAIN)
        uncertain = rows.get(tx, intended.id)
    record.past.effects[intended.name] = uncertain


def _hold_on(record: Record, tx: Any) -> None:
    items.renew(tx, record.claim.item_id, token=record.claim.token, lease=record.bot.lease)


def _save_so_far(record: Record, tx: Any) -> None:
    attempt = record.claim.attempt
    steps.save(tx, record.claim.item_id, attempt=attempt, records=record.unsaved())
    steps.save_evidence(tx, record.claim.item_id, attempt=attempt, evidence=record.unsaved_evidence())
    if record.amount is not None:
        items.set_amount(tx, record.claim.item_id, amount=record.amount)


def _target_of(record: Record, do: Callable[..., Any], target: str | None) -> str:
    owner = getattr(do, "__self__", None)
    name = owner.settings.name if isinstance(owner, Target) else target
    if name is None:
        raise TypeError("ctx.effect needs target=... when `do` is not a method of a Target")
    if name not in record.bot.targets:
        raise ConfigError(
            [f"bot {record.bot.name!r} acts on target {name!r}, which its `targets` in bots.toml do not name"]
        )
    return name


def receipt_of(effect: EffectRecord, do: Callable[..., R]) -> R:
    """Return the stored receipt as `do` gives it; raise ValueError when it no longer fits."""
    kind = _receipt_kind(do)
    stored = effect.receipt
    if isinstance(stored, dict) and stored.keys() == {"by_hand"}:
        stored = from_number(kind, stored["by_hand"])
    result: R = load(kind, stored)
    return result


def _dumped(receipt: object, do: Callable[..., Any]) -> Any:
    kind = _receipt_kind(do)
    stored = dump(kind, receipt)
    load(kind, stored)  # what cannot be read back proves nothing
    return stored


@lru_cache(maxsize=256)
def _kind_of(function: Callable[..., Any]) -> Any:
    try:
        return get_type_hints(function).get("return", Any)
    except TypeError:  # a callable without hints, such as a partial or a builtin
        return Any


def _receipt_kind(do: Callable[..., Any]) -> Any:
    return _kind_of(inspect.unwrap(getattr(do, "__func__", do)))


def _actor(record: Record) -> str:
    return f"bot:{record.bot.name}@{record.bot.version}"
