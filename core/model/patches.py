"""Changing a value inside JSON data by a dotted path: `lines.0.net`."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.model.steps import Correction


class PathError(ValueError):
    """A path that leads nowhere; the message says where it ends and what is there."""


def patched(data: Any, changes: Mapping[str, Any]) -> Any:
    """Return a copy of the data with each path set to its new value; raise PathError for a path that is not there."""
    for path, value in changes.items():
        data = _set(data, path.split("."), value, path)
    return data


def corrected(result: Any, corrections: Iterable[Correction], *, step: str, input_digest: str) -> Any:
    """Return a step's result with people's corrections, oldest first; the same object when there are none.

    Raises PathError when the newest does not apply (a new version of the step gives other fields); an older one that
    does not is passed over, so that a new correction can take its place.
    """
    mine = [c for c in corrections if (c.step, c.input_digest) == (step, input_digest)]
    for correction in mine:
        try:
            result = patched(result, correction.changes)
        except PathError:
            if correction is mine[-1]:
                raise
    return result


def _set(data: Any, parts: list[str], value: Any, path: str) -> Any:
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(data, dict):
        if head not in data:
            raise PathError(f"there is no field {path!r}; fields here: {', '.join(sorted(data))}")
        return {**data, head: _set(data[head], rest, value, path)}
    if isinstance(data, list):
        if not head.isdecimal() or int(head) >= len(data):
            raise PathError(f"there is no entry {head!r} in {path!r}; there are {len(data)}, counted from 0")
        position = int(head)
        return [*data[:position], _set(data[position], rest, value, path), *data[position + 1 :]]
    raise PathError(f"{path!r} goes into a plain value; name the field itself")
