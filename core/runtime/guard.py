"""The guard: knows whether an effect is running, holds the fence before a click, and takes in evidence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from core.errors import Fenced, OutsideEffect
from core.model.evidence import Evidence

MARGIN = timedelta(seconds=5)  # of the lease, kept for the click itself and its answer


class EffectGuard:
    """One per worker, handed to every target; `begin` ties it to the attempt at hand."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        keep: Callable[[bytes], str],
        renew: Callable[[], datetime] | None = None,
    ) -> None:
        self._between = self._renew = renew or _not_held
        self._now = now
        self._keep = keep
        self._active: str | None = None
        self._evidence: list[Evidence] = []
        self._before_commit: Callable[[], None] = lambda: None
        self.committed = False

    def begin(
        self,
        *,
        evidence: list[Evidence],
        before_commit: Callable[[], None] = lambda: None,
        renew: Callable[[], datetime] | None = None,
    ) -> None:
        """Tie the guard to a new attempt: where its evidence goes, what to note right before a commit, how to renew
        its lease. Without a lease nothing can be committed.
        """
        self._renew = renew or self._between
        self._active = None
        self.committed = False
        self._evidence = evidence
        self._before_commit = before_commit

    @property
    def acting_now(self) -> bool:
        """True while an effect is running its `do`."""
        return self._active is not None

    @contextmanager
    def acting(self, effect: str) -> Iterator[None]:
        """Allow changes while inside."""
        self._active = effect
        self.committed = False
        try:
            yield
        finally:
            self._active = None

    def require(self, what: str) -> None:
        """Raise OutsideEffect unless an effect is running its `do`."""
        if self._active is None:
            raise OutsideEffect(what)

    def committing(self) -> None:
        """Pass the fence right before the click that cannot be taken back."""
        self.require("page.commit")
        if (
            not self._lease_is_long() and not self._lease_is_long()
        ):  # the second for a worker that stood still in the first
            raise Fenced("the lease is too short for the click; nothing was done")
        self._before_commit()
        self.committed = True

    def _lease_is_long(self) -> bool:
        until = self._renew()
        return self._now() + MARGIN < until

    def evidence(self, name: str, data: bytes, *, media_type: str) -> None:
        """Keep bytes as evidence of the item at hand."""
        sha256 = self._keep(data)
        self._evidence.append(Evidence(sha256=sha256, name=name, media_type=media_type, size=len(data), at=self._now()))


def _not_held() -> datetime:
    raise Fenced("no item is held")
