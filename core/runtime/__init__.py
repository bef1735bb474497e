"""The runtime: one worker, one item at a time, from claim to balances."""

from core.runtime.context import Context
from core.runtime.loaded import Listed, LoadedBot
from core.runtime.run import Run, RunReport
from core.runtime.worker import Tally, Worker
from core.runtime.workshop import Workshop

__all__ = ["Context", "Listed", "LoadedBot", "Run", "RunReport", "Tally", "Worker", "Workshop"]
