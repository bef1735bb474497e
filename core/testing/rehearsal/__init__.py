"""The rehearsal of crashes: a bot is killed at each boundary, started again, and judged by what its targets hold."""

from core.testing.rehearsal.kills import Kill, kills
from core.testing.rehearsal.rehearsal import Judged, Rehearsal, rehearse

__all__ = ["Judged", "Kill", "Rehearsal", "kills", "rehearse"]
