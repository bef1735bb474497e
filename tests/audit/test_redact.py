"""Redaction: what must go goes, what is useful stays, and it is never slow."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.redact import Redactor

PLAIN = Redactor()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patient 9434765919 seen", "patient [redacted:nhs-number] seen"),
        ("patient 943 476 5919 seen", "patient [redacted:nhs-number] seen"),
        ("patient 943-476-5919 seen", "patient [redacted:nhs-number] seen"),
        ("pay GB82 WEST 1234 5698 7654 32 PAID", "pay [redacted:iban] PAID"),
        ("pay gb82west12345698765432.", "pay [redacted:iban]."),
        ("REF AB12 GB82WEST12345698765432", "REF AB12 [redacted:iban]"),
        ("GB82WEST12345698765432 DE89370400440532013000", "[redacted:iban] [redacted:iban]"),
        ("sort 20-00-00 account 12345678 ok", "sort [redacted:bank-account] ok"),
        ("account 12345678, sort code 20 00 00.", "account [redacted:bank-account]."),
        ("Sort code: 200000 Account: 12345678", "[redacted:bank-account]"),
        ("mail anna.smith+x@example.co.uk now", "mail [redacted:email] now"),
        ("password=hunter2 next", "password=[redacted:secret] next"),
        ("ledger_password: 'a b c', next", "ledger_password: [redacted:secret], next"),
        ('{"api_key": "abc", "n": 1}', '{"api_key": [redacted:secret], "n": 1}'),
        ('{\\"token\\": \\"abc\\"}', '{\\"token\\": [redacted:secret]}'),
        ("https://x/?token=abc&page=2", "https://x/?token=[redacted:secret]&page=2"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: [redacted:secret]"),
        ("header Bearer abcdefgh.ijk", "header [redacted:secret]"),
    ],
)
def test_what_must_not_be_shown_is_taken_out(text: str, expected: str) -> None:
    """Each kind is replaced by a mark that says what stood there."""
    assert PLAIN.redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 4500012345 of 2026-03-02",
        "phone 9434765910",  # check digit wrong
        "voucher 1234567890123",
        "VAT GB123456789 total 1,498.00 net 1,248.33",
        "GB82 WEST 1234 5698 7654 33",  # check digits wrong
        "item 20260302 run 17",
        "sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "3 tokens left; the password field is empty",
    ],
)
def test_what_helps_stays(text: str) -> None:
    """Order numbers, dates, amounts and hashes survive."""
    assert PLAIN.redact(text) == text


def test_a_registered_secret_goes_in_every_spelling() -> None:
    """As it is, in JSON, in a URL and in a Python literal."""
    secret = 'pä"ss\\wörd /+'
    redactor = Redactor([secret])
    for text in (secret, json.dumps(secret)[1:-1], json.dumps({"x": secret}), quote(secret), repr([secret])):
        assert "w" not in redactor.redact(text).replace("[redacted:secret]", "")


def test_the_longest_of_overlapping_secrets_goes() -> None:
    """A secret that begins like another leaves no tail behind."""
    assert Redactor(["hunter2", "hunter2hunter3"]).redact("x hunter2hunter3 y") == "x [redacted:secret] y"


def test_a_short_secret_does_not_blot_out_words() -> None:
    """A value of fewer than six characters is left in; from six on it is taken out."""
    assert Redactor(["12345"]).redact("item 12345") == "item 12345"
    assert Redactor(["123456"]).redact("item 123456") == "item [redacted:secret]"


def test_bytes_of_evidence_are_scrubbed() -> None:
    """A trace is freed of registered secrets, and can be searched for survivors."""
    redactor = Redactor(["hunter2hunter"])
    assert redactor.holds_secret(b'{"value":"hunter2hunter"}')
    clean = redactor.scrub(b'{"value":"hunter2hunter"}')
    assert clean == b'{"value":"[redacted:secret]"}'
    assert not redactor.holds_secret(clean)


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(words, st.text(st.characters(exclude_categories=("Cs",)), min_size=6, max_size=30), words)
def test_no_registered_secret_survives(before: str, secret: str, after: str) -> None:
    """Wherever it stands, the secret is gone from the text."""
    redacted = Redactor([secret]).redact(before + secret + after)
    assert secret not in redacted.replace("[redacted:secret]", "\x00")


@given(st.text(alphabet="0123456789 -@.=:abGB82password[]'\"", max_size=120))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """What is redacted stays as it is, so that a text may pass more than once."""
    once = PLAIN.redact(text)
    assert PLAIN.redact(once) == once


@pytest.mark.parametrize(
    "part", ["a", "a.", "1 ", "12-12-12 ", "password=", "@", "a@b.", "GB82", "12345678 ", "sort code ", "'", "bearer "]
)
def test_hostile_text_is_read_in_one_walk(part: str) -> None:
    """A million characters made to be slow are finished with (a pattern that starts over would take hours)."""
    assert len(PLAIN.redact(part * (1_000_000 // len(part)))) > 0


def test_thousands_of_secrets_are_looked_for_in_one_walk() -> None:
    """Twenty thousand secrets in a long text: one walk, not one per secret."""
    redactor = Redactor(f"{number:06}-secret" for number in range(20_000))
    text = "posted voucher INV-2231 for item 8812 " * 10_000
    assert redactor.redact(text + "019999-secret") == text + "[redacted:secret]"
