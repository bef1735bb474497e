"""Which boundaries to kill at, out of those that an undisturbed play has reached."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One crash: the process that dies, and where."""

    process: int  # of those that one play starts, from 0
    boundary: str
    count: int  # it dies when it comes to this boundary so often, from 1


def kills(learned: Sequence[Sequence[str]], *, only: Sequence[str] = ()) -> list[Kill]:
    """Return a kill for each boundary, in the order in which they were first reached.

    `only`: those whose names hold one of these words; none: all.

    `learned` are the boundaries each process has reached. One that comes with every item is tried at its last coming,
    when another item is done already. Where it came several times in a row (a worker that waits asks for the next item
    again and again), the first of these counts: how many follow is chance.
    """
    last: dict[str, Kill] = {}
    for process, names in enumerate(learned):
        counts: Counter[str] = Counter()
        before = None
        for name in names:
            counts[name] += 1
            if name != before:
                last[name] = Kill(process=process, boundary=name, count=counts[name])
            before = name
    return [kill for name, kill in last.items() if not only or any(word in name for word in only)]
