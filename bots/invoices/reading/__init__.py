"""Reading invoices without a template per supplier: labels, geometry, arithmetic, embedded e-invoices."""

from .reader import read_invoice, read_pages

__all__ = ["read_invoice", "read_pages"]
