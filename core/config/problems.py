"""What is wrong with bots.toml, gathered while it is put together, so that all of it is told at once."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time
from functools import partial
from typing import Any, TypeVar

from pydantic_core import ErrorDetails

Wrong = AbstractSet[tuple[int | str, ...]]  # the paths of keys whose values were refused

T = TypeVar("T")
U = TypeVar("U")


_EXPECTED = {
    "string_type": 'expected a text in quotes, "..."',
    "tuple_type": 'expected a list, ["...", "..."]',
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "date_type": "expected a day, 2026-12-24",
    "date_parsing": "expected a day, 2026-12-24",
    "date_from_datetime_parsing": "expected a day, 2026-12-24",
    "date_from_datetime_inexact": "expected a day, 2026-12-24",
}  # pydantic's types of error, in words for whoever writes the file


def said(detail: ErrorDetails) -> str:
    """Return what pydantic found wrong with a value of a file, as a sentence that says what was expected."""
    says = detail["msg"].removeprefix("Value error, ").replace("Input should be", "expected", 1)
    return _EXPECTED.get(detail["type"], says)


def is_wrong(wrong: Wrong, *path: str) -> bool:
    """Return whether a value was refused, or a part of it; what is missing for that reason is not told as well."""
    return any(refused[: len(path)] == path for refused in wrong)


def shown(value: Any) -> str:
    """Return a value as it stands in a file, near enough to be found there."""
    return str(value) if isinstance(value, date | time) else repr(value)


class Problems:
    """The problems found so far, each naming the file and the key."""

    def __init__(self, where: str) -> None:
        self.found: list[str] = []
        self._where = where  # the files that were read

    def add(self, key: str, says: str) -> None:
        """Note what is wrong with a key; `says` follows the key's name."""
        self.found.append(f"{self._where}: {key}{says}")

    def add_of(self, file: str, says: str) -> None:
        """Note what is wrong with another file that bots.toml names."""
        self.found.append(f"{file}: {says}")

    def tried(self, key: str, do: Callable[[], T], otherwise: U) -> T | U:
        """Return what `do` returns; note its ValueError as a problem of a key, and return `otherwise`."""
        try:
            return do()
        except ValueError as error:
            self.add(key, f": {error}")
            return otherwise

    def each(self, key: str, texts: Sequence[str], parse: Callable[[str], T]) -> tuple[T, ...]:
        """Return what the texts of a list are parsed to; one that raises ValueError is noted and left out."""
        found = (self.tried(key, partial(parse, text), None) for text in texts)
        return tuple(one for one in found if one is not None)
