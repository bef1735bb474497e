"""The ledger's process: serve, reset, snapshot, faults, as an outsider runs them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.process import Running, run

from .conftest import Clerk

Start = Callable[..., Running]

DATA = {
    "suppliers": [
        {
            "number": "9",
            "name": "Quill & Sons Ltd",
            "vat_id": "GB999 1234 56",
            "sort_code": "11-22-33",
            "account_number": "00112233",
            "iban": None,
            "email_domain": "quill.example",
            "currency": "GBP",
            "on_hold": True,
        }
    ],
    "orders": [
        {
            "number": "PO-1",
            "supplier": "9",
            "currency": "GBP",
            "date": "2026-01-05",
            "lines": [
                {
                    "line": 1,
                    "description": "Ink <black>",
                    "quantity": 10,
                    "unit_price": "2.505",
                    "vat_rate": "20",
                    "received": [{"date": "2026-01-12", "quantity": "4"}],
                },
                {"line": 2, "description": "Nibs", "quantity": "3", "unit_price": "1", "vat_rate": "0"},
            ],
        }
    ],
}


def test_serve_prints_one_line_and_ends_on_sigterm(tmp_path: Path) -> None:
    """Serving prints its address and process as one JSON line and nothing else, and ends when told."""
    command = [sys.executable, "-m", "simulators.ledger", "serve", "--db", str(tmp_path / "l.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert Clerk(ready["url"]).get("/")[0] == 200
        process.terminate()
        rest, errors = process.communicate(timeout=10)
    assert (ready["pid"], rest, errors) == (process.pid, "", "")


def test_same_seed_same_ledger(tmp_path: Path, start: Start) -> None:
    """A seed always fills the ledger with the same suppliers and orders."""
    pages = []
    for name in ("a.db", "b.db"):
        run("ledger", "reset", "--db", str(tmp_path / name), "--seed", "5")
        (tmp_path / "ledger.db").unlink(missing_ok=True)
        (tmp_path / name).rename(tmp_path / "ledger.db")
        clerk = Clerk(start().url)
        clerk.sign_in()
        pages.append(clerk.get("/orders?q=PO-")[1])
    assert pages[0] == pages[1]
    assert "PO-4500100" in pages[0]


def test_data_replaces_the_seed(tmp_path: Path, start: Start) -> None:
    """A data file fills the ledger with exactly its suppliers, orders and receipts."""
    data = tmp_path / "data.json"
    data.write_text(json.dumps(DATA), encoding="utf-8")
    clerk = Clerk(start(data=data).url)
    clerk.sign_in()
    for query in ("quill", "GB999123456", "9"):
        assert "Quill &amp; Sons Ltd" in clerk.get(f"/suppliers?q={query}")[1]
    supplier = clerk.get("/suppliers/9")[1]
    assert all(text in supplier for text in ("11-22-33", "00112233", "quill.example", "On hold"))
    order = clerk.get("/orders/PO-1")[1]
    assert "Ink &lt;black&gt;" in order
    assert '<td class="n">10</td><td class="n">2.505</td><td class="n">20%</td><td class="n">4</td>' in order
    assert "GRN-000001" in order
    assert "12/01/2026" in order
    clerk.enter(supplier_number="9", order_number="PO-1", line_order_line="1", line_quantity="4")
    assert '<td class="n">4</td><td class="n">4</td></tr>' in clerk.get("/orders/PO-1")[1]


def test_reset_empties_a_running_ledger(start: Start) -> None:
    """Resetting the file takes vouchers, logins and sessions away while the server goes on."""
    ledger = start()
    clerk = Clerk(ledger.url)
    clerk.sign_in()
    assert clerk.enter()[0] == 200
    assert len(ledger.snapshot()["vouchers"]) == 1
    run("ledger", "reset", "--db", str(ledger.db), "--seed", "1")
    assert ledger.snapshot() == {"vouchers": [], "login_attempts": {}}
    assert "Sign in" in clerk.get("/")[1]


def test_a_login_beyond_the_sessions_allowed_ends_the_oldest(start: Start) -> None:
    """Who was there first meets the login page; the snapshot tells how often that happened."""
    ledger = start(options=("--sessions", "2"))
    clerks = [Clerk(ledger.url) for _ in range(3)]
    for clerk in clerks:
        clerk.sign_in()
    assert ["Sign in" in clerk.get("/")[1] for clerk in clerks] == [True, False, False]
    assert ledger.snapshot(times=True)["sessions_pushed_out"] == 1
    clerks[1].post("/logout", {})
    clerks[0].sign_in()
    assert ledger.snapshot(times=True)["sessions_pushed_out"] == 1


def test_snapshot_without_times_repeats_and_with_times_says_when(start: Start) -> None:
    """A snapshot holds business values only, unless instants are asked for."""
    ledger = start()
    clerk = Clerk(ledger.url)
    clerk.sign_in()
    clerk.enter()
    (voucher,) = ledger.snapshot()["vouchers"]
    assert voucher == {
        "number": "V-000001",
        "supplier": "100001",
        "invoice_number": "INV-2026-00123",
        "invoice_date": "2026-02-03",
        "due_date": "2026-03-05",
        "order_number": None,
        "currency": "GBP",
        "net": "1000.25",
        "vat": "200.05",
        "gross": "1200.30",
        "reference": "100001/INV-2026-00123",
        "entered_by": "clerk",
        "lines": [
            {
                "line": 1,
                "order_line": None,
                "description": "Desk chair, adjustable",
                "quantity": "5",
                "unit_price": "200.05",
                "vat_rate": "20",
                "net": "1000.25",
            }
        ],
        "attachment": None,
    }
    assert "entered_at" in ledger.snapshot(times=True)["vouchers"][0]


@pytest.mark.parametrize("spec", ["nonsense", "slow:sideways", "truncate:reference:x"])
def test_unknown_fault_is_refused(tmp_path: Path, spec: str) -> None:
    """A fault or argument the ledger does not know stops the start and says what is known."""
    command = [sys.executable, "-m", "simulators.ledger", "serve", "--db", str(tmp_path / "l.db")]
    ended = subprocess.run([*command, "--faults", spec], capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert "known" in ended.stderr or "variants" in ended.stderr


def test_faults_switch_through_the_file(start: Start) -> None:
    """The faults command changes a running ledger through its database file."""
    ledger = start(faults=["maintenance"])
    clerk = Clerk(ledger.url)
    assert clerk.get("/login")[0] == 503
    run("ledger", "faults", "--db", str(ledger.db))
    assert clerk.get("/login")[0] == 200


def test_password_from_environment_and_attempts_counted(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password can come from the environment; every attempt counts under its user name."""
    monkeypatch.setenv("LEDGER_PASSWORD", "another-invented-one")
    ledger = start()
    clerk = Clerk(ledger.url)
    assert "not recognised" in clerk.sign_in("robot", "wrong")
    assert "not recognised" in clerk.sign_in("nobody", "another-invented-one")
    assert "Signed in as" in clerk.sign_in("robot", "another-invented-one")
    assert ledger.snapshot()["login_attempts"] == {"nobody": 1, "robot": 2}


def test_session_ends_after_so_many_pages(start: Start) -> None:
    """A session that may see two pages is asked to sign in at the third, and comes back to it."""
    ledger = start(options=["--session-requests", "2"])
    clerk = Clerk(ledger.url)
    clerk.sign_in()
    assert "Signed in as" in clerk.get("/suppliers")[1]
    page = clerk.get("/vouchers?supplier=1")[1]
    assert "Your session has ended" in page
    assert 'action="/login?next=/vouchers%3Fsupplier%3D1"' in page


def test_session_ends_with_time(start: Start) -> None:
    """A session of no seconds is over at once."""
    clerk = Clerk(start(options=["--session-seconds", "0"]).url)
    assert "Your session has ended" in clerk.sign_in()
