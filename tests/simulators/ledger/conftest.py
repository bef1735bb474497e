"""A ledger as a process, and a clerk with a plain HTTP client."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from simulators.logins import DEMO_PASSWORD
from simulators.process import Running, running

VOUCHER = {
    "supplier_number": "100001",
    "invoice_number": "INV-2026-00123",
    "invoice_date": "03/02/2026",
    "due_date": "05/03/2026",
    "order_number": "",
    "currency": "GBP",
    "net_amount": "1,000.25",
    "vat_amount": "200.05",
    "gross_amount": "1,200.30",
    "our_reference": "100001/INV-2026-00123",
    "line_order_line": "",
    "line_description": "Desk chair, adjustable",
    "line_quantity": "5",
    "line_unit_price": "200.05",
    "line_vat_rate": "20",
    "line_net": "1,000.25",
}


class Clerk:
    """Someone with a browser that keeps cookies and follows links, and nothing else."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> tuple[int, str]:
        """Open a page; returns status and text."""
        return self._send(urllib.request.Request(self.url + path))

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Send a form; returns status and text of the page that follows."""
        data = urllib.parse.urlencode(fields).encode()
        return self._send(urllib.request.Request(self.url + path, data=data))

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()

    def sign_in(self, user: str = "clerk", password: str = DEMO_PASSWORD) -> str:
        """Sign in; returns the page that follows."""
        return self.post("/login", {"user_name": user, "password": password})[1]

    def form(self) -> str:
        """Open a new voucher; returns the page."""
        return self.get("/vouchers/new")[1]

    def enter(self, **changes: str) -> tuple[int, str]:
        """Open a new voucher, fill it and save it."""
        return self.save(token_of(self.form()), **changes)

    def save(self, token: str, **changes: str) -> tuple[int, str]:
        """Send a filled form."""
        return self.post("/vouchers/new", {**VOUCHER, "form_token": token, **changes})


def token_of(page: str) -> str:
    """Return the form's token."""
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A ledger that all tests of a module share."""
    with running("ledger", tmp_path_factory.mktemp("ledger") / "ledger.db", seed=7) as process:
        yield process


@pytest.fixture
def clerk(ledger: Running) -> Iterator[Clerk]:
    """A signed-in clerk; the faults they meet are gone afterwards."""
    person = Clerk(ledger.url)
    assert "Signed in as" in person.sign_in()
    yield person
    ledger.faults()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start ledgers of one's own, in one file per test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running("ledger", tmp_path / "ledger.db", **options))
