"""`python -m benchmarks.engine`: the engine's figures in one run, beside robocorp-workitems; 1 when a bar is missed."""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import Bars, trail
from benchmarks.engine.children import measure
from benchmarks.engine.crowd import first_process, hundred_workers
from benchmarks.entering import computing
from core.testing.postgres import Postgres

ITEMS = 1_000
MANY = 100_000
EFFECTS = 300  # items of the bot with four effects


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when a bar is missed."""
    chosen = _options(arguments)
    bars = Bars()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {syncs():,.0f} synced writes/s on this disk")
    trivial = one_step(bars, rounds=chosen.rounds)
    growth(bars, trivial, many=chosen.many)
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "postgres", durable=True) as server:
        four_effects(server)
        hundred_workers(bars, server)
    sealing(bars)
    return bars.code


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides do the 1,000 items")
    parser.add_argument("--many", type=int, default=MANY, help="items of the large run")
    return parser.parse_args(arguments)


def syncs(count: int = 100) -> float:
    """Return how many small writes a second this disk makes durable, one after another."""
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(count):
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - began)


def one_step(bars: Bars, *, rounds: int) -> list[dict[str, Any]]:
    """Let both sides do the same items in turns; return what ours took."""
    print("\nOne trivial step per item: ours durable (synchronous=FULL) and audited, theirs neither")
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(measure("once", bot="plain", items=ITEMS))
        theirs.append(measure("filequeue", items=ITEMS))
    _row("understudy", *ours)
    _row("robocorp-workitems", *theirs)
    _row("robocorp-workitems", measure("filequeue", items=2 * ITEMS))
    bars.at_most("engine: computing time per 1,000 items", _per_thousand(*ours), 1.0, "s")
    bars.at_most("engine: against robocorp-workitems", _per_thousand(*ours) / _per_thousand(*theirs), 1.0, "times")
    return ours


def growth(bars: Bars, few: list[dict[str, Any]], *, many: int) -> None:
    """Do many items in one run: an item must not cost more because there are others."""
    large = measure("once", bot="plain", items=many)
    _row("understudy", large)
    few = [*few, measure("once", bot="plain", items=ITEMS)]
    grown = _per_thousand(large) / _per_thousand(*few)
    bars.at_most(f"engine: an item among {many:,} against one among {ITEMS:,}", grown, 1.3, "times")


def four_effects(server: Postgres) -> None:
    """Print items a second with four effects each."""
    print("\nFour effects per item, one worker: 13 commits an item (intent, fence and receipt of each effect; its end)")
    _row("SQLite", measure("once", bot="entries", items=EFFECTS))
    url, before = server.new_database("entries"), computing(first_process(server))
    took = measure("once", bot="entries", items=EFFECTS, database=url)
    _row(
        "PostgreSQL", took, more=f"and the server {1000 * (computing(first_process(server)) - before) / EFFECTS:.2f} s"
    )


def sealing(bars: Bars) -> None:
    """Seal and verify a million events, as `python -m benchmarks.trail` does."""
    print("\nThe trail", flush=True)
    sys.argv = ["trail"]  # it takes no options of ours
    bars.code = max(bars.code, trail.main())


def _per_thousand(*took: dict[str, Any]) -> float:
    return statistics.median(1000 * one["computing"] / one["items"] for one in took)


def _row(name: str, *took: dict[str, Any], more: str = "") -> None:
    items = took[0]["items"]
    rate = statistics.median(items / one["clock"] for one in took)
    spread = " ".join(f"{1000 * one['computing'] / items:.2f}" for one in took) if len(took) > 1 else ""
    print(
        f"  {name:<19}{items:>8,} items {_per_thousand(*took):8.2f} s computing per 1,000 {rate:8.0f} items/s  "
        f"{more}{f'rounds: {spread}' if spread else ''}".rstrip(),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
