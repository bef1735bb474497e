"""What one attempt has seen and done so far; written to the store at its end, or before it acts."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

from pydantic import ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from core.checks import RulePack, unwaived
from core.errors import ApplicationException, BusinessException, ConfigError
from core.model.digests import digest, dump, load, plain
from core.model.effects import EffectRecord, Planned
from core.model.evidence import Evidence
from core.model.items import Amount, Claim
from core.model.outcomes import CheckOutcome, Waiver
from core.model.patches import PathError, corrected
from core.model.reviews import Question, ReviewKind
from core.model.runs import Mode
from core.model.steps import Correction, RecordKind, StepRecord
from core.runtime.endings import AskPerson
from core.runtime.guard import EffectGuard
from core.runtime.loaded import LoadedBot
from core.runtime.raised import written
from core.runtime.workshop import Workshop
from core.target import Access, Target, TargetSettings

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Past:
    """What earlier attempts and people left for this item."""

    results: Mapping[tuple[str, str], StepRecord] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    approvals: frozenset[tuple[str, str]] = frozenset()
    effects: dict[str, EffectRecord] = field(default_factory=dict)  # live ones by name
    refuted: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True, kw_only=True)
class Record:
    """One attempt, from the inside."""

    bot: LoadedBot
    claim: Claim
    workshop: Workshop
    run_id: int
    mode: Mode
    past: Past
    guard: EffectGuard
    started_at: datetime
    records: list[StepRecord] = field(default_factory=list)
    outcomes: list[tuple[str, CheckOutcome]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    clicked: set[str] = field(default_factory=set)  # effects acted on in this attempt and not proven
    amount: Amount | None = None
    reached: Planned | None = None  # the effect at hand, until its receipt is stored
    saved: int = 0  # how many of `records` the store has
    saved_evidence: int = 0  # how many of `evidence` the store has

    def unsaved(self) -> tuple[StepRecord, ...]:
        """Return the records not yet stored, and count them as stored."""
        fresh = tuple(self.records[self.saved :])
        self.saved = len(self.records)
        return fresh

    def unsaved_evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence not yet noted in the store, and count it as noted."""
        fresh = tuple(self.evidence[self.saved_evidence :])
        self.saved_evidence = len(self.evidence)
        return fresh

    def reach(self, boundary: str) -> None:
        """Note a place where a crash matters."""
        self.workshop.boundaries.reach(boundary)

    def step(self, name: str, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        """Return the stored result of a step, or compute and note it; apply people's corrections."""
        self.reach(f"step {name} before")
        kind = _result_kind(function, name)
        inputs = digest([args, kwargs])
        stored = self.past.results.get((name, inputs))
        if stored is not None and stored.code_digest == self.bot.code_digest:
            result = stored.result
            self.records.append(replace(stored, reused=True, seconds=0.0))
        else:
            began = time.perf_counter()
            result = self._dumped(kind, name, function(*args, **kwargs))
            self._note(RecordKind.STEP, name, inputs, result, _name_of(kind), time.perf_counter() - began)
        after = self._corrected(name, inputs, result)
        self.reach(f"step {name} after")
        typed: T = self._typed(kind, name, after, was_corrected=after is not result)
        return typed

    def look(self, name: str, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        """Read the outside and note what it said."""
        self.reach(f"look {name} before")
        inputs = look_inputs(args, kwargs)
        began = time.perf_counter()
        try:
            found = function(*args, **kwargs)
        except (BusinessException, ApplicationException) as error:
            kind, told = written(error)
            self._note(RecordKind.LOOK, name, inputs, told, kind, time.perf_counter() - began)
            raise
        self._note(RecordKind.LOOK, name, inputs, plain(found), "", time.perf_counter() - began)
        self.reach(f"look {name} after")
        return found

    def check(self, pack: RulePack, facts: Mapping[str, object]) -> None:
        """Run a pack; end the attempt with a question when anything stands in the way."""
        outcomes = pack.run(facts)
        self.outcomes.extend((pack.stamp, outcome) for outcome in outcomes)
        standing = unwaived(outcomes, self.past.waivers)
        if not standing:
            return
        first = standing[0]
        more = f" And {len(standing) - 1} more." if len(standing) > 1 else ""
        raise AskPerson(
            Question(
                kind=ReviewKind.CHECKS,
                code=first.code,
                reason=first.message + more,
                action=first.action,
                fields=tuple(dict.fromkeys(name for outcome in standing for name in outcome.fields)),
                details={"outcomes": [plain(outcome) for outcome in standing], "pack": pack.stamp},
            )
        )

    @contextmanager
    def open_target(self, kind: type[T]) -> Iterator[T]:
        """Open a target's session for this item."""
        target = self._target(kind, target_settings(self.bot, kind))
        with target.session():
            yield target

    def _target(self, kind: type[Any], settings: TargetSettings) -> Any:
        shop = self.workshop
        shop.refuse_held(settings.name)
        target = shop.targets.get(kind)
        if target is None:
            access = Access(
                settings=shop.reachable(settings),
                guard=self.guard,
                clock=shop.clock,
                secret=lambda role: shop.secret(_secret_name(settings, role)),
                login_turn=lambda: shop.login_turn(settings),
                browser=shop.browser,
                folder=shop.folder,
            )
            target = shop.targets[kind] = kind(access)
        return target

    def seen(self) -> dict[str, str]:
        """Return what the trail shall say of this attempt: steps, looks and checks with their digests."""
        said = {f"{r.kind}:{r.name}": _short(r) for r in self.records}
        for pack, outcome in self.outcomes:
            said.setdefault("checks", pack)
            if outcome.outcome != "passed":
                said[f"check:{outcome.code}"] = f"{outcome.outcome} {outcome.digest[:16]}"
        return said

    def _note(self, kind: RecordKind, name: str, inputs: str, result: Any, result_type: str, seconds: float) -> None:
        self.records.append(
            StepRecord(
                kind=kind,
                name=name,
                input_digest=inputs,
                code_digest=self.bot.code_digest,
                result=result,
                result_type=result_type,
                seconds=seconds,
            )
        )

    def _dumped(self, kind: Any, name: str, value: object) -> Any:
        try:
            return dump(kind, value)
        except PydanticSchemaGenerationError as error:
            raise TypeError(f"step {name!r} returns {kind!r}, which cannot be written down") from error

    def _corrected(self, name: str, inputs: str, result: Any) -> Any:
        try:
            return corrected(result, self.past.corrections, step=name, input_digest=inputs)
        except PathError as error:
            raise _correction_refused(name, str(error)) from error

    def _typed(self, kind: Any, name: str, result: Any, *, was_corrected: bool) -> Any:
        try:
            return load(kind, result)
        except ValidationError as error:
            problems = error.errors(include_input=False)
            fields = ", ".join(".".join(map(str, e["loc"])) or e["msg"] for e in problems)
            if not was_corrected:
                raise TypeError(f"step {name!r} returned what does not fit its annotation: {fields}") from error
            raise _correction_refused(name, f"the values of {fields} do not fit") from error


def look_inputs(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return the digest of what a look was given; a target among it stands for itself by name."""
    return digest([[arg.settings.name if isinstance(arg, Target) else arg for arg in args], kwargs])


def target_settings(bot: LoadedBot, kind: type[Any]) -> TargetSettings:
    """Return a target's table; raise TypeError for what is no target, ConfigError for one the bot does not name."""
    if not issubclass(kind, Target):
        raise TypeError(f"{kind.__name__} is not a Target")
    settings = bot.targets.get(kind.name)
    if settings is None:
        raise ConfigError(
            [f"bot {bot.name!r} opens target {kind.name!r}, which its `targets` in bots.toml do not name"]
        )
    return settings


def _correction_refused(name: str, why: str) -> BusinessException:
    return BusinessException(
        "CORRECTION_REFUSED", f"A correction of step {name!r} cannot be applied: {why}. Correct it again."
    )


def _secret_name(settings: TargetSettings, role: str) -> str:
    if role not in settings.secrets:
        raise ConfigError([f"bots.toml: targets.{settings.name}.secrets does not name a secret for {role!r}"])
    return settings.secrets[role]


def _short(record: StepRecord) -> str:
    return f"{record.input_digest[:16]} {digest(record.result)[:16]}"


@lru_cache(maxsize=512)
def _result_kind(function: Callable[..., Any], name: str) -> Any:
    hints = get_type_hints(function)
    if "return" not in hints:
        raise TypeError(f"the function of step {name!r} needs a return annotation, so that its result can be stored")
    return hints["return"]


def _name_of(kind: Any) -> str:
    if not isinstance(kind, type) or hasattr(kind, "__args__"):
        return ""
    return f"{kind.__module__}:{kind.__qualname__}"
