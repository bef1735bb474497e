"""One try of one item: run the bot's process function and store how it ended, in one transaction.

The only place in core that catches every exception: whatever a bot does wrong, the item ends somewhere a person can
see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from loguru import logger

from core.errors import (
    ApplicationException,
    BusinessException,
    ConfigError,
    Fenced,
    FileUnreadable,
    LoginFailed,
    PortalChanged,
    PortalUnavailable,
    SessionLost,
    StoreUnavailable,
)
from core.model.digests import plain, storable
from core.model.effects import EffectRecord, EffectState, Planned
from core.model.items import Claim, ItemState, WorkItem
from core.model.protocol import settled_at
from core.model.reviews import Question, ReviewKind
from core.model.runs import AttemptOutcome, ExitCode, Mode
from core.runtime.context import Context
from core.runtime.endings import AskPerson, EndedPlanned, InDoubt, PutBack, Released, TargetHeld
from core.runtime.guard import EffectGuard
from core.runtime.loaded import LoadedBot
from core.runtime.questions import in_doubt
from core.runtime.record import Past, Record
from core.runtime.workshop import Workshop
from core.store import Transaction, effects, holds, items, reviews, runs, steps

LONGEST_BACKOFF = timedelta(hours=1)
LOGIN_FAILED = "LOGIN_FAILED"
UNTROUBLED = frozenset({AttemptOutcome.DONE, AttemptOutcome.PLANNED, AttemptOutcome.REVIEW, AttemptOutcome.LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a try ended, before it is stored."""

    outcome: AttemptOutcome
    state: ItemState
    code: str | None = None
    message: str | None = None
    question: Question | None = None  # when a person is asked
    planned: Planned | None = None  # when the mode did not allow to act
    until: datetime | None = None  # when the item may be tried again
    result: Any = None
    system_error: bool = False  # counts against the item's tries and to the breaker
    refused_login: bool = False  # nobody tries these credentials again before a person has looked
    stop: ExitCode | None = None  # the run ends here: no other item could fare better
    waits: Mapping[str, int] | None = None  # how often the item was put back, by code


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An attempt whose end is stored."""

    ended: Ended
    following: Claim | None  # the next item, taken in the same transaction


class Attempts:
    """Makes attempts for one worker on one bot."""

    def __init__(self, *, bot: LoadedBot, workshop: Workshop, mode: Mode, guard: EffectGuard) -> None:
        self._bot = bot
        self._workshop = workshop
        self._mode = mode
        self._claim: Claim | None = None
        self._guard = guard

    def make(
        self, claim: Claim, *, run_id: int | None, then: Callable[[Transaction], Claim | None] | None = None
    ) -> Made | None:
        """Try the item once and store how it ended; None when it was taken over meanwhile and nothing was stored.

        `run_id`: the run that makes the attempt; None: the one that collected the item. `then` takes the next item in
        the transaction that stores the end: one commit an item. Raises StoreUnavailable when the store was lost; the
        item is then still this worker's, with whatever it had begun.
        """
        self._claim = claim
        record = self._record(claim, run_id if run_id is not None else claim.run_id)
        with logger.contextualize(run=record.run_id, item=claim.item_id, bot=self._bot.name):
            try:
                ended = self._settling(record, self._try(record))
                following = self._store(record, ended, then)
            except Fenced as error:
                logger.warning("{}", error.message)
                self._workshop.drop_targets()
                return None
            record.reach("attempt stored")
            return Made(ended=ended, following=following)

    def _record(self, claim: Claim, run_id: int) -> Record:
        past = Past()
        if claim.attempt > 1:
            with self._workshop.database.reading() as tx:
                past = Past(
                    results=steps.results(tx, claim.item_id),
                    corrections=tuple(steps.corrections(tx, claim.item_id)),
                    waivers=tuple(steps.waivers(tx, claim.item_id)),
                    approvals=steps.approvals(tx, claim.item_id),
                    effects=effects.live(tx, claim.item_id),
                    refuted=effects.refuted_plans(tx, claim.item_id),
                )
        record = Record(
            bot=self._bot,
            claim=claim,
            workshop=self._workshop,
            run_id=run_id,
            mode=self._mode,
            past=past,
            guard=self._guard,
            started_at=self._workshop.database.now(),
        )
        self._guard.begin(
            evidence=record.evidence,
            before_commit=lambda: record.reach("effect at the click"),
            renew=self._renew,
        )
        return record

    def _try(self, record: Record, *, again: bool = False) -> Ended:
        item = self._item(record.claim)
        context: Context[Any] = Context(settings=self._bot.settings, record=record, intake=None)
        record.reach("attempt begun")
        try:
            return self._done(record, self._bot.process(item, context))
        except StoreUnavailable:
            raise
        except SessionLost as error:
            self._workshop.drop_targets(keep_sessions=True)
            if not again and not record.clicked:
                record.records.clear()
                record.outcomes.clear()
                record.saved = 0
                record.reached = None
                return self._try(record, again=True)
            return self._system_error(record, error)
        except (EndedPlanned, AskPerson, PutBack, Released, TargetHeld, InDoubt) as ending:
            return self._ending(record, ending)
        except BusinessException as error:
            return _asks(_business(error, record.reached))
        except LoginFailed as error:
            self._workshop.drop_targets()
            back = _back(AttemptOutcome.RETRY, error.code, error.message, self._workshop.database.now())
            return replace(back, refused_login=True)
        except ConfigError as error:
            self._workshop.drop_targets()
            back = _back(AttemptOutcome.RETRY, error.code, error.message, self._workshop.database.now())
            return replace(back, stop=ExitCode.CONFIGURATION)
        except Fenced:
            raise
        except FileUnreadable as error:
            return _asks(_unreadable(error)) if error.permanent else self._system_error(record, error)
        except ApplicationException as error:
            return self._system_error(record, error)
        except Exception as error:  # noqa: BLE001 - see the module's first lines
            logger.opt(exception=error).error("The bot failed in a way it does not provide for")
            unexpected = ApplicationException("UNEXPECTED", f"{type(error).__name__}; see the log of this attempt")
            return self._system_error(record, unexpected)

    def _done(self, record: Record, result: object) -> Ended:
        """The bot has returned; what it began and did not come back to is nobody's but a person's."""
        begun = self._begun(record)
        if begun:
            return _asks(in_doubt(begun[0], code="EFFECT_IN_DOUBT", why="the bot ended the item without looking"))
        return Ended(outcome=AttemptOutcome.DONE, state=ItemState.DONE, result=plain(result))

    def _settling(self, record: Record, ended: Ended) -> Ended:
        """However an attempt ended after its click: the next is not made before the target has settled.

        That holds for a person's answer too, who may have looked before it had.
        """
        if not record.clicked:
            return ended
        settle = max(self._bot.targets[record.past.effects[name].target].settle for name in record.clicked)
        settled = settled_at(self._workshop.database.now(), settle)
        return replace(ended, until=max(ended.until or settled, settled))

    def _ending(
        self, record: Record, ending: EndedPlanned | AskPerson | PutBack | Released | TargetHeld | InDoubt
    ) -> Ended:
        now = self._workshop.database.now()
        match ending:
            case EndedPlanned(plan=plan):
                return Ended(outcome=AttemptOutcome.PLANNED, state=ItemState.DONE, planned=plan)
            case AskPerson(question=question):
                return _asks(question)
            case PutBack(until=until, code=code, reason=reason):
                waits = {**record.claim.waits, code: record.claim.waits.get(code, 0) + 1}
                return replace(_back(AttemptOutcome.LATER, code, reason, until), waits=waits)
            case Released():
                return _back(AttemptOutcome.RELEASED, "ASKED_TO_STOP", "the worker was asked to stop", now)
            case TargetHeld(target=target, code=code, reason=reason):
                return _back(AttemptOutcome.RETRY, code, f"{target} is held: {reason}", now)
            case InDoubt(target=target, code=code, message=message, refused=refused):
                self._workshop.drop_targets()
                if refused:
                    return _asks(in_doubt(self._begun(record)[0], code=code, why=f"{target} answered: {message}"))
                until = settled_at(now, self._bot.targets[target].settle)
                ended = _back(AttemptOutcome.DOUBT, code, message, until, system_error=True)
                return self._given_up(record, ended) if self._used_up(record) else ended

    def _system_error(self, record: Record, error: ApplicationException) -> Ended:
        if isinstance(error, PortalUnavailable | PortalChanged):
            self._workshop.drop_targets()
        wait = min(self._bot.backoff * 2 ** min(record.claim.system_errors, 16), LONGEST_BACKOFF)
        until = self._workshop.database.now() + wait
        ended = _back(AttemptOutcome.RETRY, error.code, error.message, until, system_error=True)
        return self._given_up(record, ended) if self._used_up(record) else ended

    def _used_up(self, record: Record) -> bool:
        return record.claim.system_errors + 1 >= self._bot.attempts

    def _given_up(self, record: Record, last: Ended) -> Ended:
        """The tries are used up: an effect that was begun goes to a person, anything else has failed."""
        begun = self._begun(record)
        if not begun:
            return replace(last, outcome=AttemptOutcome.FAILED, state=ItemState.FAILED, until=None)
        tries = f"looking for it failed {self._bot.attempts} times: {last.message}"
        return replace(_asks(in_doubt(begun[0], code="EFFECT_IN_DOUBT", why=tries)), system_error=True)

    def _begun(self, record: Record) -> list[EffectRecord]:
        return [e for e in record.past.effects.values() if e.state is not EffectState.CONFIRMED]

    def _item(self, claim: Claim) -> WorkItem:
        files = tuple(self._workshop.document(file) for file in claim.files)
        return WorkItem(
            id=claim.item_id,
            reference=claim.reference,
            added_at=claim.added_at,
            payload=claim.payload,
            files=files,
        )

    def _renew(self) -> datetime:
        if self._claim is None:
            raise Fenced("no item is held")
        with self._workshop.database.transaction(actor=f"system:{self._workshop.worker}") as tx:
            return items.renew(tx, self._claim.item_id, token=self._claim.token, lease=self._bot.lease)

    def _store(self, record: Record, ended: Ended, then: Callable[[Transaction], Claim | None] | None) -> Claim | None:
        """Store how the attempt ended; return the next item when one was to be taken along and everything is well."""
        record.reach("attempt ending")
        claim = record.claim
        with self._workshop.database.transaction(actor=f"bot:{self._bot.name}@{self._bot.version}") as tx:
            items.finish(
                tx,
                claim,
                to=ended.state,
                outcome=ended.outcome,
                code=ended.code,
                system_errors=_errors_in_a_row(claim, ended),
                until=ended.until,
                amount=record.amount,
            )
            steps.save(tx, claim.item_id, attempt=claim.attempt, records=record.unsaved())
            steps.save_outcomes(tx, claim.item_id, attempt=claim.attempt, outcomes=record.outcomes)
            steps.save_evidence(tx, claim.item_id, attempt=claim.attempt, evidence=record.unsaved_evidence())
            if ended.result is not None:
                items.set_result(tx, claim.item_id, result=ended.result)
            if ended.waits is not None:
                items.set_waits(tx, claim.item_id, waits=ended.waits)
            if ended.planned is not None:
                effects.save_planned(tx, claim, plan=ended.planned)
            if ended.question is not None:
                reviews.open_task(tx, bot=self._bot.name, item_id=claim.item_id, question=ended.question)
            runs.record_attempt(
                tx,
                claim,
                run_id=record.run_id,
                worker=self._workshop.worker,
                version=self._bot.version,
                started_at=record.started_at,
                outcome=ended.outcome,
                code=ended.code,
                message=None if ended.message is None else storable(ended.message),
                seen=record.seen(),
            )
            self._breaker(tx, ended)
            self._hold_refused(tx, ended)
            return then(tx) if then is not None and ended.outcome in UNTROUBLED else None

    def _breaker(self, tx: Transaction, ended: Ended) -> None:
        if not ended.system_error:
            if ended.outcome is not AttemptOutcome.RETRY:
                holds.reset_breaker(tx, self._bot.name)
            return
        in_a_row = holds.count_failure(tx, self._bot.name)
        if in_a_row >= self._bot.stop_after:
            reason = f"{in_a_row} system errors in a row; the last: {ended.message}"
            holds.place(tx, "bot", self._bot.name, code=ended.code or "BREAKER", reason=reason, by="system:breaker")

    def _hold_refused(self, tx: Transaction, ended: Ended) -> None:
        """A refused login holds its target (see Workshop.login_turn); one made in no turn holds the bot instead."""
        if not ended.refused_login or any(holds.active(tx, "target", name) for name in self._bot.targets):
            return
        reason = ended.message or "a login was refused"
        holds.place(tx, "bot", self._bot.name, code=LOGIN_FAILED, reason=reason, by="system:attempt")


def _errors_in_a_row(claim: Claim, ended: Ended) -> int:
    if ended.outcome is AttemptOutcome.RELEASED:
        return claim.system_errors
    return claim.system_errors + 1 if ended.system_error else 0


def _back(outcome: AttemptOutcome, code: str, message: str, until: datetime, *, system_error: bool = False) -> Ended:
    return Ended(
        outcome=outcome,
        state=ItemState.PENDING,
        code=code,
        message=message,
        until=until,
        system_error=system_error,
    )


def _asks(question: Question) -> Ended:
    return Ended(
        outcome=AttemptOutcome.REVIEW,
        state=ItemState.IN_REVIEW,
        code=question.code,
        message=question.reason,
        question=question,
    )


def _business(error: BusinessException, reached: Planned | None) -> Question:
    return Question(
        kind=ReviewKind.BUSINESS,
        code=error.code,
        reason=error.message,
        action="Correct the values, or deal with the case by hand.",
        fields=error.fields,
        details={} if reached is None else {"reached": reached.details()},
    )


def _unreadable(error: FileUnreadable) -> Question:
    return Question(
        kind=ReviewKind.UNREADABLE,
        code=error.code,
        reason=error.message,
        action="Ask the sender for a good copy and cancel this one, or deal with the document by hand.",
    )
