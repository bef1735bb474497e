"""The set as written: the files hold what the truth says."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader

from simulators.documents.desk import Desk
from simulators.documents.files import bomb
from simulators.documents.kinds import KINDS
from simulators.documents.layouts import LAYOUTS
from simulators.documents.make import make
from simulators.documents.printer import Printer
from simulators.documents.view import invoice_view
from tests.simulators.documents.conftest import Made, Shelf

AS_OF = date(2026, 11, 20)


def text_of(path: Path) -> list[str]:
    """The text of each page, all space as single spaces."""
    with pypdfium2.PdfDocument(path) as opened:
        pages = [page.get_textpage().get_text_range() for page in opened]
    return [re.sub(r"\s+", " ", page) for page in pages]


def printed(made: Made) -> list[dict[str, Any]]:
    """The truths of the documents with text."""
    return [one for one in made.documents if one["text_layer"] == "text"]


def test_inbox_holds_what_the_truth_names(made: Made) -> None:
    """Every file has one truth, every truth one file."""
    files = sorted(path.name for path in (made.folder / "inbox").iterdir())
    assert files == sorted(one["file"] for one in made.documents)
    assert len(files) == 64


def test_names_tell_nothing(made: Made) -> None:
    """No file name contains its kind."""
    assert not [one["file"] for one in made.documents if one["kind"] in one["file"]]
    assert {one["kind"] for one in made.documents} == {"clean", *KINDS}


def test_fields_stand_on_the_page(made: Made) -> None:
    """Number, order, supplier, buyer and bank details of the truth are printed as such."""
    for one in printed(made):
        text = " ".join(text_of(made.path(one)))
        squeezed = text.replace(" ", "").upper()
        fields = one["fields"]
        assert "NORTHMOORHEALTHBOARD" in squeezed
        for name in ("supplier", "number", "order_number", "iban", "account_number"):
            if fields[name]:
                assert fields[name].replace(" ", "").upper() in squeezed, (one["file"], name)
        if fields["vat_id"]:
            assert re.sub(r"^GB", "", fields["vat_id"]) in squeezed, one["file"]
        if fields["sort_code"]:
            assert fields["sort_code"] in text or fields["sort_code"].replace("-", " ") in text


def test_absent_fields_are_not_on_the_page(made: Made) -> None:
    """Bank details the truth calls absent are not printed, nor is a missing order number."""
    for one in printed(made):
        if not one["lines"]:
            continue
        text = " ".join(text_of(made.path(one)))
        if one["fields"]["iban"] is None:
            assert "IBAN" not in text
        if one["fields"]["sort_code"] is None:
            assert not re.search(r"sort code", text, re.IGNORECASE)
        if one["fields"]["order_number"] is None:
            assert not re.search(r"\bNM\d{6}\b", text)


def test_sums_and_lines_stand_on_the_page(made: Made) -> None:
    """The digits of net, tax, gross and of every line's net and description are printed."""
    for one in printed(made):
        text = " ".join(text_of(made.path(one)))
        digits = re.sub(r"[.,\s\u202f\u00a0]", "", text)
        names = ("net", "gross") if "multi-rate" in one["features"] else ("net", "tax", "gross")
        amounts = [one["fields"][name] for name in names] + [line["net"] for line in one["lines"]]
        for amount in filter(None, amounts):
            assert amount.lstrip("-").replace(".", "") in digits, (one["file"], amount)
        for line in one["lines"]:
            assert line["description"].replace(" ", "") in text.replace(" ", ""), (one["file"], line)


def test_page_counts(made: Made) -> None:
    """Every page of the plan is one page of the file; only multi-page documents have several."""
    for one in printed(made):
        pages = 2 if "multi-page" in one["features"] or one["kind"] == "two-invoices" else 1
        assert one["pages"] == pages == len(text_of(made.path(one))), one["file"]


def test_full_pages_hide_nothing(shelf: Shelf) -> None:
    """Even the longest document of a layout shows every line, and prints nothing over anything else."""
    for one in shelf.fullest.documents:
        path = shelf.fullest.path(one)
        text = "".join(text_of(path)).replace(" ", "")
        assert all(line["description"].replace(" ", "") in text for line in one["lines"]), one["layout"]
        assert not overprinted(path), one["layout"]


def overprinted(path: Path) -> str:
    """The characters of the last page that lie over another one by more than kerning explains."""
    with pypdfium2.PdfDocument(path) as opened:
        text = opened[len(opened) - 1].get_textpage()
        letters = text.get_text_range()
        boxes = sorted((*text.get_charbox(at), letter) for at, letter in enumerate(letters) if letter.strip())
    found = []
    for at, (left, bottom, right, top, letter) in enumerate(boxes):
        for other in takewhile(lambda box, right=right: box[0] < right - 2, islice(boxes, at + 1, None)):
            if min(top, other[3]) - max(bottom, other[1]) > 1.5 and other[2] - left > 2:
                found.append(letter + other[4])
    return " ".join(found)


def test_clean_truths_add_up(made: Made) -> None:
    """In the truth of every clean document net and tax make gross, and lines with discount make net."""
    for one in (truth for truth in made.documents if truth["kind"] == "clean"):
        net, tax, gross = (Decimal(one["fields"][name]) for name in ("net", "tax", "gross"))
        assert net + tax == gross
        assert (gross < 0) is one["credit"]
        lines = sum(Decimal(line["net"]) for line in one["lines"])
        assert lines == net or "discount" in one["features"]


def test_ledger_agrees_with_the_truth(made: Made) -> None:
    """Clean documents find supplier and order, with every line's price and receipts, in the ledger's data."""
    suppliers = {one["number"]: one for one in made.ledger["suppliers"]}
    orders = {one["number"]: one for one in made.ledger["orders"]}
    for one in (truth for truth in made.documents if truth["kind"] == "clean"):
        fields = one["fields"]
        supplier, order = suppliers[fields["supplier_number"]], orders[fields["order_number"]]
        assert not supplier["on_hold"]
        for name in ("sort_code", "account_number", "iban", "vat_id"):
            assert fields[name] in (supplier[name], None)
        assert (order["supplier"], order["currency"]) == (supplier["number"], fields["currency"])
        lines = {line["description"]: line for line in order["lines"]}
        for line in one["lines"]:
            ordered = lines[line["description"]]
            received = sum(Decimal(receipt["quantity"]) for receipt in ordered["received"])
            assert line["unit_price"] == ordered["unit_price"]
            assert Decimal(line["quantity"]) <= received == Decimal(ordered["quantity"])


def test_faults_of_the_ledger_are_in_its_data(made: Made) -> None:
    """Unknown suppliers and orders are absent, the held one is on hold, nothing of the waiting order came."""
    names = {one["name"]: one for one in made.ledger["suppliers"]}
    orders = {one["number"]: one for one in made.ledger["orders"]}
    assert made.of("supplier-unknown")["fields"]["supplier"] not in names
    assert made.of("supplier-unknown")["fields"]["supplier_number"] is None
    assert names[made.of("supplier-on-hold")["fields"]["supplier"]]["on_hold"]
    assert made.of("order-not-found")["fields"]["order_number"] not in orders
    waiting = orders[made.of("not-received")["fields"]["order_number"]]
    assert not any(line["received"] for line in waiting["lines"])
    assert made.of("bank-details")["fields"]["account_number"] not in {
        one["account_number"] for one in made.ledger["suppliers"]
    }


def test_text_layers_are_as_stated(made: Made) -> None:
    """A scan has no text, a garbage layer only private-use characters, and both show a page."""
    scan, garbage = made.of("no-text"), made.of("garbage-text")
    assert "".join(text_of(made.path(scan))).strip() == ""
    letters = "".join(text_of(made.path(garbage))).replace(" ", "")
    assert len(letters) > 200
    assert all(0xE000 <= ord(char) < 0xF900 for char in letters)
    for one in (scan, garbage):
        with pypdfium2.PdfDocument(made.path(one)) as opened:
            picture = opened[0].render().to_pil().convert("L")
        assert sum(picture.histogram()[:96]) > 1000, "the page shows nothing"


def test_bad_files(made: Made) -> None:
    """Encrypted, cut short, empty, not a PDF and 2,000 pages are what they are called, and small."""
    path = {kind: made.path(made.of(kind)) for kind in KINDS}
    assert PdfReader(path["encrypted"]).is_encrypted
    assert path["zero-bytes"].read_bytes() == b""
    assert not path["not-a-pdf"].read_bytes().startswith(b"%PDF")
    assert path["truncated"].read_bytes().startswith(b"%PDF")
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(path["truncated"])
    with pypdfium2.PdfDocument(path["too-many-pages"]) as opened:
        assert len(opened) == 2000
    assert path["too-many-pages"].stat().st_size < 200_000


def test_duplicates_name_their_originals(made: Made) -> None:
    """Each duplicate names an original that posts and arrived before; the same bytes are the same bytes."""
    truths = {one["file"]: one for one in made.documents}
    duplicates = [one for one in made.documents if one["original"]]
    assert len(duplicates) == 4
    for one in duplicates:
        original = truths[one["original"]]
        assert original["outcome"] == "post"
        assert made.path(original).stat().st_mtime < made.path(one).stat().st_mtime
        assert original["file"] < one["file"]
        same = made.path(original).read_bytes() == made.path(one).read_bytes()
        assert same is (one["kind"] == "duplicate-bytes")


def test_xml_is_attached_and_says_the_truth(made: Made) -> None:
    """Factur-X documents carry factur-x.xml with the page's gross, except where they should disagree."""
    embedded = [one for one in made.documents if one["xml"]]
    assert {one["kind"] for one in embedded} == {"clean", "xml-differs"}
    for one in embedded:
        (content,) = PdfReader(made.path(one)).attachments["factur-x.xml"]
        total = re.search(rb"<ram:GrandTotalAmount>([\d.]+)<", content)
        assert total is not None
        assert total[1].decode() == one["xml_fields"]["gross"]
        assert (one["xml_fields"]["gross"] == one["fields"]["gross"]) is (one["kind"] == "clean")
    without = [one for one in printed(made) if not one["xml"]]
    assert not any(PdfReader(made.path(one)).attachments for one in without)


def test_the_same_seed_gives_the_same_files(shelf: Shelf) -> None:
    """A second making from the same seed is equal byte for byte: files, truth and ledger."""
    for path in sorted(one for one in shelf.once.folder.rglob("*") if one.is_file()):
        again = shelf.again.folder / path.relative_to(shelf.once.folder)
        assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest(), path.name


def test_a_full_inbox_is_not_touched(made: Made) -> None:
    """Making into an inbox that holds files is refused before anything is printed."""
    printer = Printer("no-browser-is-started", AS_OF)
    with pytest.raises(FileExistsError, match="not empty"):
        make([], made.folder, desk=Desk(1, AS_OF), seed=1, printer=printer)


def test_hostile_files(shelf: Shelf) -> None:
    """An outside entity and a climbing attachment name are in the files made for them."""
    once = shelf.once
    outside = PdfReader(once.path(once.of("outside-entity"))).attachments
    climbing = PdfReader(once.path(once.of("climbing-name"))).attachments
    assert b"<!ENTITY" in outside["factur-x.xml"][0]
    assert [name for name in climbing if name.startswith("../")]


def test_bomb_is_small_and_unpacks_large(made: Made) -> None:
    """The bomb stays under 100 KB and a reader that unpacks it meets the size asked for."""
    clean = made.path(made.of("clean")).read_bytes()
    packed = bomb(clean, megabytes=6)
    assert len(packed) < len(clean) + 30_000
    last = PdfReader(io.BytesIO(packed)).pages[-1].get_contents()
    assert last is not None
    assert len(last.get_data()) > 6_000_000


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_prints_credits_and_euros(layout: str) -> None:
    """Every layout can show a credit note, with its own sign, and name the currency it is in."""
    desk = Desk(2, AS_OF)
    view = invoice_view(desk.case(desk.supplier(layout), ("credit",)).invoice)
    signed = any(mark in str(view.gross) for mark in ("-", "(", "CR"))
    assert signed is (LAYOUTS[layout].negative != "positive")
    assert view.title == LAYOUTS[layout].titles[1]


def test_command_line(browser: str, tmp_path: Path) -> None:
    """The command makes ruled documents only, and says no to a second go at the same folder."""
    wish = ["make", "--out", str(tmp_path), "--seed", "4", "--count", "3", "--ruled", "--browser", browser]
    assert _typed(*wish, "--as-of", "2026-11-20").returncode == 0
    truths = json.loads((tmp_path / "truth.json").read_text())
    assert truths["as_of"] == "2026-11-20"
    assert [one["ruled"] for one in truths["documents"]] == [True] * 3
    again = _typed(*wish)
    assert again.returncode == 2
    assert "not empty" in again.stderr


def _typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulators.documents", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
