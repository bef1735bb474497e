"""`understudy try`, on the invoices bot and its samples."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bots.invoices.checks import accounts_payable
from tests.understudy.conftest import Desk

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "bots" / "invoices" / "samples"
FIELDS = [
    "supplier", "number", "issue_date", "due_date", "order_number", "net", "tax", "gross", "currency", "vat_id", "iban",
    "sort_code", "account_number",
]  # fmt: skip
LINE = ["description", "quantity", "unit_price", "vat_rate", "net", "page", "box"]
DECIMAL = re.compile(r"-?\d+(\.\d+)?")


@pytest.fixture
def office(empty: Desk) -> Desk:
    """The command line on an installation with the invoices bot that nobody has run yet."""
    for name in ("bots.toml", "bots", "targets"):
        (empty.folder / name).symlink_to(ROOT / name)
    return empty


def tried(office: Desk, *words: str) -> list[dict[str, Any]]:
    """Try files and return what was printed as JSON."""
    said = office.type("try", "invoices", "--json", *words)
    assert said.code == 0, said.err
    results: list[dict[str, Any]] = said.json
    return results


def sample(name: str) -> str:
    """The path of a sample."""
    return str(SAMPLES / f"{name}.pdf")


def test_each_file_gives_one_object_in_the_order_typed(office: Desk) -> None:
    """The objects have the names of the contract and no others, and each value says where it stands."""
    files = [sample("factuur"), sample("e-invoice-de"), sample("credit-note")]
    results = tried(office, *files)
    assert [result["file"] for result in results] == files
    for result in results:
        assert list(result) == ["file", "fields", "lines", "checks", "verdict"]
        assert list(result["fields"]) == FIELDS
        assert all(list(one) == ["value", "page", "box", "source"] for one in result["fields"].values())
        assert result["lines"]
        assert all(list(line) == LINE for line in result["lines"])
        assert [check["code"] for check in result["checks"]] == [rule.code for rule in accounts_payable.rules]
        assert all(list(check) == ["code", "outcome", "found", "expected"] for check in result["checks"])
        assert {check["outcome"] for check in result["checks"]} <= {"passed", "failed", "not_evaluated"}


def test_values_are_written_for_machines(office: Desk) -> None:
    """Amounts have a decimal point and no grouping, dates and currencies are ISO, places are pages and boxes."""
    for result in tried(office, *map(sample, ("factuur", "e-invoice-de", "unruled-table", "two-invoices"))):
        values = {name: one["value"] for name, one in result["fields"].items()}
        assert all(DECIMAL.fullmatch(values[name]) for name in ("net", "tax", "gross"))
        assert date.fromisoformat(values["issue_date"])
        assert values["due_date"] is None or date.fromisoformat(values["due_date"])
        assert re.fullmatch(r"[A-Z]{3}", values["currency"])
        for line in result["lines"]:
            assert all(line[name] is None or DECIMAL.fullmatch(line[name]) for name in LINE[1:5])
        for one in result["fields"].values():
            assert one["source"] in (("page", "xml") if one["value"] is not None else (None,))
            assert one["page"] is None or (one["page"] >= 1 and len(one["box"]) == 4)


def test_a_credit_note_is_negative(office: Desk) -> None:
    """Amounts of a credit note are negative, in the fields and in the lines."""
    (result,) = tried(office, sample("credit-note"))
    amounts = [result["fields"][name]["value"] for name in ("net", "tax", "gross")]
    assert all(amount.startswith("-") for amount in [*amounts, *(line["net"] for line in result["lines"])])


def test_what_is_absent_is_null(office: Desk) -> None:
    """A value that the document does not have is null, with no page, box or source."""
    (result,) = tried(office, sample("ruled-table"))
    assert result["fields"]["iban"] == {"value": None, "page": None, "box": None, "source": None}


def test_what_needs_the_ledger_is_not_evaluated(office: Desk) -> None:
    """Only the checks that the document allows are made; the supplier is the one printed."""
    (result,) = tried(office, sample("ruled-table"))
    outcomes = {check["code"]: check["outcome"] for check in result["checks"]}
    assert result["fields"]["supplier"]["value"] == "Tarnbeck Medical Supplies Ltd"
    ledger = {
        "SUPPLIER_UNKNOWN",
        "SUPPLIER_ON_HOLD",
        "BANK_DETAILS",
        "ORDER_NOT_FOUND",
        "CURRENCY",
        "PRICE",
        "QUANTITY",
    }
    ledger |= {"DUPLICATE_NUMBER", "DUPLICATE_NEAR", "DUPLICATE_CONTENT"}
    assert {code for code, outcome in outcomes.items() if outcome == "not_evaluated"} == ledger
    assert {outcomes[code] for code in outcomes.keys() - ledger - {"DATE"}} == {"passed"}


def test_embedded_xml_is_taken_first_and_ignored_on_request(office: Desk) -> None:
    """Values come from the XML where there is some; with --text-only every one comes from the page, and is the same."""
    (whole,) = tried(office, sample("e-invoice-de"))
    (page,) = tried(office, "--text-only", sample("e-invoice-de"))
    assert whole["fields"]["gross"]["source"] == "xml"
    assert {one["source"] for one in page["fields"].values() if one["value"] is not None} == {"page"}
    names = ("number", "issue_date", "order_number", "net", "tax", "gross", "currency", "vat_id", "iban")
    assert all(whole["fields"][name]["value"] == page["fields"][name]["value"] for name in names)


def test_files_that_cannot_be_read_give_an_object_too(office: Desk) -> None:
    """Damaged, empty and other files stand in their place with nulls and the reason; those beside them are read."""
    (office.folder / "empty.pdf").write_bytes(b"")
    (office.folder / "letter.pdf").write_text("Dear Sirs")
    bad = [sample("truncated"), str(office.folder / "empty.pdf"), str(office.folder / "letter.pdf")]
    *unread, good = tried(office, *bad, sample("ruled-table"))
    assert [result["file"] for result in unread] == bad
    for result in unread:
        assert result["verdict"] == "unreadable"
        assert list(result["fields"]) == FIELDS
        assert all(one["value"] is None for one in result["fields"].values())
        assert result["lines"] == []
        (reason,) = result["checks"]
        assert (reason["outcome"], bool(reason["found"])) == ("failed", True)
    assert [result["checks"][0]["code"] for result in unread] == ["FILE_TRUNCATED", "FILE_EMPTY", "FILE_NOT_PDF"]
    assert good["verdict"] != "unreadable"


def test_verdicts_say_how_far_the_document_goes(office: Desk) -> None:
    """`look_up` when nothing on the document stands in the way, `review` when something does."""
    clean, two = tried(office, sample("factuur"), sample("two-invoices"))
    failed = {check["code"] for check in clean["checks"] if check["outcome"] == "failed"}
    assert (clean["verdict"], failed - {"DATE"}) in (("look_up", set()), ("review", set()))
    assert two["verdict"] == "review"


def test_nothing_is_stored_and_nothing_outside_is_touched(office: Desk) -> None:
    """No store, no evidence, no log and no stand-in: trying leaves no file behind."""
    tried(office, sample("ruled-table"), sample("truncated"))
    assert {path.name for path in office.folder.iterdir()} == {"bots.toml", "bots", "targets"}


def test_people_are_told_in_words(office: Desk) -> None:
    """Without --json each file is a heading, its values with their page, its lines, and what stands in the way."""
    said = office.type("try", "invoices", sample("two-invoices"), sample("truncated"))
    assert said.code == 0
    assert "would go to a person" in said.out
    assert "page 1" in said.out
    assert "SEVERAL_DOCUMENTS: The file seems to hold 2 invoices" in said.out
    assert "cannot be read" in said.out


def test_files_that_are_not_there_are_all_named(office: Desk) -> None:
    """A name that is no file ends with 50 before anything is read; every such name is told."""
    said = office.type("try", "invoices", "nowhere.pdf", sample("factuur"), "nothing.pdf")
    assert said.code == 50
    assert "nowhere.pdf is not a file" in said.err
    assert "nothing.pdf is not a file" in said.err


def test_a_bot_without_a_trial_says_so(desk: Desk) -> None:
    """There is nothing to try with a bot that reads no documents."""
    desk.note("n1", "tea")
    said = desk.type("try", "clerk", str(desk.folder / "inbox" / "n1.note"))
    assert said.code == 50
    assert "declares no trial" in said.err
