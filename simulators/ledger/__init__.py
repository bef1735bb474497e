"""Ledger: an invented finance system, as accounts-payable staff meet one, for bots to be proven on.

Suppliers with their bank details, purchase orders with goods received, and vouchers (supplier invoices)
that are entered on a form and found again in a list. Users `robot` and `clerk`; the password comes from
`--password`, from the environment variable LEDGER_PASSWORD, or is an obviously invented one. It refuses
what it cannot read, and a form sent twice; it does not refuse a second voucher with the same invoice
number, as many real systems do not.

`--data` fills it with these suppliers, orders and receipts instead of the seed's. Amounts and quantities
may be numbers or text with a decimal point, dates are ISO, VAT rates are percentages, absent bank details
are null:

    {
      "suppliers": [{"number": "100001", "name": "...", "vat_id": "GB...", "sort_code": "20-00-00",
                     "account_number": "12345678", "iban": null, "email_domain": "example.co.uk",
                     "currency": "GBP", "on_hold": false}],
      "orders": [{"number": "PO-4500001", "supplier": "100001", "currency": "GBP", "date": "2026-01-05",
                  "lines": [{"line": 1, "description": "...", "quantity": "10", "unit_price": "2.50",
                             "vat_rate": "20", "invoiced": "0",
                             "received": [{"date": "2026-01-12", "quantity": "10"}]}]}]
    }

`invoiced` and `received` may be left out: nothing yet.

Its own faults are in `simulators.ledger.faults`; those of any web system in `simulators.faults`; how a
simulator is run is said in `simulators.command`.
"""
