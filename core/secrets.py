"""Secrets by name: found when needed, shown never.

A secret comes from a file (systemd's credentials directory, or `secrets/` in the installation's var folder) or from the
environment, in that order, each time it is asked for, so that a rotated password is picked up at the next login.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from core.errors import ConfigError, SecretMissing


class Secret:
    """A value that never shows itself: not in repr, str, format, logs or pickles; `reveal()` is the only way in."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """Return the value, at the one place that types it."""
        return self._value

    def __repr__(self) -> str:
        return f"[secret {self.name}]"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> str:
        raise TypeError(f"{self!r} cannot be pickled or copied")


class Secrets:
    """Finds secrets by name; `register` is told each value found, so that logs and evidence can be scrubbed of it."""

    def __init__(
        self,
        *,
        folders: tuple[Path, ...],
        environment: Mapping[str, str] | None = None,
        register: Callable[[str], None] = lambda value: None,
    ) -> None:
        self._folders = folders
        self._environment = os.environ if environment is None else environment
        self._register = register

    def get(self, name: str) -> Secret:
        """Return the secret called `name`; raise SecretMissing naming every place looked in."""
        value = self._from_files(name)
        if value is None:
            value = self._environment.get(variable_for(name))
        if not value:
            places = [str(folder / name) for folder in self._folders]
            raise SecretMissing(name, [*places, f"environment variable {variable_for(name)}"])
        self._register(value)
        return Secret(name, value)

    def _from_files(self, name: str) -> str | None:
        for folder in self._folders:
            path = folder / name
            try:
                if path.is_file():
                    return path.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                why = type(error).__name__  # never the error's text: it may hold what was read
                raise ConfigError([f"secret {name!r} cannot be read from {path}: {why}"]) from None
        return None


def variable_for(name: str) -> str:
    """Return the environment variable that holds the secret: `ledger_password` is UNDERSTUDY_SECRET_LEDGER_PASSWORD."""
    return "UNDERSTUDY_SECRET_" + "".join(c if c.isalnum() else "_" for c in name).upper()
