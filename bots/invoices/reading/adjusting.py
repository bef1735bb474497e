"""Discounts and charges on the document as a whole: what is printed between the lines' sum and the net amount."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from .facts import Facts
from .items import Item

_MOST = 6  # printed adjustments that are tried together


def read_adjustments(facts: Facts, items: Sequence[Item], net: Decimal | None) -> Decimal | None:
    """Return what the printed discounts and charges add to the lines (a discount is negative); None without any.

    Only what is printed counts: some of the amounts labelled as discount, carriage or the like must make up the
    difference exactly.
    """
    if net is None or not items or any(item.net is None for item in items):
        return None
    total = sum((item.net for item in items if item.net is not None), Decimal(0))
    missing = abs(net) - abs(total)
    if missing == 0:
        return None
    printed = [
        amount.money.value
        for hit in facts.hits("not_total")
        for amount in facts.amounts_on.get(hit.line.index, ())
        if amount.first >= hit.last
    ][:_MOST]
    for many in range(1, len(printed) + 1):
        for some in combinations(printed, many):
            if abs(sum(some)) == abs(missing) or sum(map(abs, some)) == abs(missing):
                return missing if net > 0 else -missing
    return None
