"""`python -m benchmarks.engine`: the engine's figures in one run, beside robocorp-workitems; 1 when a bar is missed."""

import argparse
import os
import statistics
import sys
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import Bars
from benchmarks.engine.children import answer, measure, start
from benchmarks.engine.filled import fill
from benchmarks.entering import computing
from core.store import postgres
from core.testing.postgres import Postgres

ITEMS = 1_000
MANY = 100_000
EFFECTS = 300  # items of the bot with four effects
FINISHED = 100_000
READY = 20_000
WORKERS = 100
PROCESSES = 2
POOL = 12  # connections per process
WORK = 0.2  # seconds
WARM, WINDOW = 5.0, 20.0  # seconds before it counts, and while it counts


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when a bar is missed."""
    chosen = _options(arguments)
    bars = Bars()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {syncs():,.0f} synced writes/s on this disk")
    trivial = one_step(bars, rounds=chosen.rounds)
    growth(bars, trivial, many=chosen.many)
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "postgres", durable=True) as server:
        four_effects(server)
        hundred_workers(bars, server, work=chosen.work)
    trail(bars)
    return bars.code


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides do the 1,000 items")
    parser.add_argument("--many", type=int, default=MANY, help="items of the large run")
    parser.add_argument("--work", type=float, default=WORK, help="seconds of work of a simulated worker")
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
    url, before = server.new_database("entries"), computing(_first_process(server))
    took = measure("once", bot="entries", items=EFFECTS, database=url)
    _row(
        "PostgreSQL", took, more=f"and the server {1000 * (computing(_first_process(server)) - before) / EFFECTS:.2f} s"
    )


def hundred_workers(bars: Bars, server: Postgres, *, work: float) -> None:
    """Let simulated workers share one PostgreSQL that has seen much."""
    ideal = WORKERS / work
    print(
        f"\n{WORKERS} simulated workers on PostgreSQL: {FINISHED:,} items finished, {READY:,} ready, {work:g} s of work"
    )
    print(f"  durable; {PROCESSES} processes with {POOL} connections each, max_connections {server.max_connections}")
    most = postgres.CONNECTIONS + postgres.SPARE
    print(f"  (a real worker has {postgres.CONNECTIONS} connections of its own, {most} at most)")
    url = server.new_database("workers")
    run_id = fill(url, bot="plain", finished=FINISHED, ready=READY)
    begin = time.time() + WARM
    shared = {"url": url, "pool": POOL, "bot": "plain", "run_id": run_id, "work": work}
    shared |= {"workers": WORKERS // PROCESSES, "begin": begin, "until": begin + WINDOW}
    crews = [start("workers", **shared) for _ in range(PROCESSES)]
    time.sleep(max(0.0, begin - time.time()))
    before = computing(_first_process(server))
    time.sleep(max(0.0, begin + WINDOW - time.time()))
    served = computing(_first_process(server)) - before
    told = [answer(crew) for crew in crews]
    _judge_workers(bars, told, ideal=ideal, served=served)


def _judge_workers(bars: Bars, told: list[dict[str, Any]], *, ideal: float, served: float) -> None:
    worked = sum(one["computing"] for one in told)
    claims = sorted(took for one in told for took in one["claims"])
    ended = len(claims)
    p50, p95 = (1000 * claims[int(len(claims) * share)] for share in (0.5, 0.95))
    print(f"  {ended / WINDOW:.0f} items/s of an ideal {ideal:.0f}; claim p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    print(
        f"  computing: workers {worked / WINDOW:.2f} of {os.cpu_count()} cores, server {served / WINDOW:.2f}; "
        f"an item {1000 * worked / ended:.2f} ms and {1000 * served / ended:.2f} ms"
    )
    print("  (a claim is taken along with the end of the item before, in one commit; its time is that of both)")
    bars.at_least("engine: rate of 100 workers against the ideal", ended / WINDOW / ideal, 0.8, "%")
    bars.at_most("engine: claim p95 of 100 workers", p95, 50.0, "ms")


def _first_process(server: Postgres) -> int:
    return int((server.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def trail(bars: Bars) -> None:
    """Seal and verify, where that benchmark is there."""
    if find_spec("benchmarks.trail") is not None:
        print("\nThe trail")
        bars.code = max(bars.code, import_module("benchmarks.trail").main([]))


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
