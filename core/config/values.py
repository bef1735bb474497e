"""Kinds of values that only bots.toml has: a wait in workdays or hours, and a size of a disk."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from core.durations import parse_duration


@dataclass(frozen=True, slots=True)
class Wait:
    """How long something may wait: by the clock, or over so many workdays of a calendar."""

    text: str  # as it was written
    workdays: int = 0
    length: timedelta = timedelta(0)  # used when `workdays` is 0

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes."""

    text: str  # as it was written
    number: int

    def __str__(self) -> str:
        return self.text


_WORKDAYS = re.compile(r"(\d+)\s*workdays?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(MB|GB|TB)")
_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_wait(value: Any) -> Any:
    """Return the wait for a text such as `2 workdays` or `4h`; a Wait passes through."""
    if isinstance(value, Wait):
        return value
    match = _WORKDAYS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None and int(match[1]):
        return Wait(value, workdays=int(match[1]))
    try:
        return Wait(str(value), length=parse_duration(value))
    except ValueError as error:
        raise ValueError(f'expected workdays, "2 workdays", or hours: {error}') from error


def parse_size(value: Any) -> Any:
    """Return the size for a text such as `2GB`; a Size passes through."""
    if isinstance(value, Size):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a size is written as a number and a unit: "500MB", "2GB" or "1TB"')
    return Size(value, int(float(match[1]) * _BYTES[match[2]]))


WaitValue = Annotated[Wait, BeforeValidator(parse_wait)]
SizeValue = Annotated[Size, BeforeValidator(parse_size)]
