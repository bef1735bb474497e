"""Collecting: what the source holds, counted before anything is stored."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from core.files.inbox import Inbox
from core.model.documents import Document, DocumentOpener
from core.model.items import Quarantined


class Intake:
    """What one collection finds at its sources."""

    def __init__(self, *, folder: Path, documents: Path, opener: DocumentOpener, started_at: datetime) -> None:
        self.started_at = started_at
        self._folder = folder
        self._documents = documents
        self._opener = opener
        self.listed: int | None = None  # counted at the source; None when the bot has a source of its own
        self.quarantined: list[Quarantined] = []

    def inbox(self, folder: Path, patterns: tuple[str, ...]) -> Iterator[Document]:
        """Yield the finished documents of a folder; note what cannot be taken."""
        inbox = Inbox(self._folder / folder, patterns=patterns)
        listing = inbox.listing()
        self.listed = (self.listed or 0) + listing.counted
        for taken in inbox.take(self._documents, opener=self._opener, listing=listing):
            if isinstance(taken, Document):
                yield taken
            else:
                self.quarantined.append(Quarantined(name=taken.name, code=taken.code, reason=taken.reason))
