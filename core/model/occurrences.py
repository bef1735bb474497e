"""An occurrence: one due time of a schedule, and what came of it. There is never a second for the same local slot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

BY_HAND = "by hand"  # the schedule of an occurrence that a person ordered; its slot is the instant


class OccurrenceState(StrEnum):
    """Where an occurrence stands."""

    DUE = "due"  # its run is ordered and waits to be begun, for the first time or again
    BEGUN = "begun"  # a process works at its run
    ENDED = "ended"  # its run has ended; the exit code says how
    SKIPPED = "skipped"  # it was not run, with the reason


MOVES: Mapping[OccurrenceState, frozenset[OccurrenceState]] = {
    OccurrenceState.DUE: frozenset({OccurrenceState.BEGUN, OccurrenceState.SKIPPED}),
    OccurrenceState.BEGUN: frozenset({OccurrenceState.DUE, OccurrenceState.ENDED}),
    OccurrenceState.ENDED: frozenset(),
    OccurrenceState.SKIPPED: frozenset({OccurrenceState.DUE}),  # only when the clock was far ahead as it was skipped
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A row of the store's occurrences."""

    id: int
    bot: str
    schedule: str
    slot: str  # the local time it stands for
    due: datetime
    state: OccurrenceState
    reason: str  # why it was skipped or put off; empty otherwise
    made_at: datetime
    not_before: datetime  # `due` with its jitter; later, when it goes on or is tried again
    report_by: datetime | None
    run_id: int | None  # absent while it was skipped
    starts: int  # processes started for it, since one last stopped in good order
    holder: str | None  # the worker name of the process that runs it
    began_at: datetime | None
    ended_at: datetime | None
    exit_code: int | None
    until: datetime | None = None  # end of its holder's lease; absent while it has none

    @property
    def name(self) -> str:
        """Return the name of its schedule with its bot's, as it is typed: `invoices/morning`."""
        return f"{self.bot}/{self.schedule}"
