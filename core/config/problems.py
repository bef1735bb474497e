"""What is wrong with bots.toml, gathered while it is put together, so that all of it is told at once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


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
