"""The context: everything a bot's two functions may do, and the only way they touch the outside."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from core.model.items import Amount
from core.model.reviews import Question, ReviewKind
from core.model.runs import Mode
from core.model.steps import Dated
from core.runtime.endings import AskPerson, PutBack, Released
from core.runtime.sources import Intake

if TYPE_CHECKING:
    from core.checks import RulePack
    from core.model.answers import Answer
    from core.model.documents import Document
    from core.runtime.record import Record

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
Plan = TypeVar("Plan")


def _perform(*args: Any, **kwargs: Any) -> Any:
    from core.runtime.effects import perform  # loaded with the first effect

    return perform(*args, **kwargs)


class Context(Generic[S]):
    """Given to `collect` and `process`; nothing else in a bot reaches the outside."""

    def __init__(
        self,
        *,
        settings: S,
        record: "Record | None",
        intake: Intake | None,
        carry_out: Callable[..., Any] = _perform,  # what an effect comes to; a replay carries nothing out
    ) -> None:
        self.settings = settings
        self._carry_out = carry_out
        self._record = record
        self._intake = intake

    @property
    def now(self) -> datetime:
        """The instant (aware, UTC) at which this attempt or collection began; it does not move within one."""
        if self._record is not None:
            return self._record.started_at
        return self._collecting().started_at

    @property
    def mode(self) -> Mode:
        """The mode in force for this attempt."""
        return self._processing().mode

    def inbox(self, folder: str | Path, *patterns: str) -> "Iterator[Document]":
        """Yield every finished document in a folder that matches a pattern (default `*.pdf`).

        A file still being written, or one that cannot be taken, is quarantined with its reason and offered again by
        the next run. The folder is only read; a relative one starts at the installation. Only in `collect`.
        """
        return self._collecting().inbox(Path(folder), patterns or ("*.pdf",))

    def step(self, name: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Compute something pure, once: the result is stored, shown, correctable, and reused while nothing changed.

        The function needs a return annotation that pydantic can write down and read back.
        """
        return self._processing().step(name, function, args, kwargs)

    def look(self, name: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Read the outside, afresh at every attempt; the answer is recorded.

        A function may return Missing, or a Dated value with a limit that turns into Missing when it is too old:
        checks that need it are then not evaluated.
        """
        found: Any = self._processing().look(name, function, args, kwargs)
        if isinstance(found, Dated):
            found = found.at(self.now)
        seen: T = found
        return seen

    def check(self, pack: "RulePack", /, **facts: object) -> None:
        """Run every rule of the pack; return only when each passed or was waived by enough people.

        Otherwise the attempt ends here and a person is asked, with every outcome shown.
        """
        self._processing().check(pack, facts)

    def effect(
        self,
        name: str,
        *,
        key: str,
        plan: Plan,
        find: "Callable[[Plan], Answer[R]]",
        do: Callable[[Plan], R],
        target: str | None = None,
    ) -> R:
        """Change the outside exactly once, and return the target's receipt.

        `key` is the business key (unique per bot, target and effect), `plan` a frozen record of what will be done,
        `find` looks whether the target holds it, `do` does it. `target` names the `[targets.<name>]` table; it may be
        left out when `do` is a method of a Target. In a mode that does not act the attempt ends here.
        """
        receipt: R = self._carry_out(self._processing(), name, key=key, plan=plan, find=find, do=do, target=target)
        return receipt

    def later(self, until: datetime, reason: str, *, code: str, most: int) -> None:
        """Put the item back until an instant; after `most` such waits with this code a person is asked instead."""
        record = self._processing()
        if until.tzinfo is None:
            raise TypeError(f"ctx.later needs an instant with a time zone, got {until!r}")
        waited = record.claim.waits.get(code, 0)
        if waited < most:
            raise PutBack(until=until, code=code, reason=reason)
        raise AskPerson(
            Question(
                kind=ReviewKind.BUSINESS,
                code=code,
                reason=f"{reason} Looked {waited} times.",
                action="Find out why, then let the bot look again, park the case, or deal with it by hand.",
            )
        )

    def amount(self, value: Decimal, currency: str) -> None:
        """Say what the item is worth, so that the run balances in money too."""
        self._processing().amount = Amount(value=value, currency=currency)

    def evidence(self, name: str, data: bytes, *, media_type: str) -> None:
        """Keep bytes as evidence of the item; `name` says what they show."""
        self._processing().guard.evidence(name, data, media_type=media_type)

    @contextmanager
    def target(self, kind: type[T]) -> Iterator[T]:
        """Open a target for this item: logged in, with its session reused from item to item."""
        with self._processing().open_target(kind) as target:
            yield target

    def _processing(self) -> "Record":
        if self._record is None:
            raise TypeError("collect offers items; steps, looks, checks, effects and targets belong into process")
        if self._record.workshop.overdue() and not self._record.guard.acting_now:
            raise Released("between two steps nothing is half done")
        return self._record

    def _collecting(self) -> Intake:
        if self._intake is None:
            raise TypeError("ctx.inbox belongs into collect; process works on item.file()")
        return self._intake
