"""The usual set, printed once for all tests here."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulators.documents.cast import articles
from simulators.documents.desk import Desk
from simulators.documents.document import Document
from simulators.documents.layouts import LAYOUTS, Layout
from simulators.documents.make import make
from simulators.documents.plan import plan_clean, plan_kind, plan_set
from simulators.documents.printer import Printer

AS_OF = date(2026, 11, 20)


@dataclass(frozen=True)
class Made:
    """A set on disk."""

    folder: Path
    truth: dict[str, Any]
    ledger: dict[str, Any]

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The truths, one a document."""
        return self.truth["documents"]

    def of(self, kind: str) -> dict[str, Any]:
        """The truth of the first document of a kind."""
        return next(one for one in self.documents if one["kind"] == kind)

    def path(self, truth: dict[str, Any]) -> Path:
        """Where a document lies."""
        return self.folder / "inbox" / truth["file"]


@pytest.fixture(scope="session")
def browser() -> str:
    """A Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine to print with")
    return found


@dataclass(frozen=True)
class Shelf:
    """All that is printed for these tests, by one browser."""

    usual: Made  # the usual set of 64
    once: Made  # a few of the difficult ones
    again: Made  # the same, made a second time
    fullest: Made  # each layout with as many lines as it is ever given


@pytest.fixture(scope="session")
def shelf(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Print everything once."""
    folder = tmp_path_factory.mktemp("documents")
    with ThreadPoolExecutor(1) as thread:  # Playwright takes one driver a thread, and other tests may have one here
        thread.submit(_print_all, browser, folder).result()
    return Shelf(*(_read(folder / name) for name in ("usual", "once", "again", "fullest")))


def _print_all(browser: str, folder: Path) -> None:
    with Printer(browser, AS_OF) as printer:
        for name, plan in (("usual", usual), ("once", difficult), ("again", difficult), ("fullest", fullest)):
            desk = Desk(11, AS_OF)
            make(plan(desk), folder / name, desk=desk, seed=11, printer=printer)


def usual(desk: Desk) -> list[Document]:
    """Plan the usual set."""
    return plan_set(desk, 64)


def difficult(desk: Desk) -> list[Document]:
    """Plan documents whose bytes pass through more than the browser."""
    kinds = (
        "no-text",
        "garbage-text",
        "encrypted",
        "two-invoices",
        "xml-differs",
        "outside-entity",
        "climbing-name",
    )
    return [one for kind in kinds for one in plan_kind(desk, 1, kind)] + plan_clean(desk, 2, ("facture", "cloud"))


def fullest(desk: Desk) -> list[Document]:
    """Plan the longest document of each layout."""
    return [_longest(desk, layout) for layout in LAYOUTS.values()]


def _longest(desk: Desk, layout: Layout) -> Document:
    supplier = desk.supplier(layout.name)
    most = layout.first_rows
    if any("multi-page" in features for features in layout.features):
        most += layout.next_rows
    case = desk.case(supplier, lines=min(most, len(articles(supplier.trade))))
    return Document(kind="clean", outcome="post", invoices=(case.invoice,))


def _read(folder: Path) -> Made:
    return Made(folder, *(json.loads((folder / f"{name}.json").read_text()) for name in ("truth", "ledger")))


@pytest.fixture(scope="session")
def made(shelf: Shelf) -> Made:
    """The usual set."""
    return shelf.usual
