"""A bot as the runtime works with it: what the author wrote and what bots.toml says, checked and put together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core.model.runs import Mode
from core.target import TargetSettings

if TYPE_CHECKING:
    from core.model.trials import Trial
    from core.timing.hours import Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One record that a target lists as entered by the bot's user."""

    receipt: str  # the target's number for it
    key: str | None = None  # our business key, where the record shows it
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedBot:
    """One bot, ready to run."""

    name: str
    version: str  # as the author gave it, with a short digest of the code
    code_digest: str
    settings: Any
    collect: Callable[[Any], Iterable[Any]]
    process: Callable[[Any, Any], Any]
    listed: Callable[[Any, Any], Iterable[Listed]] | None = None  # for the target balance
    trial: "Callable[..., Trial] | None" = None  # for `understudy try`
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    hours: "Mapping[str, Hours]" = field(default_factory=dict)  # of its targets that are not always open
    mode: Mode = Mode.SHADOW  # as bots.toml asks; the grant may be lower
    attempts: int = 3  # per item, application exceptions only
    stop_after: int = 5  # application exceptions in a row hold the queue
    backoff: timedelta = timedelta(seconds=30)  # before the second try; doubles, at most an hour
    lease: timedelta = timedelta(seconds=60)
    linger: timedelta = timedelta(seconds=60)  # how long a run waits for items that come due
    recycle_after: int = 50  # items per browser context
