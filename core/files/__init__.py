"""Reading and taking in documents; names load when first used: the reader process shares this package."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.files.einvoice import find_einvoice, parse_einvoice
    from core.files.einvoice_rules import Finding, arithmetic
    from core.files.inbox import Entry, Inbox, Listing, inert, open_document
    from core.files.limits import Limits
    from core.files.reader import Reader
    from core.files.safewrite import write_bytes, write_text

_HOMES = {
    "Entry": "inbox",
    "Finding": "einvoice_rules",
    "Inbox": "inbox",
    "Limits": "limits",
    "Listing": "inbox",
    "Reader": "reader",
    "arithmetic": "einvoice_rules",
    "find_einvoice": "einvoice",
    "inert": "inbox",
    "open_document": "inbox",
    "parse_einvoice": "einvoice",
    "write_bytes": "safewrite",
    "write_text": "safewrite",
}

__all__ = [
    "Entry",
    "Finding",
    "Inbox",
    "Limits",
    "Listing",
    "Reader",
    "arithmetic",
    "find_einvoice",
    "inert",
    "open_document",
    "parse_einvoice",
    "write_bytes",
    "write_text",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"core.files has no {name!r}")
    return getattr(import_module(f"core.files.{_HOMES[name]}"), name)
