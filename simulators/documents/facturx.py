"""Embeds an invoice in its PDF as Factur-X: EN 16931 in UN/CEFACT's Cross Industry Invoice syntax."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

from lxml import etree
from lxml.builder import ElementMaker
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, NameObject

from simulators.documents.records import BUYER, Invoice, Line, VatRow
from simulators.documents.truth import plain

_NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_RSM = ElementMaker(namespace=_NAMES["rsm"], nsmap=_NAMES)
_RAM = ElementMaker(namespace=_NAMES["ram"], nsmap=_NAMES)
_UDT = ElementMaker(namespace=_NAMES["udt"], nsmap=_NAMES)
_UNITS = {"hour": "HUR", "Std": "HUR", "Tag": "DAY", "day": "DAY", "heure": "HUR"}
_FILE = "factur-x.xml"


def with_xml(pdf: bytes, invoice: Invoice) -> bytes:
    """Return the PDF with `invoice` embedded and declared."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    attached = writer.add_attachment(_FILE, xml_of(invoice))
    attached.associated_file_relationship = NameObject("/Alternative")
    attached.subtype = NameObject("/text/xml")
    writer.root_object[NameObject("/AF")] = ArrayObject([attached.pdf_object.indirect_reference])
    metadata = DecodedStreamObject()
    metadata.set_data(_XMP)
    metadata[NameObject("/Type")] = NameObject("/Metadata")
    metadata[NameObject("/Subtype")] = NameObject("/XML")
    writer.root_object[NameObject("/Metadata")] = writer._add_object(metadata)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_outside_entity(xml: bytes) -> bytes:
    """Return the XML with its invoice number taken from a file of the reader's machine."""
    head, _, body = xml.partition(b"?>")
    start, rest = body.split(b"<ram:ID>urn:cen.eu:en16931:2017</ram:ID>", 1)
    before, _, after = rest.partition(b"<ram:ID>")
    _, _, tail = after.partition(b"</ram:ID>")
    guideline = b"<ram:ID>urn:cen.eu:en16931:2017</ram:ID>"
    declared = b'?>\n<!DOCTYPE invoice [<!ENTITY number SYSTEM "file:///etc/hostname">]>'
    return head + declared + start + guideline + before + b"<ram:ID>&number;</ram:ID>" + tail


def xml_of(invoice: Invoice) -> bytes:
    """Return the invoice as CII; a credit note is type 381 with positive amounts, as EN 16931 has it."""
    sign = -1 if invoice.credit else 1
    root = _RSM.CrossIndustryInvoice(
        _RSM.ExchangedDocumentContext(
            _RAM.GuidelineSpecifiedDocumentContextParameter(_RAM.ID("urn:cen.eu:en16931:2017"))
        ),
        _RSM.ExchangedDocument(
            _RAM.ID(invoice.number),
            _RAM.TypeCode("381" if invoice.credit else "380"),
            _RAM.IssueDateTime(_date(invoice.issue_date)),
        ),
        _RSM.SupplyChainTradeTransaction(
            *(_item(line, place, sign) for place, line in enumerate(invoice.lines, start=1)),
            _agreement(invoice),
            _RAM.ApplicableHeaderTradeDelivery(
                _RAM.ActualDeliverySupplyChainEvent(_RAM.OccurrenceDateTime(_date(invoice.delivery_date)))
            ),
            _settlement(invoice, sign),
        ),
    )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _date(day: date) -> etree._Element:
    return _UDT.DateTimeString(day.strftime("%Y%m%d"), format="102")


def _item(line: Line, place: int, sign: int) -> etree._Element:
    product = [_RAM.SellerAssignedID(line.code)] if line.code else []
    return _RAM.IncludedSupplyChainTradeLineItem(
        _RAM.AssociatedDocumentLineDocument(_RAM.LineID(str(place))),
        _RAM.SpecifiedTradeProduct(*product, _RAM.Name(line.description)),
        _RAM.SpecifiedLineTradeAgreement(_RAM.NetPriceProductTradePrice(_RAM.ChargeAmount(str(line.unit_price)))),
        _RAM.SpecifiedLineTradeDelivery(
            _RAM.BilledQuantity(plain(line.quantity * sign), unitCode=_UNITS.get(line.unit, "C62"))
        ),
        _RAM.SpecifiedLineTradeSettlement(
            _RAM.ApplicableTradeTax(
                _RAM.TypeCode("VAT"),
                _RAM.CategoryCode(_category(line.vat_rate)),
                _RAM.RateApplicablePercent(plain(line.vat_rate)),
            ),
            _RAM.SpecifiedTradeSettlementLineMonetarySummation(_RAM.LineTotalAmount(str(line.net * sign))),
        ),
    )


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"


def _agreement(invoice: Invoice) -> etree._Element:
    supplier = invoice.supplier
    order = (
        [_RAM.BuyerOrderReferencedDocument(_RAM.IssuerAssignedID(invoice.order_number))] if invoice.order_number else []
    )
    return _RAM.ApplicableHeaderTradeAgreement(
        _RAM.SellerTradeParty(
            _RAM.Name(supplier.name),
            _RAM.SpecifiedLegalOrganization(_RAM.ID(supplier.company_number)),
            _address(supplier.address, supplier.country),
            _RAM.URIUniversalCommunication(_RAM.URIID(f"accounts@{supplier.domain}", schemeID="EM")),
            _RAM.SpecifiedTaxRegistration(_RAM.ID(supplier.vat_id, schemeID="VA")),
        ),
        _RAM.BuyerTradeParty(
            _RAM.Name(BUYER.name),
            _address(BUYER.address, "GB"),
            _RAM.SpecifiedTaxRegistration(_RAM.ID(BUYER.vat_id, schemeID="VA")),
        ),
        *order,
    )


def _address(parts: tuple[str, ...], country: str) -> etree._Element:
    """Return the address; outside the United Kingdom the last part is postcode and town."""
    code, _, town = parts[-1].partition(" ") if country != "GB" else (parts[-1], "", parts[-2])
    return _RAM.PostalTradeAddress(
        _RAM.PostcodeCode(code), _RAM.LineOne(parts[0]), _RAM.CityName(town), _RAM.CountryID(country)
    )


def _settlement(invoice: Invoice, sign: int) -> etree._Element:
    sums = invoice.sums
    allowances = _allowances(invoice, sign)
    return _RAM.ApplicableHeaderTradeSettlement(
        _RAM.PaymentReference(invoice.number),
        _RAM.InvoiceCurrencyCode(invoice.currency),
        _RAM.SpecifiedTradeSettlementPaymentMeans(
            _RAM.TypeCode("58"),
            _RAM.PayeePartyCreditorFinancialAccount(_RAM.IBANID(invoice.bank.iban)),
        ),
        *(_tax(row, sign) for row in sums.vat),
        *allowances,
        _RAM.SpecifiedTradePaymentTerms(_RAM.DueDateDateTime(_date(invoice.due_date))),
        _RAM.SpecifiedTradeSettlementHeaderMonetarySummation(
            _RAM.LineTotalAmount(str(sums.subtotal * sign)),
            _RAM.ChargeTotalAmount("0.00"),
            _RAM.AllowanceTotalAmount(str(sums.discount * sign)),
            _RAM.TaxBasisTotalAmount(str(sums.net * sign)),
            _RAM.TaxTotalAmount(str(sums.tax * sign), currencyID=invoice.currency),
            _RAM.GrandTotalAmount(str(sums.gross * sign)),
            _RAM.TotalPrepaidAmount(str(invoice.prepaid)),
            _RAM.DuePayableAmount(str((sums.gross - invoice.prepaid) * sign)),
        ),
    )


def _tax(row: VatRow, sign: int) -> etree._Element:
    return _RAM.ApplicableTradeTax(
        _RAM.CalculatedAmount(str(row.tax * sign)),
        _RAM.TypeCode("VAT"),
        _RAM.BasisAmount(str(row.net * sign)),
        _RAM.CategoryCode(_category(row.rate)),
        _RAM.RateApplicablePercent(plain(row.rate)),
    )


def _allowances(invoice: Invoice, sign: int) -> list[etree._Element]:
    """Return the discount once per VAT rate, as the syntax wants it."""
    found = []
    for row in invoice.sums.vat if invoice.discount_rate else ():
        share = sum((line.net for line in invoice.lines if line.vat_rate == row.rate), Decimal(0)) - row.net
        found.append(
            _RAM.SpecifiedTradeAllowanceCharge(
                _RAM.ChargeIndicator(_UDT.Indicator("false")),
                _RAM.ActualAmount(str(share * sign)),
                _RAM.Reason("Discount"),
                _RAM.CategoryTradeTax(
                    _RAM.TypeCode("VAT"),
                    _RAM.CategoryCode(_category(row.rate)),
                    _RAM.RateApplicablePercent(plain(row.rate)),
                ),
            )
        )
    return found


_XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
