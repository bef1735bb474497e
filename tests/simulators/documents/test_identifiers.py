"""Invented identifiers carry right check digits, judged by somebody else's library."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban
from stdnum.de import vat as german
from stdnum.fr import tva as french
from stdnum.gb import vat as british
from stdnum.nl import btw as dutch

from simulators.documents import identifiers
from simulators.documents.cast import suppliers
from simulators.documents.records import BUYER

JUDGES = {"GB": british, "DE": german, "FR": french, "NL": dutch}


@given(st.sampled_from(sorted(JUDGES)), st.integers())
def test_vat_numbers_are_valid(country: str, seed: int) -> None:
    """Any VAT number drawn is valid in its country."""
    assert JUDGES[country].is_valid(identifiers.vat_number(country, Random(seed)))


@given(st.sampled_from(["DE", "FR", "NL"]), st.integers())
def test_ibans_are_valid(country: str, seed: int) -> None:
    """Any IBAN drawn has the right length and check digits."""
    assert iban.is_valid(identifiers.iban(country, Random(seed)), check_country=False)


@pytest.mark.parametrize("supplier", suppliers(), ids=lambda one: one.name)
def test_cast_carries_valid_identifiers(supplier) -> None:
    """Every supplier's VAT number and IBAN are valid; a British IBAN contains sort code and account."""
    bank = supplier.bank
    assert JUDGES[supplier.country].is_valid(supplier.vat_id)
    assert iban.is_valid(bank.iban, check_country=False)
    assert bank.iban.endswith(bank.sort_code.replace("-", "") + bank.account_number)


def test_nothing_is_shared() -> None:
    """No two suppliers share a name, VAT number, account, domain or number; none has the buyer's."""
    cast = suppliers()
    for values in (
        [one.name for one in cast],
        [one.vat_id for one in cast] + [BUYER.vat_id],
        [one.bank.iban for one in cast],
        [one.domain for one in cast],
        [one.number for one in cast if one.number],
    ):
        assert len(set(values)) == len(values)
    assert british.is_valid(BUYER.vat_id)
