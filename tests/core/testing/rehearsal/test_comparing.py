"""What targets hold, compared."""

from typing import Any

from core.testing.rehearsal.comparing import Proof, differences


def proof(key: str, number: str | int) -> Proof:
    """A receipt with its number."""
    return Proof(effect="post", key=key, receipt={"number": number})


def voucher(number: str | int, reference: str, **more: Any) -> dict[str, Any]:
    """A record of the target."""
    return {"number": number, "reference": reference, **more}


def told(expected: Any, expected_proofs: Any, found: Any, found_proofs: Any) -> tuple[str, ...]:
    """Compare two snapshots of a ledger."""
    return differences(
        "ledger", expected=expected, expected_proofs=expected_proofs, found=found, found_proofs=found_proofs
    )


def test_another_order_and_other_numbers_are_no_difference() -> None:
    """Records entered the other way round carry each other's numbers, and are the same."""
    expected = {"vouchers": [voucher("V-1", "a"), voucher("V-2", "b")], "newest": {"V-2": "b"}}
    found = {"vouchers": [voucher("V-1", "b"), voucher("V-2", "a")], "newest": {"V-1": "b"}}
    proofs = [proof("a", "V-1"), proof("b", "V-2")], [proof("b", "V-1"), proof("a", "V-2")]
    assert told(expected, proofs[0], found, proofs[1]) == ()


def test_bare_numbers_are_known_by_their_column() -> None:
    """A target that counts 1, 2 is compared likewise; the same figures in another column stay what they are."""
    expected = {"vouchers": [voucher(1, "a", copies=2), voucher(2, "b", copies=2)]}
    found = {"vouchers": [voucher(1, "b", copies=2), voucher(2, "a", copies=2)]}
    proofs = [proof("a", 1), proof("b", 2)], [proof("b", 1), proof("a", 2)]
    assert told(expected, proofs[0], found, proofs[1]) == ()
    found["vouchers"][0]["copies"] = 1
    assert len(told(expected, proofs[0], found, proofs[1])) == 2


def test_a_record_twice_is_told() -> None:
    """One that no receipt accounts for keeps its number, and is one too many."""
    expected = {"vouchers": [voucher("V-1", "a")]}
    found = {"vouchers": [voucher("V-1", "a"), voucher("V-2", "a")]}
    (sentence,) = told(expected, [proof("a", "V-1")], found, [proof("a", "V-1")])
    assert sentence == 'ledger vouchers holds {"number": "V-2", "reference": "a"} more'


def test_records_alike_are_counted() -> None:
    """Where the target numbers nothing, twice is still more than once."""
    assert told({"lines": ["a"]}, [], {"lines": ["a", "a", "a"]}, []) == ('ledger lines holds "a", 2 times more',)


def test_a_lost_record_is_told() -> None:
    """One that is not there is lacking, also where nothing is left at all."""
    expected = {"vouchers": [voucher("V-1", "a")]}
    for found in ({"vouchers": []}, {}):
        (sentence,) = told(expected, [proof("a", "V-1")], found, [])
        assert sentence.startswith('ledger vouchers lacks {"number": "[post a]"')


def test_a_receipt_for_the_wrong_record_is_told() -> None:
    """A number confirmed for another key than its record's shows on both records."""
    snapshot = {"vouchers": [voucher("V-1", "a"), voucher("V-2", "b")]}
    proofs = [proof("a", "V-1"), proof("b", "V-2")], [proof("b", "V-1"), proof("a", "V-2")]
    assert len(told(snapshot, proofs[0], snapshot, proofs[1])) == 4


def test_what_is_no_list_is_compared_as_it_is() -> None:
    """A count or a nested record differs when it differs; logins are not compared."""
    expected = {"count": 1, "login_attempts": {"robot": 1}}
    assert told(expected, [], {"count": 2, "login_attempts": {"robot": 3}}, []) == ("ledger count: 2 instead of 1",)


def test_many_differences_are_counted_not_told() -> None:
    """After five the rest is a number."""
    sentences = told({"vouchers": []}, [], {"vouchers": [voucher(f"V-{n}", "x") for n in range(9)]}, [])
    assert len(sentences) == 6
    assert sentences[-1] == "ledger: and 4 more differences"


def test_what_several_receipts_share_is_no_number() -> None:
    """A word that stands on every receipt stays the word it is."""
    proofs = [
        Proof(effect="post", key=key, receipt={"number": number, "how": "posted"}) for key, number in ("aV", "bW")
    ]
    (sentence,) = told({"vouchers": [voucher("V", "a", how="posted")]}, proofs, {"vouchers": []}, [])
    assert '"how": "posted"' in sentence
