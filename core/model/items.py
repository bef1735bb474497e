"""A work item: one case that a bot handles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from core.model.documents import Document


class ItemState(StrEnum):
    """Where an item stands; MOVES says where it may go from there."""

    PENDING = "pending"  # waits for a worker, perhaps not before an instant
    IN_PROGRESS = "in_progress"  # a worker holds it under a lease
    IN_REVIEW = "in_review"  # waits for a person; holds no lease, slot, thread or browser
    DONE = "done"  # finished: by the bot, or by hand with the receipt noted
    FAILED = "failed"  # gave up after the allowed attempts; an operator may send it back
    CANCELLED = "cancelled"  # a person decided that nothing is to be done


MOVES: Mapping[ItemState, frozenset[ItemState]] = MappingProxyType(
    {
        ItemState.PENDING: frozenset({ItemState.IN_PROGRESS, ItemState.CANCELLED}),
        ItemState.IN_PROGRESS: frozenset({ItemState.DONE, ItemState.FAILED, ItemState.IN_REVIEW, ItemState.PENDING}),
        ItemState.IN_REVIEW: frozenset({ItemState.PENDING, ItemState.DONE, ItemState.CANCELLED}),
        ItemState.FAILED: frozenset({ItemState.PENDING}),
        ItemState.DONE: frozenset(),
        ItemState.CANCELLED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """What a bot's collect function offers; a reference already known is counted as a duplicate."""

    reference: str  # the business key, unique per bot for ever
    payload: Mapping[str, Any] = field(default_factory=dict)  # JSON data the process function reads
    files: tuple[Document, ...] = ()
    priority: int = 0  # higher first
    due: datetime | None = None  # aware; earlier first among equals
    not_before: datetime | None = None  # aware; absent: at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Something at the source that could not become an item; counted, shown with its reason, offered again later."""

    name: str  # as found at the source; data, never a path
    code: str
    reason: str  # what was found and what to do, for a clerk


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """One case as the process function sees it."""

    id: int
    reference: str
    added_at: datetime  # when it was collected; aware
    payload: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Document, ...] = ()

    def file(self, number: int = 0) -> Document:
        """Return the item's file; raise IndexError when it has none."""
        return self.files[number]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of an item as the store knows it; the bytes are evidence under the hash."""

    sha256: str
    name: str
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A worker's hold on an item: `token` grows with every claim, so that a late writer can be refused."""

    item_id: int
    bot: str
    reference: str
    payload: Mapping[str, Any]
    files: tuple[StoredFile, ...]
    added_at: datetime
    token: int
    attempt: int  # 1 for the first try
    run_id: int  # the run that collected the item
    lease_until: datetime
    system_errors: int = 0  # application exceptions in a row on this item
    waits: Mapping[str, int] = field(default_factory=dict)  # how often it was put back, by code


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What an item is worth, for the balances in money."""

    value: Decimal
    currency: str  # ISO 4217
