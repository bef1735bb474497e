"""How well and how fast invoices are read: per field, averaged over distinct invoices, on the public corpus.

The corpus lies beside the checkout (`shared/corpora/invoices`, or UNDERSTUDY_CORPORA); without it only generated
documents are measured, and without those nothing. Accuracy is strict: a number must agree in every sign but spaces and
a leading `#`, an amount to the cent and the sign, a supplier's name in every letter.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bots.invoices.model import Invoice
from bots.invoices.reading import read_pages
from bots.invoices.reading.xml import combined
from core.errors import UnderstudyError
from core.files import find_einvoice
from core.files.words import document_text
from core.model.documents import DocumentText

ROOT = Path(__file__).resolve().parents[1]
NAMES = {"date": "issue_date", "po": "order_number"}
AMOUNTS = ("net", "tax", "gross", "payable")
FIELDS = ("number", "date", "net", "tax", "gross", "payable", "currency", "supplier", "vat_id", "iban", "po")


@dataclass(slots=True)
class Score:
    """Rights and wrongs per field, averaged within each distinct invoice first."""

    seen: dict[str, dict[Any, list[bool]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    misses: list[str] = field(default_factory=list)

    def add(self, name: str, invoice: Any, right: bool, note: str) -> None:
        """Count one field of one document."""
        self.seen[name][invoice].append(right)
        if not right:
            self.misses.append(note)

    def accuracy(self, name: str) -> tuple[float, int]:
        """The share that is right over distinct invoices, and how many those are."""
        groups = self.seen[name]
        return (sum(sum(g) / len(g) for g in groups.values()) / len(groups), len(groups)) if groups else (0.0, 0)

    def overall(self) -> float:
        """The share of all fields of all distinct invoices that is right."""
        shares = [sum(g) / len(g) for groups in self.seen.values() for g in groups.values()]
        return sum(shares) / len(shares) if shares else 0.0


def corpus() -> Path | None:
    """The folder of public invoices; None when it is not there."""
    named = os.environ.get("UNDERSTUDY_CORPORA")
    places = [Path(named)] if named else [parent / "shared" / "corpora" for parent in ROOT.parents]
    return next((place / "invoices" for place in places if (place / "invoices" / "truth.json").is_file()), None)


def same(name: str, truth: str, value: object) -> bool:
    """Whether a read value is the true one; strict but for case and spaces in names and spaces in identifiers."""
    if value is None:
        return False
    if name in AMOUNTS:
        with suppress(InvalidOperation):
            return Decimal(truth) == Decimal(str(value))
        return False
    one, other = ("".join(str(text).split()) for text in (truth, value))
    if name == "number":
        return one.removeprefix("#") == other.removeprefix("#")
    return one.casefold() == other.casefold()


def truth_of(entry: dict[str, Any], name: str) -> str | None:
    """What the field should say; a credit note's amounts count as negative, however they are printed."""
    truth = entry["truth"].get(name)
    if truth is None:
        return None
    if name in AMOUNTS and entry["truth"].get("type") == "381" and not truth.startswith("-"):
        return f"-{truth}"
    return str(truth)


def measure(
    entries: list[dict[str, Any]], folder: Path, *, fields: Callable[[dict[str, Any]], Iterator[str]], text_only: bool
) -> Score:
    """Read every document and compare the given fields."""
    score = Score()
    for entry in entries:
        text = document_text(folder / entry["file"])
        invoice = read(text, text_only=text_only)
        who = (entry["truth"].get("supplier"), entry["truth"].get("number"))
        for name in fields(entry):
            truth = truth_of(entry, name)
            if truth is None:
                continue
            value = getattr(invoice, NAMES.get(name, name)) if invoice else None
            score.add(name, who, same(name, truth, value), f"{entry['file']}: {name} is {truth!r}, read {value!s}")
    return score


def read(text: DocumentText, *, text_only: bool) -> Invoice | None:
    """Read one document in this process; None when it cannot be read."""
    try:
        einvoice = None if text_only else find_einvoice(text.attachments)
        page = read_pages(text)
    except UnderstudyError:
        return None
    return page if einvoice is None else combined(einvoice, page, pages=len(text.pages))


def visible(entry: dict[str, Any]) -> Iterator[str]:
    """The fields whose truth can be seen in the page's text."""
    return (name for name in FIELDS if name in entry["visible"])


def in_xml(entry: dict[str, Any]) -> Iterator[str]:
    """Every field of a document whose truth is its own embedded XML."""
    return iter(FIELDS if entry["truth_from"] == "embedded XML" else ())


def speed(files: list[Path], *, rounds: int = 3) -> tuple[float, float]:
    """CPU milliseconds a document: for the words, and for the reader beyond them (the best of some rounds)."""
    words = reader = 1e9
    for _ in range(rounds):
        start = time.process_time()
        texts = [document_text(file) for file in files]
        between = time.process_time()
        for text in texts:
            read_pages(text)
        end = time.process_time()
        words, reader = min(words, between - start), min(reader, end - between)
    return 1000 * words / len(files), 1000 * reader / len(files)


def show(title: str, score: Score) -> None:
    """Print one table of accuracies."""
    print(f"{title}: {score.overall():.1%} of all fields, per distinct invoice")
    for name in FIELDS:
        share, count = score.accuracy(name)
        if count:
            print(f"  {name:<10} {share:>7.1%}  of {count}")


def main() -> None:
    """Print accuracy per field and speed; `--misses` lists every field that was read wrong."""
    folder = corpus()
    if folder is None:
        print("The public corpus is not here (set UNDERSTUDY_CORPORA to its folder): nothing measured.")
        return
    entries = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    embedded = measure(entries, folder, fields=in_xml, text_only=False)
    page = measure(entries, folder, fields=visible, text_only=True)
    show("With embedded XML", embedded)
    show("Text only, visible fields", page)
    words, reader = speed([folder / entry["file"] for entry in entries])
    print(f"Speed: words {words:.1f} ms, reader beyond words {reader:.1f} ms CPU a document")
    if "--misses" in sys.argv:
        print("\n".join(["", "Misses with XML", *embedded.misses, "", "Misses in text", *page.misses]))


if __name__ == "__main__":
    main()
