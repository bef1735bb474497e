"""A guard for tests: an effect that is running or not, a fence that can fall, and evidence kept in a list."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import ApplicationException, Fenced, OutsideEffect


class NotingGuard:
    """Notes what page objects ask of the running effect, in order."""

    def __init__(self) -> None:
        self.running = False
        self.fenced = False
        self.store_down = False
        self.notes: list[str] = []
        self.kept: list[tuple[str, bytes, str]] = []

    @contextmanager
    def effect(self) -> Iterator[None]:
        """Run the block as the `do` of an effect."""
        self.running = True
        try:
            yield
        finally:
            self.running = False

    def require(self, what: str) -> None:
        """Refuse outside the effect."""
        if not self.running:
            raise OutsideEffect(what)

    def committing(self) -> None:
        """Pass the fence unless it has fallen."""
        if self.fenced:
            raise Fenced("this worker no longer holds the item")
        self.notes.append("committing")

    def evidence(self, name: str, data: bytes, *, media_type: str) -> None:
        """Keep the evidence unless its store is down."""
        if self.store_down:
            raise ApplicationException("EVIDENCE_UNAVAILABLE", "evidence cannot be kept")
        self.notes.append(name)
        self.kept.append((name, data, media_type))
