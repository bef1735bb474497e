"""The ledger's target over a real Chromium and a ledger in a process of its own."""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.browser import BrowserSession
from core.clock import Clock
from core.model.documents import Document
from core.model.evidence import Evidence
from core.runtime.guard import EffectGuard
from core.secrets import Secret
from core.target import Access, TargetSettings
from simulators.logins import DEMO_PASSWORD
from simulators.process import Running, running
from targets.ledger import Ledger, Voucher, VoucherReceipt

MASTER = {
    "suppliers": [
        {
            "number": "100001", "name": "Quill & Sons Ltd", "vat_id": "GB999 1234 56", "sort_code": "11-22-33",
            "account_number": "00112233", "iban": None, "email_domain": "quill.example", "currency": "GBP",
            "on_hold": False,
        },
        {
            "number": "100002", "name": "Quillon Papier GmbH", "vat_id": "DE999123456", "sort_code": None,
            "account_number": None, "iban": "DE02999999990000000001", "email_domain": None, "currency": "EUR",
            "on_hold": True,
        },
    ],
    "orders": [
        {
            "number": "PO/77-1", "supplier": "100001", "currency": "GBP", "date": "2026-01-05",
            "lines": [
                {
                    "line": 1, "description": "Ink, <black> & blue", "quantity": "1250", "unit_price": "2.505",
                    "vat_rate": "20", "received": [{"date": "2026-01-12", "quantity": "4.5"}],
                },
                {"line": 2, "description": "Nibs", "quantity": "3", "unit_price": "1", "vat_rate": "0"},
            ],
        },
    ],
}  # fmt: skip


@dataclass
class Desk:
    """One worker at the ledger: the target, its guard, and the evidence it left."""

    target: Ledger
    guard: EffectGuard
    evidence: list[Evidence] = field(default_factory=list)

    def post(self, plan: Voucher) -> VoucherReceipt:
        """Post as an effect does."""
        self.guard.begin(evidence=self.evidence, before_commit=lambda: None)
        with self.target.session(), self.guard.acting("post"):
            return self.target.post(plan)

    def find(self, plan: Voucher) -> Any:
        """Look as an effect does."""
        with self.target.session():
            return self.target.find_voucher(plan)


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserSession]:
    """One Chromium for all tests."""
    with BrowserSession(install=False) as session:
        yield session


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A ledger that the tests of a module share."""
    folder = tmp_path_factory.mktemp("ledger")
    data = folder / "master.json"
    data.write_text(json.dumps(MASTER), encoding="utf-8")
    with running("ledger", folder / "ledger.db", data=data) as process:
        yield process


@pytest.fixture
def open_desk(system: Running, browser: BrowserSession, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open desks with settings of their own; the ledger's faults are gone afterwards."""
    desks: list[Desk] = []

    def opened(*, timeout: float = 5.0, password: str = DEMO_PASSWORD) -> Desk:
        evidence: list[Evidence] = []
        guard = EffectGuard(
            renew=lambda: datetime.now(UTC) + timedelta(seconds=60),
            now=lambda: datetime.now(UTC),
            keep=lambda data: f"{len(data):064d}",
        )
        guard.begin(evidence=evidence, before_commit=lambda: None)
        values = {"user": "robot", "password": password}
        access = Access(
            settings=TargetSettings(name="ledger", url=system.url, simulator=True, timeout=timedelta(seconds=timeout)),
            guard=guard,
            clock=Clock(),
            secret=lambda role: Secret(role, values[role]),
            login_turn=nullcontext,
            browser=lambda: browser,
            folder=tmp_path,
        )
        desk = Desk(target=Ledger(access), guard=guard, evidence=evidence)
        desks.append(desk)
        return desk

    yield opened
    system.faults()
    for desk in desks:
        desk.target.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A desk with the usual settings."""
    return open_desk()


@pytest.fixture
def plan(request: pytest.FixtureRequest, tmp_path: Path) -> Voucher:
    """A voucher with two lines and a document, of this test's own number."""
    number = f"INV-2026-{zlib.crc32(request.node.nodeid.encode()):010d}"
    file = tmp_path / "content"
    file.write_bytes(b"%PDF-1.7 not much of a document\n")
    return Voucher.model_validate({
        "supplier": "100001", "number": number, "invoice_date": date(2026, 2, 3), "due_date": date(2026, 3, 5),
        "order": "PO/77-1", "currency": "GBP", "net": "3138.25", "vat": "626.25", "gross": "3764.50",
        "reference": f"100001/{number}",
        "lines": [
            {"description": "Ink, <black> & blue", "quantity": "1250", "unit_price": "2.505", "vat_rate": "20",
             "net": "3131.25", "order_line": 1},
            {"description": "Nibs", "quantity": "3.5", "unit_price": "2", "vat_rate": "0", "net": "7"},
        ],
        "attachment": Document(
            sha256="0" * 64, name="scans/Invoice 1.pdf", size=file.stat().st_size, path=file
        ),
    })  # fmt: skip


@pytest.fixture
def saved(system: Running, plan: Voucher) -> Callable[[], list[dict[str, Any]]]:
    """Ask the ledger, from outside, for the vouchers of this test."""
    return lambda: [
        voucher
        for voucher in system.snapshot()["vouchers"]
        if plan.number == voucher["invoice_number"] or plan.reference == voucher["reference"]
    ]
