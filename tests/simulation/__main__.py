"""`make nightly`: what the tests play in thousands, in hundreds of thousands; ends with 1 when a promise is broken.

python -m tests.simulation                             everything
python -m tests.simulation --items 1000 --worlds 2     less of it
python -m tests.simulation --seed 7                    the one world of a failed test, with what became of its items
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable

from tests.simulation import model, office
from tests.simulation.faults import C1, HARD, Rates, Tally

MILLION = 1_000_000
CONTROL = 100_000
WORLD = 500
LEASES = model.Rules(locks=False)
REFUSING = model.Rules(locks=False, refuses_twins=True)


def main() -> int:
    """Play, print a line for each, and return the exit code."""
    parser = ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--items", type=int, default=MILLION, help="through the protocol alone")
    parser.add_argument("--worlds", type=int, default=40, help=f"of {WORLD} items, through the store")
    chosen = parser.parse_args()
    print(f"{'':72}{'items':>10}{'doubled':>9}{'lost':>6}{'asked':>7}{'items/s':>9}")
    broken = _protocol(chosen.items)
    broken += _store("store, one host, faults as in C1", range(chosen.worlds), rates=C1, rules=office.SHIPPED)
    hard = range(1000, 1000 + chosen.worlds // 4)
    broken += _store("store, one host, harder faults, the store fails too", hard, rates=HARD, rules=office.SHIPPED)
    _store("store, two hosts: leases only", hard, rates=HARD, rules=office.Rules(locks=False), promised=False)
    for name, rules in office.CONTROLS.items():
        broken += not _store(f"store, control: {name}", hard[:2], rates=HARD, rules=rules, promised=False)
    return 1 if broken else 0


def _protocol(items: int) -> int:
    """Play the protocol alone and return how many promises are broken; a control that does not double is one."""
    few = min(items, CONTROL)
    broken = _line("protocol, one host, faults as in C1", lambda: model.play(items, seed=1))
    broken += _line("protocol, one host, harder faults", lambda: model.play(items, seed=2, rates=HARD))
    _line("protocol, two hosts: leases only", lambda: model.play(items, seed=3, rules=LEASES), promised=False)
    broken += _line("the same, the target refuses twins", lambda: model.play(items, seed=4, rules=REFUSING))
    for name, rules in model.CONTROLS.items():
        said = f"protocol, control: {name}"
        broken += not _line(said, lambda rules=rules: model.play(few, seed=5, rates=HARD, rules=rules), promised=False)
    return broken


def _store(name: str, seeds: range, *, rates: Rates, rules: office.Rules, promised: bool = True) -> int:
    def play() -> Tally:
        total = Tally()
        for seed in seeds:
            tally = office.play(WORLD, seed=seed, rates=rates, rules=rules)
            if promised and (tally.doubled or tally.lost):
                print(f"seed {seed}: {tally}")
            total += tally
        return total

    return _line(name, play, promised=promised)


def _line(name: str, play: Callable[[], Tally], *, promised: bool = True) -> int:
    began = time.process_time()
    tally = play()
    speed = tally.items / max(time.process_time() - began, 0.001)
    bad = tally.doubled + tally.lost > 0
    mark = "  BROKEN" if promised and bad else ""
    print(f"{name:72}{tally.items:10,}{tally.doubled:9,}{tally.lost:6,}{tally.asked:7,}{speed:9,.0f}{mark}", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
