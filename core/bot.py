"""What a bot's author declares: `bot = Bot("invoices", settings=Settings)` and its decorated functions."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from core.model.documents import Document
from core.model.items import NewItem, WorkItem
from core.runtime import Context, Listed

if TYPE_CHECKING:
    from core.model.trials import Trial

S = TypeVar("S", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])


class NoSettings(BaseModel):
    """For a bot without settings of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bot(Generic[S]):
    """A bot: one per folder, in `bot.py`, named `bot`.

    The author shall decorate one function with `collect` (offers items) and one with `process` (handles one item), and
    may decorate one with `listed` (what the target lists, for the target balance). The runtime shall call `process`
    again from the top after every review, wait or crash.
    """

    def __init__(self, name: str, *, settings: type[S] | None = None, version: str = "1") -> None:
        self.name = name
        self.version = version
        self.settings: type[BaseModel] = settings or NoSettings
        self.functions: dict[str, Callable[..., Any]] = {}

    def collect(self, function: Callable[[Context[Any]], Iterable[NewItem]]) -> Callable[..., Iterable[NewItem]]:
        """Declare the function that offers work items."""
        return self._declare("collect", function)

    def process(self, function: F) -> F:
        """Declare the function that handles one item: `process(item: WorkItem, ctx: Context[Settings])`."""
        return self._declare("process", function)

    def listed(
        self, function: Callable[[Context[Any], datetime], Iterable[Listed]]
    ) -> Callable[[Context[Any], datetime], Iterable[Listed]]:
        """Declare what the targets list as entered by this bot since an instant, for the target balance."""
        return self._declare("listed", function)

    def trial(
        self, function: "Callable[[Document, Any, datetime, bool], Trial]"
    ) -> "Callable[[Document, Any, datetime, bool], Trial]":
        """Declare how one document is tried: `trial(document, settings, now, text_only)`; it touches nothing."""
        return self._declare("trial", function)

    def _declare(self, role: str, function: F) -> F:
        if role in self.functions:
            raise TypeError(f"bot {self.name!r} declares {role} twice")
        self.functions[role] = function
        return function


__all__ = ["Bot", "NoSettings", "WorkItem"]
