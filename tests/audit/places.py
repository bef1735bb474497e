"""A store that fsspec reaches and that fails in the ways a remote one does; errors of its own, no common kind."""

from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem


class DriverError(Exception):
    """What a driver raises that knows nothing of OSError."""


class FrailFileSystem(MemoryFileSystem):
    """`frail://`: files in memory; it can be down, or break off in the middle of a file."""

    protocol = "frail"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    down = False
    breaks_off = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return MemoryFileSystem._strip_protocol(path.replace("frail://", "memory://"))

    def info(self, path: str, **options: Any) -> Any:
        self._answer()
        return super().info(path, **options)

    def cat_file(self, path: str, start: Any = None, end: Any = None, **options: Any) -> Any:
        self._answer()
        return super().cat_file(path, start, end, **options)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> Any:
        self._answer()
        kept = value[: len(value) // 2] if self.breaks_off else value
        super().pipe_file(path, kept, mode, **options)
        if self.breaks_off:
            raise DriverError("the connection broke off")

    def _answer(self) -> None:
        if self.down:
            raise DriverError("no answer from user:password@host")

    @classmethod
    def mended(cls) -> None:
        """Begin afresh: empty and in order."""
        cls.store.clear()
        cls.pseudo_dirs[:] = [""]
        cls.down = cls.breaks_off = False


fsspec.register_implementation("frail", FrailFileSystem, clobber=True)
