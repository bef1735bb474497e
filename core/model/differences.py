"""What differs between two values of JSON data, by dotted path: `lines.0.net`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is another; None where one side has none."""

    where: str  # dotted path
    was: Any  # JSON data
    now: Any  # JSON data


def differing(was: Any, now: Any, where: str) -> Iterator[Difference]:
    """Yield each place where two values of JSON data differ; what only one of them has differs from None."""
    if isinstance(was, dict | None) and isinstance(now, dict | None) and (was or now):
        names = dict.fromkeys([*(was or {}), *(now or {})])
        for name in names:
            yield from differing((was or {}).get(name), (now or {}).get(name), f"{where}.{name}")
    elif isinstance(was, list | None) and isinstance(now, list | None) and (was or now):
        for place in range(max(len(was or []), len(now or []))):
            yield from differing(_entry(was, place), _entry(now, place), f"{where}.{place}")
    elif was != now:
        yield Difference(where=where, was=was, now=now)


def _entry(values: list[Any] | None, place: int) -> Any:
    return values[place] if values is not None and place < len(values) else None
