"""How well and how fast invoices are read: per field, averaged over distinct invoices, on the public corpus.

The corpus lies beside the checkout (`shared/corpora/invoices`, or UNDERSTUDY_CORPORA); without it only generated
documents are measured, and without those nothing. Accuracy is strict: a number must agree in every sign but spaces and
a leading `#`, an amount to the cent and the sign, a supplier's name in every letter.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from benchmarks import Bars
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


GENERATED = (
    "supplier",
    "number",
    "issue_date",
    "due_date",
    "order_number",
    *AMOUNTS,
    "currency",
    "vat_id",
    "iban",
    "sort_code",
    "account_number",
)
LINE = ("quantity", "unit_price", "vat_rate", "net")


def measure_generated(folder: Path) -> tuple[Score, Score]:
    """Read generated documents by their page alone: fields, absent ones too, and lines."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    fields, lines = Score(), Score()
    for entry in truth["documents"]:
        if entry["text_layer"] != "text":
            continue
        text = document_text(folder / "inbox" / entry["file"])
        invoice = read_pages(text, own_names=(truth["buyer"]["name"],), own_vat_ids=(truth["buyer"]["vat_id"],))
        who = f"{entry['file']} ({entry['layout']} {' '.join(entry['features'])})"
        for name in GENERATED:
            wanted = entry["payable"] if name == "payable" else entry["fields"].get(name)
            value = getattr(invoice, name)
            right = value is None if wanted is None else same(name, wanted, value)
            fields.add(name, entry["file"], right, f"{who}: {name} is {wanted!r}, read {value!s}")
        kind = "ruled" if entry["ruled"] else "unruled"
        for wanted_line, note in _unmatched(entry["lines"], invoice):
            lines.add(kind, (entry["file"], str(wanted_line)), not note, f"{who}: line {note}")
        if len(invoice.lines) > len(entry["lines"]):
            lines.add(
                kind,
                (entry["file"], "more"),
                False,
                f"{who}: {len(invoice.lines) - len(entry['lines'])} lines too many",
            )
    return fields, lines


def _unmatched(wanted: list[dict[str, str]], invoice: Invoice) -> Iterator[tuple[dict[str, str], str]]:
    """Every true line with what is wrong with the line read in its place; nothing when all is right."""
    for number, line in enumerate(wanted):
        read_line = invoice.lines[number] if number < len(invoice.lines) else None
        if read_line is None:
            yield line, f"{number + 1} was not read"
            continue
        wrong = [
            n
            for n in LINE
            if line[n] is not None and (getattr(read_line, n) is None or Decimal(line[n]) != getattr(read_line, n))
        ]
        if "".join(line["description"].split()) not in "".join(read_line.description.split()):
            wrong.append("description")
        yield line, ", ".join(f"{number + 1}: {n} is {line[n]}, read {getattr(read_line, n)}" for n in wrong)


def generate(folder: Path, *arguments: str) -> bool:
    """Write generated documents into a folder; False without a browser to print them with."""
    browser = next(
        (found for name in ("UNDERSTUDY_BROWSER",) if (found := os.environ.get(name))), None
    ) or shutil.which("chromium")
    command = [sys.executable, "-m", "simulators.documents", "make", "--out", str(folder), *arguments]
    command += ["--browser", browser] if browser else []
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def speed(files: list[Path], *, rounds: int = 3) -> tuple[float, float]:
    """CPU milliseconds a document: for the words, and for the reader beyond them (the best of some rounds)."""
    words = reader = 1e9
    for _ in range(rounds):
        spent = [0.0, 0.0]
        for file in files:
            start = time.process_time()
            text = document_text(file)
            between = time.process_time()
            read_pages(text)
            spent[0] += between - start
            spent[1] += time.process_time() - between
        words, reader = min(words, spent[0]), min(reader, spent[1])
    return 1000 * words / len(files), 1000 * reader / len(files)


def show(title: str, score: Score, names: tuple[str, ...]) -> None:
    """Print one table of accuracies."""
    print(f"{title}: {score.overall():.1%} of all fields, per distinct invoice")
    for name in names:
        share, count = score.accuracy(name)
        if count:
            print(f"  {name:<14} {share:>7.1%}  of {count}")


def main() -> int:
    """Print accuracy per field, speed and bars; `--misses` lists what was read wrong; 1 when a bar is missed."""
    misses: dict[str, list[str]] = {}
    bars = Bars()
    folder = corpus()
    if folder is None:
        print("The public corpus is not here (set UNDERSTUDY_CORPORA to its folder): not measured.")
    else:
        entries = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        embedded = measure(entries, folder, fields=in_xml, text_only=False)
        page = measure(entries, folder, fields=visible, text_only=True)
        show("With embedded XML", embedded, FIELDS)
        show("Text only, visible fields", page, FIELDS)
        words, reader = speed([folder / entry["file"] for entry in entries])
        print(f"Speed: words {words:.1f} ms, reader beyond words {reader:.1f} ms CPU a document")
        bars.at_least("reading: fields of embedded XML", embedded.overall(), 1.0, "%")
        bars.at_least("reading: visible fields, text only, per distinct invoice", page.overall(), 0.93, "%")
        bars.at_most("reading: the reader beyond its words", reader, 8.0, "ms CPU a document")
        misses = {"with XML": embedded.misses, "text only": page.misses}
    with tempfile.TemporaryDirectory() as name:
        for title, arguments in (
            ("Generated, clean", ("--only", "clean")),
            ("Generated, ruled tables", ("--only", "clean", "--ruled")),
        ):
            made = Path(name) / title
            if not generate(made, "--seed", "7", "--count", "72", *arguments):
                print("No browser to print generated documents with: not measured.")
                break
            fields, lines = measure_generated(made)
            show(title, fields, GENERATED)
            show(f"{title}: lines", lines, ("ruled", "unruled"))
            if "--ruled" in arguments:
                bars.at_least("reading: lines of generated ruled layouts", lines.accuracy("ruled")[0], 0.9, "%")
            misses |= {title: fields.misses, f"{title}: lines": lines.misses}
    if "--misses" in sys.argv:
        for title, notes in misses.items():
            print("\n".join(["", f"Misses: {title}", *notes]))
    return bars.code


if __name__ == "__main__":
    sys.exit(main())
