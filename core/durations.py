"""Durations as people write them in files: `30s`, `15m`, `2h`, `5d`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def parse_duration(value: Any) -> Any:
    """Return the timedelta for a text such as `30s`; anything that is one already passes through."""
    if isinstance(value, timedelta):
        return value
    match = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a duration is written as a number and a unit: "500ms", "30s", "15m", "2h" or "5d"')
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def written(length: timedelta) -> str:
    """Return a duration as it is written in files, in the largest unit that makes it a whole number."""
    for unit in ("d", "h", "m", "s"):
        number, rest = divmod(length, timedelta(**{_UNITS[unit]: 1}))
        if not rest:
            return f"{number}{unit}"
    return f"{length // timedelta(milliseconds=1)}ms"


_RATE = re.compile(r"(\d+)\s*/\s*(s|m|h|d)")


def parse_rate(value: Any) -> Any:
    """Return the time between two for a text such as `30/m`; a timedelta passes through."""
    if isinstance(value, timedelta):
        return value
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError('a rate is written as how many in which time: "2/s", "30/m" or "500/h"')
    return timedelta(**{_UNITS[match[2]]: 1}) / int(match[1])


Rate = Annotated[timedelta, BeforeValidator(parse_rate)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
