"""Entering vouchers through our ledger target against a bare Playwright script, in one run; the bar is 1.10 times.

Both sides do for each voucher what the invoices bot does: search the supplier and open its page, open the order, list
the supplier's vouchers, look twice whether the voucher is there, fill the form, read it back, take a picture, save,
take a picture, and compare the saved voucher. Each side is a process of its own with its own Chromium; they take
turns voucher by voucher on one ledger. Computing time is that of a side's whole tree of processes: Python, Playwright's
driver, Chromium.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import Bars
from simulators.ledger.sample import sample
from simulators.logins import DEMO_PASSWORD
from simulators.process import running

ROOT = Path(__file__).resolve().parents[1]
BAR = 1.10
ITEMS = 40
WARM = 3  # vouchers before it counts
SEED = 11
SINCE = date(2025, 10, 1)
TICKS = os.sysconf("SC_CLK_TCK")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when the bar is missed."""
    options = _options(arguments)
    if options.side:
        return work(options.side, options.url, Path(options.folder))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "invoice.pdf").write_bytes(b"%PDF-1.7\n" + bytes(40_000))
        with running("ledger", folder / "ledger.db", seed=SEED) as ledger:
            sides = compare(ledger.url, folder, items=options.items)
            vouchers = ledger.snapshot()["vouchers"]
    assert len(vouchers) == 2 * (options.items + WARM), f"{len(vouchers)} vouchers were entered"
    ours, bare = sides["ours"], sides["bare"]
    for side in (ours, bare):
        computing, clock = statistics.median(side.computing), statistics.median(side.clock)
        print(f"{side.name:<5} {1000 * computing:7.0f} ms computing, {1000 * clock:7.0f} ms on the clock a voucher")
    bars = Bars()
    bars.at_most("entering: computing time against a bare script", ratio(ours.computing, bare.computing), BAR, "times")
    bars.at_most("entering: time on the clock against a bare script", ratio(ours.clock, bare.clock), BAR, "times")
    return bars.code


def ratio(ours: list[float], bare: list[float]) -> float:
    """Return the median of the ratios voucher by voucher: what else the machine does meets both of a pair alike."""
    return statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.entering", description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS, help="vouchers a side")
    parser.add_argument("--side", choices=("ours", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args(arguments if arguments is not None else [])


# -- taking turns -----------------------------------------------------------------------------------------------------


@dataclass
class Side:
    """One of the two processes, and what it took."""

    name: str
    process: subprocess.Popen[str]
    clock: list[float] = field(default_factory=list)  # seconds a voucher
    computing: list[float] = field(default_factory=list)  # seconds a voucher

    def enter(self, item: int) -> None:
        """Have one voucher entered and note the seconds it took."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        began, spent = time.perf_counter(), computing(self.process.pid)
        self.process.stdin.write(f"{item}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer.strip() != str(item):
            raise RuntimeError(f"the side {self.name!r} ended at voucher {item}; its reason is above")
        self.clock.append(time.perf_counter() - began)
        self.computing.append(computing(self.process.pid) - spent)


def compare(url: str, folder: Path, *, items: int) -> dict[str, Side]:
    """Let both sides enter the same vouchers, each under numbers of its own, in turns."""
    with started("ours", url, folder) as ours, started("bare", url, folder) as bare:
        for item in range(WARM):
            ours.enter(item)
            bare.enter(item)
        for side in (ours, bare):
            side.clock.clear()
            side.computing.clear()
        for item in range(WARM, WARM + items):
            for side in (ours, bare) if item % 2 else (bare, ours):
                side.enter(item)
        return {"ours": ours, "bare": bare}


@contextmanager
def started(name: str, url: str, folder: Path) -> Iterator[Side]:
    """Start one side and end it afterwards."""
    own = folder / name
    own.mkdir()
    command = [sys.executable, "-m", "benchmarks.entering", "--side", name, "--url", url, "--folder", str(own)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Side(name=name, process=process)
        assert process.stdin is not None
        process.stdin.close()


def computing(pid: int) -> float:
    """Return the computing seconds of a process and all below it, those that have ended counted."""
    below: dict[int, list[int]] = {}
    spent: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            numbers = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        below.setdefault(int(numbers[1]), []).append(int(entry.name))
        spent[int(entry.name)] = sum(map(int, numbers[11:15]))
    waiting, total = [pid], 0
    while waiting:
        one = waiting.pop()
        total += spent.get(one, 0)
        waiting += below.get(one, [])
    return total / TICKS


def work(name: str, url: str, folder: Path) -> int:
    """Enter the vouchers that are asked for on standard input, one at a time."""
    with SIDES[name](url, folder) as enter:
        for line in sys.stdin:
            enter(voucher(int(line), side=name))
            print(line.strip(), flush=True)
    return 0


# -- what is entered --------------------------------------------------------------------------------------------------

MASTER = sample(SEED)
FIRMS = {firm["number"]: firm for firm in MASTER["suppliers"]}
ORDERS = [order for order in MASTER["orders"] if not FIRMS[order["supplier"]]["on_hold"]]


def voucher(item: int, *, side: str) -> dict[str, Any]:
    """Return what one voucher holds, as plain values; both sides enter the same but for the number."""
    order = ORDERS[item % len(ORDERS)]
    number = f"{side[0].upper()}-{item:05d}"
    lines = [
        {**line, "net": f"{Decimal(line['quantity']) * Decimal(line['unit_price']):.2f}"} for line in order["lines"]
    ]
    net = sum((Decimal(line["net"]) for line in lines), Decimal(0))
    tax = round(sum((Decimal(line["net"]) * Decimal(line["vat_rate"]) / 100 for line in lines), Decimal(0)), 2)
    return {
        "vat_id": FIRMS[order["supplier"]]["vat_id"], "supplier": order["supplier"], "number": number,
        "invoice_date": date(2026, 10, 1) + timedelta(days=item % 28), "due_date": date(2026, 11, 30),
        "order": order["number"], "currency": order["currency"], "net": net, "vat": tax, "gross": net + tax,
        "reference": f"{order['supplier']}/{number}", "lines": lines,
    }  # fmt: skip


# -- our side ---------------------------------------------------------------------------------------------------------


@contextmanager
def ours(url: str, folder: Path) -> Iterator[Any]:
    """Enter through the ledger's target, as the bot does."""
    from core.browser import BrowserSession
    from core.clock import Clock
    from core.model.answers import Absent
    from core.model.documents import Document
    from core.runtime.guard import EffectGuard
    from core.secrets import Secret
    from core.target import Access, TargetSettings
    from targets.ledger import Ledger, Voucher

    pictures: list[Any] = []
    guard = EffectGuard(now=lambda: datetime.now(UTC), keep=lambda data: _kept(folder, data))
    values = {"user": "robot", "password": DEMO_PASSWORD}
    with BrowserSession(install=False) as browser:
        target = Ledger(
            Access(
                settings=TargetSettings(name="ledger", url=url, simulator=True),
                guard=guard,
                clock=Clock(),
                secret=lambda role: Secret(role, values[role]),
                login_turn=nullcontext,
                browser=lambda: browser,
                folder=folder,
            )
        )
        path = folder.parent / "invoice.pdf"
        attached = Document(sha256="0" * 64, name="invoice.pdf", size=path.stat().st_size, path=path)

        def enter(given: dict[str, Any]) -> None:
            fields = {name: value for name, value in given.items() if name not in ("vat_id", "lines")}
            lines = [
                {"order_line": one["line"], **{k: v for k, v in one.items() if k not in ("line", "received")}}
                for one in given["lines"]
            ]
            guard.begin(evidence=pictures, renew=lambda: datetime.now(UTC) + timedelta(seconds=60))
            with target.session():
                (entry,) = target.suppliers(given["vat_id"])
                assert target.supplier(entry.number) is not None
                assert target.find_order(given["order"]) is not None
                list(target.vouchers_since(entry.number, SINCE))
                plan = Voucher.model_validate({**fields, "lines": lines, "attachment": attached})
                assert isinstance(target.find_voucher(plan), Absent)
                with guard.acting("post"):
                    target.post(plan)

        yield enter
        target.close()


def _kept(folder: Path, data: bytes) -> str:
    (folder / "picture.jpg").write_bytes(data)
    return "0" * 64


# -- the bare script --------------------------------------------------------------------------------------------------

_TABLE = "table => [...table.rows].map(row => [...row.cells].map(cell => cell.innerText.trim()))"
_FACTS = "() => [...document.querySelectorAll('th[scope=row]')].map(h => [h.innerText, h.nextElementSibling.innerText])"
_FORM = "form => [...form.elements].filter(e => e.name).map(e => [e.name, e.value])"


@contextmanager
def bare(url: str, folder: Path) -> Iterator[Any]:
    """Enter with plain Playwright, sparing of round trips: one for each table, form and page of facts."""
    from playwright.sync_api import sync_playwright

    from core.browser import find_browser
    from core.browser.finder import launch_options

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(find_browser(cache=None, install=False).executable))
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(f"{url}/login")
        page.get_by_label("User name").fill("robot")
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Home").wait_for()
        script = BareScript(page, url, folder)
        yield script.enter
        browser.close()


class BareScript:
    """What somebody would write who has one form to fill and no framework."""

    def __init__(self, page: Any, url: str, folder: Path) -> None:
        self.page = page
        self.url = url
        self.folder = folder

    def enter(self, given: Mapping[str, Any]) -> None:
        """Look everything up, enter the voucher, compare what was saved."""
        rows = self.listed(f"/suppliers?{urlencode({'q': given['vat_id']})}", "Suppliers found")
        assert rows[0][0] == given["supplier"]
        assert self.facts(f"/suppliers/{given['supplier']}")["Supplier number"] == given["supplier"]
        assert self.facts(f"/orders/{given['order']}")["Order number"] == given["order"]
        for name in ("Order lines", "Goods received"):
            self.page.get_by_role("table", name=name, exact=True).evaluate(_TABLE)
        self.listed(
            f"/vouchers?{urlencode({'supplier': given['supplier'], 'entered_from': f'{SINCE:%d/%m/%Y}', 'page': 1})}",
            "Vouchers found",
        )
        found = {"supplier": given["supplier"], "invoice_number": given["number"], "page": 1}
        assert not self.listed(f"/vouchers?{urlencode(found)}", "Vouchers found")
        assert not self.listed(f"/vouchers?{urlencode({'reference': given['reference'], 'page': 1})}", "Vouchers found")
        self.save(given)

    def listed(self, path: str, name: str) -> list[list[str]]:
        """Open a search and return the rows it lists."""
        self.page.goto(self.url + path)
        if self.page.get_by_role("status").inner_text().startswith("No "):
            return []
        rows: list[list[str]] = self.page.get_by_role("table", name=name, exact=True).evaluate(_TABLE)
        return rows[1:]

    def facts(self, path: str | None = None) -> dict[str, str]:
        """Return the facts that a page shows, opening it when a path is given."""
        if path is not None:
            self.page.goto(self.url + path)
        return dict(self.page.evaluate(_FACTS))

    def save(self, given: Mapping[str, Any]) -> None:
        """Fill the form, read it back, save, and compare what was saved."""
        page = self.page
        page.goto(f"{self.url}/vouchers/new")
        typed = {
            "supplier_number": ("Supplier number", given["supplier"]),
            "invoice_number": ("Invoice number", given["number"]),
            "invoice_date": ("Invoice date", f"{given['invoice_date']:%d/%m/%Y}"),
            "due_date": ("Due date", f"{given['due_date']:%d/%m/%Y}"),
            "order_number": ("Order number", given["order"]),
            "our_reference": ("Our reference", given["reference"]),
            "net_amount": ("Net amount", f"{given['net']:.2f}"),
            "vat_amount": ("VAT amount", f"{given['vat']:.2f}"),
            "gross_amount": ("Gross amount", f"{given['gross']:.2f}"),
        }
        for label, value in typed.values():
            page.get_by_label(label, exact=True).fill(value)
        page.get_by_label("Currency", exact=True).select_option(label=given["currency"])
        lines = []
        for number, line in enumerate(given["lines"], start=1):
            if number > 1:
                page.get_by_role("button", name="Add line", exact=True).click()
            for label, name in _LINE.items():
                page.get_by_label(f"Line {number} {label}", exact=True).fill(str(line[name]))
                lines.append([f"line_{_NAMES.get(name, name)}", str(line[name])])
        page.get_by_label("Attachment", exact=True).set_input_files(self.folder.parent / "invoice.pdf")
        button = page.get_by_role("button", name="Save", exact=True)
        shown = page.get_by_role("form", name="New voucher", exact=True).evaluate(_FORM)
        assert [pair for pair in shown if pair[0].startswith("line_")] == lines
        assert {name: value for name, (_, value) in typed.items()}.items() <= dict(shown).items()
        self.picture()
        button.click(no_wait_after=True)
        page.get_by_role("heading", name="Voucher V-").wait_for()
        self.picture()
        saved = self.facts()
        assert (saved["Invoice number"], saved["Our reference"]) == (given["number"], given["reference"])
        for name in ("Voucher lines", "Attachment"):
            assert len(page.get_by_role("table", name=name, exact=True).evaluate(_TABLE)) > 1

    def picture(self) -> None:
        """Keep a JPEG of the page."""
        _kept(self.folder, self.page.screenshot(type="jpeg", quality=60))


_LINE = {
    "order line": "line", "description": "description", "quantity": "quantity", "unit price": "unit_price",
    "VAT rate": "vat_rate", "net": "net",
}  # fmt: skip
_NAMES = {"line": "order_line"}
SIDES = {"ours": ours, "bare": bare}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
