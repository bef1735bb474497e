"""Opening the installation that a command works on."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from core.installation import Installation


@contextmanager
def opened(ctx: typer.Context) -> Iterator["Installation"]:
    """Open the installation named by `--folder`; raise ConfigError with every problem. Sealed and closed at the end."""
    from core.installation import Installation

    with Installation.open(folder_of(ctx)) as installation:
        installation.start_logs(console=False)
        yield installation


def folder_of(ctx: typer.Context) -> Path:
    """Return the folder named by `--folder`, the current one when none is named."""
    folder = ctx.find_object(Path)
    return Path() if folder is None else folder


def person(given: str | None) -> str:
    """Return the name of whoever types: as given by `--as`, otherwise the name of their account."""
    return given if given is not None else getpass.getuser()


def logs_of(folder: Path) -> Path | None:
    """Start the log of the installation in a folder and return where it is; None when there is no installation."""
    from core.config import FILE

    if not (folder / FILE).is_file():
        return None
    from audit.logs import configure_logs
    from audit.redact import Redactor

    logs = folder / "var" / "logs"
    configure_logs(logs, redactor=Redactor(), level="INFO", console=False)
    return logs


def length_of(text: str, *, option: str) -> timedelta:
    """Return a length of time as it was typed, such as `30s`; raise ConfigError that names the option."""
    from core.durations import parse_duration
    from core.errors import ConfigError

    try:
        length: timedelta = parse_duration(text)
    except ValueError as error:
        raise ConfigError([f"{option} is {text!r}: {error}"]) from error
    return length
