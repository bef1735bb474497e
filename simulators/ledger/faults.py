"""What can go wrong in the ledger."""

from collections.abc import Mapping

from simulators.faults import COMMON_FAULTS, Kind

LEDGER_FAULTS: Mapping[str, Kind] = {
    **COMMON_FAULTS,
    "error-before-save": Kind(summary="Saving a voucher ends in an error page; nothing is saved."),
    "error-after-save": Kind(summary="Saving a voucher ends in an error page; it is saved."),
    "drop-after-save": Kind(summary="The connection is cut without an answer; the voucher is saved."),
    "late-commit": Kind(
        summary="The save times out (or the connection is cut); the voucher exists only after some seconds.",
        variants=("timeout", "drop"),
        seconds=2.0,
    ),
    "session-lost": Kind(summary="The session ends between opening the form and saving it; nothing is saved."),
    "label-changed": Kind(
        summary="A release renames a field of the form, gives two fields one name, or renames a list column.",
        variants=("form", "twice", "list"),
    ),
    "field-moved": Kind(
        summary="A release moves fields with their labels, swaps the labels of two, or moves list columns.",
        variants=("order", "labels", "columns"),
    ),
    "truncate": Kind(
        summary="Saving shortens the invoice number or our reference, or the form takes fewer letters.",
        variants=("number", "reference", "maxlength"),
    ),
    "reformat": Kind(
        summary="Saving swaps day and month, or drops the pence; or the form itself rewrites dates.",
        variants=("date", "amount", "form"),
    ),
    "modal": Kind(summary="A survey covers the voucher form."),
    "double-submit": Kind(summary="The same form sent twice is saved twice."),
    "search-lag": Kind(summary="A saved voucher is listed only after some seconds.", seconds=2.0),
}
