"""Invoices that look like different suppliers', with the truth beside each and a ledger that matches.

A reader of invoices can only be measured on documents whose right answer is known, and no public set of
British supplier invoices exists. So this package invents suppliers, orders and receipts, prints invoices for
them in many layouts through a real browser, spoils some of them in every way the invoices bot should notice,
and writes down what is true and what should happen. It shares no code with the reader, so that both cannot be
wrong in the same way.

Command: ``python -m simulators.documents make --out DIR --seed N`` (see ``--help``).
"""

from simulators.documents.layouts import LAYOUTS
from simulators.documents.make import make
from simulators.documents.plan import EXTRA_KINDS, KINDS, plan_set

__all__ = ["EXTRA_KINDS", "KINDS", "LAYOUTS", "make", "plan_set"]
