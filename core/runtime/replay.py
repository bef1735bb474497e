"""Stored items through today's code: what each attempt saw is given again, and how it would end now is compared.

Nothing is changed, here or outside: looks are answered from what was recorded, targets are not opened, an effect goes
as it went then, and no transaction is written.
"""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

from loguru import logger

from core.errors import ApplicationException, BusinessException, ConfigError, FileUnreadable, StoreUnavailable
from core.model.digests import plain, restore, storable
from core.model.effects import Planned
from core.model.items import WorkItem
from core.model.replays import CheckSeen, Ending, Made, Recorded, Replayed, Verdict
from core.model.reviews import Question, ReviewKind
from core.model.runs import Mode
from core.model.steps import StepRecord
from core.runtime import raised
from core.runtime.compared import differences
from core.runtime.context import Context
from core.runtime.effects import ask_when_key_is_held, planned_of, receipt_of
from core.runtime.endings import AskPerson, EndedPlanned, PutBack
from core.runtime.endings import Ending as Stop
from core.runtime.guard import EffectGuard
from core.runtime.loaded import LoadedBot
from core.runtime.record import Past, Record, look_inputs, target_settings
from core.runtime.unopened import CannotReplay, unopened
from core.runtime.workshop import Workshop
from core.store import items, recorded

T = TypeVar("T")
_AT_ONCE = 500  # ids read together


class NeedsLook(Stop):
    """Today's code looks at something that was not looked at then."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class AsThen(Stop):
    """The attempt ended at this effect, and does so again."""


class CarriesOut(Stop):
    """An effect was reached that was not reached then; what would come of it is not known."""

    def __init__(self, plan: Planned) -> None:
        super().__init__(plan.name)
        self.plan = plan


class Replay:
    """Goes through the stored items of one bot again. The workshop is one that does not act."""

    def __init__(self, *, bot: LoadedBot, workshop: Workshop) -> None:
        self._bot = bot
        self._workshop = workshop

    def number(self, since: datetime | None = None) -> int:
        """Return how many items have changed since an instant; all when none is given."""
        with self._workshop.database.reading() as tx:
            return recorded.number_since(tx, self._bot.name, since)

    def items(self, since: datetime | None = None) -> Iterator[Replayed]:
        """Yield every item that has changed since an instant, gone through again, oldest first."""
        after = 0
        while True:
            with self._workshop.database.reading() as tx:
                found = recorded.some_since(tx, self._bot.name, since, after=after, most=_AT_ONCE)
            if not found:
                return
            yield from map(self.one, found)
            after = found[-1]

    def one(self, item_id: int) -> Replayed:
        """Return one item, gone through again; raise LookupError when there is none."""
        with self._workshop.database.reading() as tx:
            item = items.get(tx, item_id)
            then = recorded.last_ended(tx, item)
        document = item.files[0]["name"] if item.files else None
        told: dict[str, Any] = {"item_id": item_id, "reference": item.reference, "document": document}
        if then is None:
            return Replayed(verdict=Verdict.NO_ENDING, **told)
        told |= {"attempt": then.claim.attempt, "version": then.version}
        try:
            found = differences(then, self._made(then))
        except NeedsLook as ending:
            why = f"needs a look that was not made then: {ending.name}"
            return Replayed(verdict=Verdict.NEEDS_LOOK, why=why, **told)
        except CannotReplay as ending:
            return Replayed(verdict=Verdict.NOT_REPLAYABLE, why=ending.why, **told)
        return Replayed(verdict=Verdict.CHANGED if found else Verdict.SAME, differences=found, **told)

    def _made(self, then: Recorded) -> Made:
        guard = EffectGuard(now=lambda: then.started_at, keep=lambda data: hashlib.sha256(data).hexdigest())
        record = ReplayRecord(
            bot=self._bot,
            claim=then.claim,
            workshop=self._workshop,
            run_id=then.claim.run_id,
            mode=then.mode,
            past=Past(corrections=then.corrections, waivers=then.waivers, approvals=then.approvals),
            guard=guard,
            started_at=then.started_at,
            then=then,
        )
        guard.begin(evidence=record.evidence)
        ending, result = self._ended(record, self._item(then))
        return Made(
            ending=ending,
            checks=tuple(
                CheckSeen(code=o.code, outcome=o.outcome, message=o.message, digest=o.digest)
                for _, o in record.outcomes
            ),
            plans=record.plans,
            amount=record.amount,
            result=result,
        )

    def _item(self, then: Recorded) -> WorkItem:
        claim = then.claim
        files = tuple(self._workshop.document(file) for file in claim.files)
        for file in files:
            if not file.path.is_file():
                raise CannotReplay(f"its document {file.name} is no longer kept")
        return WorkItem(
            id=claim.item_id, reference=claim.reference, added_at=claim.added_at, payload=claim.payload, files=files
        )

    def _ended(self, record: "ReplayRecord", item: WorkItem) -> tuple[Ending, Any]:
        context: Context[Any] = Context(
            settings=self._bot.settings, record=record, intake=None, carry_out=_as_it_went_then
        )
        try:
            return Ending(words="done"), plain(self._bot.process(item, context))
        except (CannotReplay, NeedsLook, ConfigError, StoreUnavailable):
            raise
        except Stop as stop:
            return _stopped(record.then, stop), None
        except BusinessException as error:
            return _asked(error.code, error.message), None
        except FileUnreadable as error:
            return (_asked if error.permanent else _fails)(error.code, error.message), None
        except ApplicationException as error:
            return _fails(error.code, error.message), None
        except Exception as error:  # noqa: BLE001 - told as the item's ending; the next item is gone through
            logger.opt(exception=error).warning("Today's code fails on what item {} saw", item.id)
            return _fails("UNEXPECTED", f"{type(error).__name__}; see the engineers' log"), None


@dataclass(slots=True, kw_only=True)
class ReplayRecord(Record):
    """One attempt again: the steps and checks of today on what was looked up then."""

    then: Recorded
    plans: dict[str, Planned] = field(default_factory=dict)
    left: dict[tuple[str, str], deque[StepRecord]] = field(default_factory=lambda: defaultdict(deque))  # looks not used

    def __post_init__(self) -> None:
        """Lay the recorded looks out by name and inputs."""
        for look in self.then.looks:
            self.left[look.name, look.input_digest].append(look)

    def look(self, name: str, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        """Give again what the look gave then, or raise what it raised."""
        waiting = self.left[name, look_inputs(args, kwargs)]
        if not waiting:
            raise NeedsLook(name)
        seen = waiting.popleft()
        error = raised.again(seen.result_type, seen.result)
        if error is not None:
            raise error
        try:
            found: T = restore(_kind_of(name, function), seen.result)
        except ValueError as mismatch:
            raise CannotReplay(f"what look {name!r} gave then is not what it gives today") from mismatch
        return found

    @contextmanager
    def open_target(self, kind: type[T]) -> Iterator[T]:
        """Give a target that is not opened."""
        yield unopened(kind, target_settings(self.bot, kind))


def _kind_of(name: str, function: Callable[..., Any]) -> Any:
    """What a look gives by its annotation; one that says nothing cannot be given again as it was."""
    try:
        kind = get_type_hints(function).get("return", Any)
    except (NameError, TypeError, AttributeError):
        kind = Any
    if kind is Any or kind is object:
        raise CannotReplay(f"the function of look {name!r} does not say what it returns; give it a return annotation")
    return kind


def _as_it_went_then(
    record: ReplayRecord,
    name: str,
    *,
    key: str,
    plan: object,
    find: Callable[..., Any],
    do: Callable[..., Any],
    target: str | None,
) -> Any:
    """Note the plan; go on with the stored receipt, end as the attempt ended here, or tell that it is new."""
    planned = record.plans[name] = planned_of(record, name, key=key, plan=plan, do=do, target=target)
    if record.then.stopped_at == name:
        raise AsThen
    proven = record.then.receipts.get(name)
    if proven is not None:
        try:
            return receipt_of(proven, do)
        except ValueError as mismatch:
            raise CannotReplay(f"the receipt of {name!r} is not what {name!r} gives today") from mismatch
    ask_when_key_is_held(record, planned)
    if record.mode is Mode.SHADOW:
        raise EndedPlanned(planned)
    if record.mode is Mode.RECOMMEND and (name, planned.plan_digest) not in record.past.approvals:
        raise AskPerson(Question(kind=ReviewKind.PLAN, code="PLAN_TO_APPROVE", reason=""))
    raise CarriesOut(planned)


def _stopped(then: Recorded, stop: Stop) -> Ending:
    match stop:
        case AsThen():
            return then.ending
        case CarriesOut(plan=plan):
            return Ending(words=f"carries out {plan.name}")
        case EndedPlanned():
            return Ending(words="planned")
        case PutBack(until=until, code=code, reason=reason):
            return Ending(words=f"later {code}", reason=storable(reason), until=until)
        case AskPerson(question=question):
            told_by_checks = question.kind is ReviewKind.CHECKS
            return Ending(words=f"asked {question.code}") if told_by_checks else _asked(question.code, question.reason)
    raise stop


def _asked(code: str, reason: str) -> Ending:
    return Ending(words=f"asked {code}", reason=storable(reason))


def _fails(code: str, reason: str) -> Ending:
    return Ending(words=f"fails {code}", reason=storable(reason))
