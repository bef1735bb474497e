"""An effect from plan to receipt: intent before acting, receipt after, and never twice.

The rules are DESIGN.md's; in one glance:

    nothing begun        find: found -> confirmed    absent -> intend, do, confirm     cannot tell -> a person
    begun, not proven    find: found -> confirmed    absent -> intend again, do        cannot tell -> a person
    proven               return the receipt
    key or plan changed after it was begun -> a person
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

from core.errors import BusinessException, ConfigError, Fenced, UnderstudyError
from core.model.answers import Absent, Answer, CannotTell, Found
from core.model.digests import digest, dump, load, plain, require_frozen
from core.model.effects import EffectRecord, EffectState, Planned
from core.model.reviews import Question, ReviewKind
from core.model.runs import Mode
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
    if begun is not None and _same(begun) != _same(planned):
        _accept_change(record, begun, planned)
        return receipt_of(begun, do)
    if begun is not None and begun.state is EffectState.CONFIRMED:
        return receipt_of(begun, do)
    if begun is None:
        ask_when_key_is_held(record, planned)
        _stop_unless_allowed(record, planned)
    record.reached = planned
    answer = _look(record, planned, find, plan)
    if isinstance(answer, Found):
        return _confirm_found(record, planned, begun, answer.receipt, do)
    refuted = begun is None and (name, planned.plan_digest) in record.past.refuted  # it answers for what was before it
    if isinstance(answer, CannotTell) and not refuted:
        raise _cannot_tell(planned, answer.reason, begun)
    if begun is not None:
        _stop_again_unless_allowed(record, planned, begun)
    intended = _intend(record, planned, begun)
    return _act(record, intended, plan, do)


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


def _stop_unless_allowed(record: Record, planned: Planned) -> None:
    if record.mode is Mode.SHADOW or not record.workshop.acting:
        raise EndedPlanned(planned)
    if record.mode is Mode.RECOMMEND and (planned.name, planned.plan_digest) not in record.past.approvals:
        raise AskPerson(
            Question(
                kind=ReviewKind.PLAN,
                code="PLAN_TO_APPROVE",
                reason=f"The bot would now carry out {planned.name!r} in {planned.target}.",
                action="Compare the plan with the document; approve it, or correct the values.",
                details=planned.details(),
            )
        )


def _stop_again_unless_allowed(record: Record, planned: Planned, begun: EffectRecord) -> None:
    """The bot was set back since it began: what was found not to have happened is not done now."""
    try:
        _stop_unless_allowed(record, planned)
    except (EndedPlanned, AskPerson):
        _withdraw(record, begun)
        raise


def _accept_change(record: Record, begun: EffectRecord, planned: Planned) -> None:
    """A plan that differs from the one begun is a person's; what they confirmed before stands."""
    if begun.state is EffectState.CONFIRMED and (planned.name, planned.plan_digest) in record.past.approvals:
        return
    was = "entered" if begun.state is EffectState.CONFIRMED else "begun, and it is not known whether it took"
    raise AskPerson(
        Question(
            kind=ReviewKind.CHANGED,
            code="PLAN_CHANGED",
            reason=f"{begun.name!r} was {was} with other values than the bot would use now: "
            + _differences(begun, planned),
            action=f"Look in {planned.target}. Confirm what was entered, or say that it did not happen.",
            details={
                **planned.details(),
                "begun": {"key": begun.key, "plan": begun.plan, "receipt": begun.receipt},
            },
        )
    )


def ask_when_key_is_held(record: Record, planned: Planned) -> None:
    """Ask a person when another item holds the key."""
    with record.workshop.database.reading() as tx:
        held = rows.holder(tx, bot=record.bot.name, target=planned.target, name=planned.name, key=planned.key)
        if held is not None and held.item_id != record.claim.item_id:
            raise _duplicate(planned, held, items.get(tx, held.item_id).reference)


def _duplicate(planned: Planned, held: EffectRecord, reference: str) -> AskPerson:
    state = "was entered before" if held.state is EffectState.CONFIRMED else "is being entered"
    return AskPerson(
        Question(
            kind=ReviewKind.DUPLICATE,
            code="POSSIBLE_DUPLICATE",
            reason=f"{planned.key} {state} for another item ({reference[:24]}).",
            action="Compare the two documents; cancel this one if it is the same, or correct its values if it is not.",
            details={**planned.details(), "other_item": held.item_id, "receipt": held.receipt},
        )
    )


def _look(record: Record, planned: Planned, find: Callable[[Plan], Answer[R]], plan: Plan) -> Answer[R]:
    record.reach(f"effect {planned.name} before find")
    answer = find(plan)
    record.reach(f"effect {planned.name} after find")
    if not isinstance(answer, Found | Absent | CannotTell):
        raise TypeError(f"find of effect {planned.name!r} answered {answer!r}; expected Found, Absent or CannotTell")
    return answer


def _cannot_tell(planned: Planned, reason: str, begun: EffectRecord | None) -> AskPerson:
    before = "was begun and may have happened" if begun is not None else "may have been done already"
    return AskPerson(
        Question(
            kind=ReviewKind.UNCERTAIN,
            code="CANNOT_TELL",
            reason=f"{planned.name!r} for {planned.key} {before}, and {planned.target} does not say for sure: {reason}",
            action=f"Look in {planned.target}. Confirm with its number if it is there; refute if it is not.",
            details=planned.details(),
        )
    )


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
        raise _duplicate(planned, held, items.get(tx, held.item_id).reference) from None


def _of_item(record: Record) -> dict[str, Any]:
    return {"bot": record.bot.name, "item_id": record.claim.item_id, "token": record.claim.token}


def _act(record: Record, intended: EffectRecord, plan: Plan, do: Callable[[Plan], R]) -> R:
    guard = record.guard
    by_page = isinstance(getattr(do, "__self__", None), Target) and do.__self__.commits_by_page  # type: ignore[attr-defined]
    with guard.acting(intended.name):
        if not by_page:
            guard.committing()  # a plain function may change the outside from its first line on
        try:
            receipt = do(plan)
            stored = _dumped(receipt, do)
        except Fenced:
            if guard.committed:
                raise _doubt(record, intended, "FENCED", "the item was taken over during the click") from None
            raise
        except Exception as error:
            if guard.committed:
                code = error.code if isinstance(error, UnderstudyError) else "UNEXPECTED"
                refused = isinstance(error, BusinessException)
                raise _doubt(record, intended, code, _sentence(error), refused=refused) from error
            _withdraw(record, intended)
            raise
        except Ending as ending:
            if guard.committed:
                raise _doubt(record, intended, "ENDED_EARLY", f"{type(ending).__name__} after the click") from ending
            _withdraw(record, intended)
            raise
    record.reach(f"effect {intended.name} before receipt")
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)
        _save_so_far(record, tx)
        rows.settle(tx, intended, to=EffectState.CONFIRMED, receipt=stored)
        record.past.effects[intended.name] = rows.get(tx, intended.id)
    record.reached = None
    record.reach(f"effect {intended.name} after receipt")
    return receipt


def _withdraw(record: Record, intended: EffectRecord) -> None:
    """Nothing irrevocable was clicked: the key is free again."""
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        _hold_on(record, tx)
        rows.settle(tx, intended, to=EffectState.WITHDRAWN)
    del record.past.effects[intended.name]


def _doubt(record: Record, intended: EffectRecord, code: str, message: str, *, refused: bool = False) -> InDoubt:
    with record.workshop.database.transaction(actor=_actor(record)) as tx:
        rows.settle(tx, intended, to=EffectState.UNCERTAIN)
        record.past.effects[intended.name] = rows.get(tx, intended.id)
    return InDoubt(target=intended.target, code=code, message=message, refused=refused)


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


def _differences(begun: EffectRecord, planned: Planned) -> str:
    if isinstance(begun.plan, dict) and isinstance(planned.plan, dict):
        names = sorted(begun.plan.keys() | planned.plan.keys())
        changed = [name for name in names if begun.plan.get(name) != planned.plan.get(name)]
        return ", ".join(changed) + "."
    return "the plan itself."


def _sentence(error: BaseException) -> str:
    return error.message if isinstance(error, UnderstudyError) else type(error).__name__


def _actor(record: Record) -> str:
    return f"bot:{record.bot.name}@{record.bot.version}"
