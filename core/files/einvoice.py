"""E-invoices in CII (Factur-X, ZUGFeRD 1 and 2, XRechnung) and UBL, read to one neutral record.

The XML is as hostile as the PDF around it: it is parsed in the reader process, without entities, network or
document types. What travels back is plain text; amounts and dates are made of it by whoever asked.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core.errors import FileUnreadable
from core.files.limits import Limits
from core.model.documents import Attachment
from core.model.einvoices import EInvoice, EInvoiceLine, EInvoiceTax

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]

_NAMES = frozenset({"factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml"})  # as the standards have it
_DECIMAL = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}")

Plain = dict[str, Any]

# The names that ZUGFeRD 1 gives to what later versions call differently.
_ZUGFERD_1 = {
    "ExchangedDocumentContext": "SpecifiedExchangedDocumentContext",
    "ExchangedDocument": "HeaderExchangedDocument",
    "SupplyChainTradeTransaction": "SpecifiedSupplyChainTradeTransaction",
    "ApplicableHeaderTradeAgreement": "ApplicableSupplyChainTradeAgreement",
    "ApplicableHeaderTradeSettlement": "ApplicableSupplyChainTradeSettlement",
    "SpecifiedTradeSettlementHeaderMonetarySummation": "SpecifiedTradeSettlementMonetarySummation",
    "SpecifiedLineTradeAgreement": "SpecifiedSupplyChainTradeAgreement",
    "SpecifiedLineTradeDelivery": "SpecifiedSupplyChainTradeDelivery",
    "SpecifiedLineTradeSettlement": "SpecifiedSupplyChainTradeSettlement",
    "SpecifiedTradeSettlementLineMonetarySummation": "SpecifiedTradeSettlementMonetarySummation",
    "RateApplicablePercent": "ApplicablePercent",
    "IssuerAssignedID": "ID",
}


class _Part:
    """An element asked by the local names on the way down, whatever the namespaces' versions."""

    def __init__(self, element: "_Element | None", names: dict[str, str]) -> None:
        self._element = element
        self._names = names

    def part(self, path: str) -> "_Part":
        """Return the first element at the path; an empty part when there is none."""
        return _Part(None if self._element is None else self._element.find(self._path(path)), self._names)

    def parts(self, path: str) -> "list[_Part]":
        """Return all elements at the path."""
        found = [] if self._element is None else self._element.findall(self._path(path))
        return [_Part(element, self._names) for element in found]

    def text(self, path: str = ".") -> str | None:
        """Return the text at the path without blanks around it; None when absent or empty."""
        element = self.part(path)._element if path != "." else self._element
        text = "" if element is None else (element.text or "").strip()
        return text or None

    def attribute(self, name: str) -> str | None:
        """Return an attribute of this element."""
        return None if self._element is None else self._element.get(name)

    def _path(self, path: str) -> str:
        return "/".join("{*}" + self._names.get(name, name) for name in path.split("/"))


def find_einvoice(attachments: Iterable[Attachment]) -> EInvoice | None:
    """Read the e-invoice among embedded files in this process; None when there is none."""
    plain = _among([(attachment.name, attachment.data) for attachment in attachments])
    return einvoice_from(plain) if plain else None


def parse_einvoice(data: bytes) -> EInvoice | None:
    """Read an e-invoice's XML in this process; None when it is other XML. Raises FileUnreadable."""
    plain = _plain_of(data)
    return einvoice_from(plain) if plain else None


def plain_einvoice(data: bytes, limits: Limits) -> Plain | None:
    """Return the e-invoice of a file, a PDF with one inside or the XML itself, as plain data."""
    if _looks_like_xml(data):
        return _plain_of(data)
    from core.files.pdfium import open_pdf

    with open_pdf(data, limits) as pdf:
        return _among(pdf.attachments())


def _looks_like_xml(data: bytes) -> bool:
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"<") or start[:2] in (b"\xff\xfe", b"\xfe\xff")


def _among(attachments: list[tuple[str, bytes]]) -> Plain | None:
    """Take the attachment that a standard names; failing that, any XML that is an invoice."""
    files = [(name.lower() not in _NAMES, data) for name, data in attachments if name.lower().endswith(".xml")]
    for _, data in sorted(files, key=lambda file: file[0]):
        plain = _plain_of(data)
        if plain:
            return plain
    return None


def _plain_of(data: bytes) -> Plain | None:
    root = _root(data)
    name = root.tag.rsplit("}", 1)[-1]
    if name == "CrossIndustryInvoice":
        return _cii(_Part(root, {}))
    if name == "CrossIndustryDocument":
        return _cii(_Part(root, _ZUGFERD_1))
    if name in ("Invoice", "CreditNote") and "oasis:names:specification:ubl" in root.tag:
        return _ubl(_Part(root, {}), name)
    return None


def _root(data: bytes) -> "_Element":
    """Parse XML that may be hostile; refuse a document type, with which entities and outside files come."""
    from lxml import etree  # type: ignore[import-untyped]

    if b"<!DOCTYPE" in data.replace(b"\0", b""):
        raise _forbidden()
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        message = "The e-invoice XML in the file is damaged. Ask the sender for a fresh copy."
        raise FileUnreadable("XML_DAMAGED", message, permanent=True) from error
    if root.getroottree().docinfo.doctype:
        raise _forbidden()
    return root


def _forbidden() -> FileUnreadable:
    message = (
        "The e-invoice XML declares a document type: it could read other files, or grow without end. "
        "E-invoices never need one; deal with it by hand and tell whoever looks after security."
    )
    return FileUnreadable("XML_FORBIDDEN", message, permanent=True)


def _cii(root: _Part) -> Plain:
    trade = root.part("SupplyChainTradeTransaction")
    agreement = trade.part("ApplicableHeaderTradeAgreement")
    settlement = trade.part("ApplicableHeaderTradeSettlement")
    totals = settlement.part("SpecifiedTradeSettlementHeaderMonetarySummation")
    currency = settlement.text("InvoiceCurrencyCode")
    seller = agreement.part("SellerTradeParty")
    means = settlement.parts("SpecifiedTradeSettlementPaymentMeans")
    account = "PayeePartyCreditorFinancialAccount"
    return {
        "syntax": "CII",
        "profile": root.text("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"),
        "number": root.text("ExchangedDocument/ID"),
        "type_code": root.text("ExchangedDocument/TypeCode"),
        "issue_date": root.text("ExchangedDocument/IssueDateTime/DateTimeString"),
        "due_date": _first(
            part.text("DueDateDateTime/DateTimeString") for part in settlement.parts("SpecifiedTradePaymentTerms")
        ),
        "currency": currency,
        "supplier": seller.text("Name"),
        "vat_id": _first(
            part.text() for part in seller.parts("SpecifiedTaxRegistration/ID") if part.attribute("schemeID") == "VA"
        ),
        "account": _first(part.text(f"{account}/IBANID") for part in means)
        or _first(part.text(f"{account}/ProprietaryID") for part in means),
        "branch": None,
        "buyer": agreement.text("BuyerTradeParty/Name"),
        "order_number": agreement.text("BuyerOrderReferencedDocument/IssuerAssignedID"),
        "line_total": totals.text("LineTotalAmount"),
        "allowances": totals.text("AllowanceTotalAmount"),
        "charges": totals.text("ChargeTotalAmount"),
        "net": totals.text("TaxBasisTotalAmount"),
        "tax": _in_currency(totals.parts("TaxTotalAmount"), currency),
        "gross": totals.text("GrandTotalAmount"),
        "prepaid": totals.text("TotalPrepaidAmount"),
        "rounding": totals.text("RoundingAmount"),
        "payable": totals.text("DuePayableAmount"),
        "taxes": [
            {
                "category": part.text("CategoryCode"),
                "rate": part.text("RateApplicablePercent"),
                "net": part.text("BasisAmount"),
                "tax": part.text("CalculatedAmount"),
            }
            for part in settlement.parts("ApplicableTradeTax")
        ],
        "lines": [_cii_line(part) for part in trade.parts("IncludedSupplyChainTradeLineItem")],
    }


def _cii_line(line: _Part) -> Plain:
    price = line.part("SpecifiedLineTradeAgreement/NetPriceProductTradePrice")
    quantity = line.part("SpecifiedLineTradeDelivery/BilledQuantity")
    settlement = line.part("SpecifiedLineTradeSettlement")
    return {
        "number": line.text("AssociatedDocumentLineDocument/LineID"),
        "description": line.text("SpecifiedTradeProduct/Name")
        or line.text("SpecifiedTradeProduct/Description")
        or line.text("AssociatedDocumentLineDocument/IncludedNote/Content"),
        "quantity": quantity.text(),
        "unit": quantity.attribute("unitCode"),
        "price": price.text("ChargeAmount"),
        "per": price.text("BasisQuantity"),
        "vat_rate": settlement.text("ApplicableTradeTax/RateApplicablePercent"),
        "net": settlement.text("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"),
    }


def _ubl(root: _Part, name: str) -> Plain:
    seller = root.part("AccountingSupplierParty/Party")
    totals = root.part("LegalMonetaryTotal")
    currency = root.text("DocumentCurrencyCode")
    taxes = _ubl_taxes(root, currency)
    account = "PaymentMeans/PayeeFinancialAccount"
    return {
        "syntax": "UBL",
        "profile": root.text("CustomizationID"),
        "number": root.text("ID"),
        "type_code": root.text(f"{name}TypeCode"),
        "issue_date": root.text("IssueDate"),
        "due_date": root.text("DueDate") or root.text("PaymentMeans/PaymentDueDate"),
        "currency": currency,
        "supplier": seller.text("PartyLegalEntity/RegistrationName") or seller.text("PartyName/Name"),
        "vat_id": _first(
            part.text("CompanyID")
            for part in seller.parts("PartyTaxScheme")
            if part.text("TaxScheme/ID") in ("VAT", None)
        ),
        "account": root.text(f"{account}/ID"),
        "branch": root.text(f"{account}/FinancialInstitutionBranch/ID"),
        "buyer": root.text("AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName")
        or root.text("AccountingCustomerParty/Party/PartyName/Name"),
        "order_number": root.text("OrderReference/ID"),
        "line_total": totals.text("LineExtensionAmount"),
        "allowances": totals.text("AllowanceTotalAmount"),
        "charges": totals.text("ChargeTotalAmount"),
        "net": totals.text("TaxExclusiveAmount"),
        "tax": taxes.text("TaxAmount"),
        "gross": totals.text("TaxInclusiveAmount"),
        "prepaid": totals.text("PrepaidAmount"),
        "rounding": totals.text("PayableRoundingAmount"),
        "payable": totals.text("PayableAmount"),
        "taxes": [
            {
                "category": part.text("TaxCategory/ID"),
                "rate": part.text("TaxCategory/Percent"),
                "net": part.text("TaxableAmount"),
                "tax": part.text("TaxAmount"),
            }
            for part in taxes.parts("TaxSubtotal")
        ],
        "lines": [_ubl_line(part, name) for part in root.parts(f"{name}Line")],
    }


def _ubl_taxes(root: _Part, currency: str | None) -> _Part:
    """Return the tax total in the invoice's currency; another may repeat it in the supplier's."""
    totals = root.parts("TaxTotal")
    own = [part for part in totals if part.part("TaxAmount").attribute("currencyID") in (currency, None)]
    return (own or totals or [_Part(None, {})])[0]


def _ubl_line(line: _Part, name: str) -> Plain:
    quantity = line.part("InvoicedQuantity" if name == "Invoice" else "CreditedQuantity")
    return {
        "number": line.text("ID"),
        "description": line.text("Item/Name") or line.text("Item/Description"),
        "quantity": quantity.text(),
        "unit": quantity.attribute("unitCode"),
        "price": line.text("Price/PriceAmount"),
        "per": line.text("Price/BaseQuantity"),
        "vat_rate": line.text("Item/ClassifiedTaxCategory/Percent"),
        "net": line.text("LineExtensionAmount"),
    }


def _first(found: Iterable[str | None]) -> str | None:
    return next((text for text in found if text), None)


def _in_currency(parts: list[_Part], currency: str | None) -> str | None:
    own = [part for part in parts if part.attribute("currencyID") in (currency, None)]
    return _first(part.text() for part in own or parts)


def einvoice_from(plain: Plain) -> EInvoice:
    """Make the record of plain text; an amount or a date that is none becomes None, never a guess."""
    account = (_compact(plain["account"]) or "").upper()
    branch = re.sub(r"\D", "", plain["branch"] or "")
    iban = account if _IBAN.fullmatch(account) else None
    sort_code = branch if len(branch) == 6 and not iban else None
    amounts: Plain = {name: _decimal(plain[name]) for name in _AMOUNTS}
    texts: Plain = {name: plain[name] for name in _TEXTS}
    return EInvoice(
        **texts,
        **amounts,
        issue_date=_date(plain["issue_date"]),
        due_date=_date(plain["due_date"]),
        vat_id=_compact(plain["vat_id"]),
        iban=iban,
        account_number=None if iban else account or None,
        sort_code=sort_code,
        taxes=tuple(
            EInvoiceTax(
                category=tax["category"],
                rate=_decimal(tax["rate"]),
                net=_decimal(tax["net"]),
                tax=_decimal(tax["tax"]),
            )
            for tax in plain["taxes"]
        ),
        lines=tuple(map(_line, plain["lines"])),
    )


_AMOUNTS = (
    "line_total", "allowances", "charges", "net", "tax", "gross", "prepaid", "rounding", "payable",
)  # fmt: skip
_TEXTS = ("syntax", "profile", "number", "type_code", "currency", "supplier", "buyer", "order_number")


def _line(plain: Plain) -> EInvoiceLine:
    price, per = _decimal(plain["price"]), _decimal(plain["per"])
    return EInvoiceLine(
        number=plain["number"],
        description=plain["description"] or "",
        quantity=_decimal(plain["quantity"]),
        unit=plain["unit"],
        unit_price=price / per if price is not None and per else price,
        vat_rate=_decimal(plain["vat_rate"]),
        net=_decimal(plain["net"]),
    )


def _compact(text: str | None) -> str | None:
    return re.sub(r"\s", "", text) if text else None


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text and _DECIMAL.fullmatch(text) else None


def _date(text: str | None) -> date | None:
    """Read 2026-01-31 and 20260131, with or without a time behind."""
    found = re.match(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d{1,3}$)", text or "")
    if not found:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None
