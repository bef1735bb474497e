"""Where on a document the doubted values stand, and the pages drawn with a frame round each."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import FileUnreadable
from core.files.reader import Box, Reader
from core.files.safewrite import write_bytes
from core.model.documents import Document

_ENTRY = re.compile(r"(\w+)\.(\d+)(?:\..*)?")  # an entry of a list, or a value in it: lines.3.net


def places(result: Any, fields: Sequence[str]) -> dict[int, list[Box]]:
    """Return, by page, the boxes of the named fields of a step's result.

    A result tells where its values stand in `sources` (field to page and box); an entry of a list carries its own.
    """
    found: dict[int, list[Box]] = {}
    for name in fields:
        place = _place(result, name)
        if place is not None and place.get("page") and place.get("box"):
            found.setdefault(int(place["page"]), []).append(tuple(place["box"]))
    return found


def _place(result: Any, name: str) -> Mapping[str, Any] | None:
    if not isinstance(result, dict):
        return None
    place = (result.get("sources") or {}).get(name)
    if place is None and (entry := _ENTRY.fullmatch(name)):
        entries = result.get(entry[1])
        known = isinstance(entries, list) and int(entry[2]) < len(entries)
        place = entries[int(entry[2])] if known and isinstance(entries, list) else None
    return place if isinstance(place, dict) else None


def draw_pages(document: Document, framed: Mapping[int, Sequence[Box]], folder: Path) -> list[Path]:
    """Write the pages with frames as PNG (the first page when nothing is in doubt on any); none when unreadable."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with Reader() as reader:
        for page, boxes in sorted(framed.items()) or [(1, [])]:
            path = folder / f"page-{page}.png"
            try:
                write_bytes(path, reader.picture(document, page, boxes=boxes))
            except FileUnreadable:
                return written
            written.append(path)
    return written
