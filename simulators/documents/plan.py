"""Which documents a set holds: all faults once, the rest clean across all layouts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from simulators.documents.desk import Desk
from simulators.documents.document import Document
from simulators.documents.faults import Maker, clean
from simulators.documents.kinds import EXTRA_KINDS, KINDS
from simulators.documents.layouts import LAYOUTS

__all__ = ["EXTRA_KINDS", "KINDS", "SMALLEST", "plan_clean", "plan_kind", "plan_set"]

SMALLEST = len(KINDS) + len(LAYOUTS)  # of a usual set: every fault, and every layout once


def plan_set(desk: Desk, count: int) -> list[Document]:
    """Plan the usual set: every kind of fault once, the rest clean, every layout at least once."""
    if count < SMALLEST:
        raise ValueError(f"a set of {count} cannot hold every fault and every layout; ask for {SMALLEST} or more")
    documents = [one for kind in KINDS for one in _of_kind(desk, kind, 0)]
    return documents + list(_clean(desk, count - len(documents), tuple(LAYOUTS)))


def plan_clean(desk: Desk, count: int, layouts: tuple[str, ...]) -> list[Document]:
    """Plan only clean documents, the layouts in turn."""
    return list(_clean(desk, count, layouts))


def plan_kind(desk: Desk, count: int, kind: str, layouts: tuple[str, ...] | None = None) -> list[Document]:
    """Plan `count` documents of one kind; duplicates bring their originals along on top."""
    documents: list[Document] = []
    for turn in range(count):
        documents += _of_kind(desk, kind, turn, layouts)
    return documents


def _of_kind(desk: Desk, kind: str, turn: int, layouts: tuple[str, ...] | None = None) -> list[Document]:
    makers: dict[str, tuple[Maker, tuple[str, ...]]] = {**KINDS, **EXTRA_KINDS}
    maker, suited = makers[kind]
    choice = layouts or suited
    return maker(desk, choice[turn % len(choice)])


def _clean(desk: Desk, count: int, layouts: tuple[str, ...]) -> Iterator[Document]:
    """Yield clean documents, taking the layouts' wishes in turn, again and again."""
    for name, features in islice(cycle(_wishes(layouts)), count):
        yield clean(desk, name, features)


def _wishes(layouts: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """List layouts with features: first every layout's best, then what is special, then the plain ones."""
    first = [(name, LAYOUTS[name].features[0]) for name in layouts]
    rest = [(name, features) for name in layouts for features in LAYOUTS[name].features[1:]]
    return first + sorted(rest, key=lambda wish: (wish[1] == (), LAYOUTS[wish[0]].features.index(wish[1])))
