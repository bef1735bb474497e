"""Accepted twins: beside each sample document what a person has seen that the bot makes of it.

`bots/NAME/samples/` holds documents, and beside each a JSON file of the same name: the result of `understudy try`, on a
day that never changes. A test compares the two (`twins(...)`, `assert twin.difference == ""`); `understudy accept NAME`
shows what has become different and writes it down once a person agrees.
"""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.files.inbox import open_document
from core.files.reader import Reader
from core.files.safewrite import write_text
from core.runtime import LoadedBot
from core.testing.stage import NOON

FOLDER = "samples"
_TWIN = ".json"
_NOT_SAMPLES = {_TWIN, ".md"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A sample's result as it was accepted and as it is now."""

    path: Path  # of the twin; the sample has the same name but for the ending
    accepted: str  # JSON text; empty: nothing was accepted yet
    found: str  # JSON text; empty: the sample is gone

    @property
    def difference(self) -> str:
        """What has become different, line by line; empty when nothing has."""
        lines = difflib.unified_diff(
            self.accepted.splitlines(), self.found.splitlines(), "accepted", "found", lineterm="", n=2
        )
        return "\n".join(lines)

    def accept(self) -> None:
        """Write down what was found; a twin whose sample is gone is removed."""
        if self.found:
            write_text(self.path, self.found)
        else:
            self.path.unlink(missing_ok=True)


def samples(folder: Path) -> list[Path]:
    """Return the sample documents of a folder, in order of their names; none when it is not there."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in paths if path.is_file() and path.suffix not in _NOT_SAMPLES]


def twins(bot: LoadedBot, folder: Path) -> Iterator[Twin]:
    """Yield the twin of every sample in a folder, and those left without one, in order of their names.

    Raises ConfigError when the bot declares no trial or the folder holds no samples.
    """
    documents = samples(folder)
    if bot.trial is None or not documents:
        lacking = "declares no trial (@bot.trial)" if bot.trial is None else f"has no sample documents in {folder}"
        raise ConfigError([f"bot {bot.name!r} {lacking}, so there is nothing to accept"])
    left = set(folder.glob(f"*{_TWIN}"))
    with Reader() as reader:
        for sample in documents:
            path = sample.with_suffix(_TWIN)
            left.discard(path)
            trial = bot.trial(open_document(sample, reader), bot.settings, NOON, False)
            found = json.dumps(trial.data(sample.name), indent=1, ensure_ascii=False) + "\n"
            yield Twin(path=path, accepted=_text(path), found=found)
    for path in sorted(left):
        yield Twin(path=path, accepted=_text(path), found="")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
