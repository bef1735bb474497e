"""All rules run, and no path turns an exception into an approval."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks import Finding, RulePack, failed, not_evaluated, passed, unwaived
from core.errors import BusinessException, ConfigError
from core.model.outcomes import NOBODY, ONE_PERSON, TWO_PEOPLE, CheckOutcome, Outcome, Waivable, Waiver


def pack_of(*answers: Callable[[int], Any], waive: Waivable = ONE_PERSON) -> RulePack:
    """Return a pack with one rule for each function."""
    pack = RulePack("tests", version="1")
    for number, answer in enumerate(answers):
        pack.rule(f"RULE_{number}", source="policy", action="Look.", waive=waive)(_one_fact(answer))
    return pack


def _one_fact(answer: Callable[[int], Any]) -> Callable[[int], Any]:
    def rule(net: int) -> Any:
        """The net is right."""
        return answer(net)

    return rule


def _raises(error: BaseException) -> Callable[[int], Any]:
    def rule(net: int) -> Any:
        raise error

    return rule


def test_every_rule_runs() -> None:
    """A rule that fails, or breaks, stops no other."""
    pack = pack_of(
        lambda net: failed("Too much."), _raises(KeyError("vat")), lambda net: passed(), lambda net: not_evaluated("?")
    )
    assert [outcome.outcome for outcome in pack.run({"net": 5})] == [
        Outcome.FAILED,
        Outcome.NOT_EVALUATED,
        Outcome.PASSED,
        Outcome.NOT_EVALUATED,
    ]


@pytest.mark.parametrize("error", [ValueError("secret value"), BusinessException("X", "y"), AssertionError()])
def test_a_rule_that_raises_is_not_evaluated(error: Exception) -> None:
    """Whatever a rule raises, a person decides, and the message tells nothing of the data."""
    (outcome,) = pack_of(_raises(error)).run({"net": 5})
    assert outcome.outcome is Outcome.NOT_EVALUATED
    assert "secret" not in outcome.message


@pytest.mark.parametrize("answer", [None, True, "passed", Outcome.PASSED])
def test_a_rule_that_answers_no_finding_is_not_evaluated(answer: object) -> None:
    """Forgetting to return, or returning True, approves nothing."""
    (outcome,) = pack_of(lambda net: answer).run({"net": 5})
    assert outcome.outcome is Outcome.NOT_EVALUATED


def test_a_fact_that_was_not_given_is_the_bots_mistake() -> None:
    """The sentence names the fact."""
    with pytest.raises(TypeError, match="net"):
        pack_of(lambda net: passed()).run({})


def test_a_digest_is_of_inputs_and_outcome() -> None:
    """Another input or another outcome has another digest; the same ones have the same."""
    pack = pack_of(lambda net: failed("Too much.", found="much"))
    (five,), (again,), (six,) = (pack.run({"net": net}) for net in (5, 5, 6))
    assert five.digest == again.digest != six.digest
    (other,) = pack_of(lambda net: failed("Too much.", found="more")).run({"net": 5})
    assert other.digest != five.digest


@pytest.mark.parametrize(
    ("code", "problem"), [("lower", "CAPITALS"), ("RULE-1", "CAPITALS"), ("RULE_0", "twice"), ("NO_DOC", "docstring")]
)
def test_a_rule_that_is_declared_wrongly_is_refused(code: str, problem: str) -> None:
    """The author hears when the pack loads."""
    pack = pack_of(lambda net: passed())

    def rule(net: int) -> Finding:
        return passed()

    if code != "NO_DOC":
        rule.__doc__ = "A sentence."
    with pytest.raises(ConfigError, match=problem):
        pack.rule(code, source="policy", action="Look.", waive=NOBODY)(rule)


def outcome(result: Outcome, people: int) -> CheckOutcome:
    """Return an outcome that so many people may waive."""
    return CheckOutcome(code="A", outcome=result, message="m", waivable=Waivable(people=people), digest="d")


@given(
    result=st.sampled_from(Outcome),
    people=st.integers(0, 3),
    given_by=st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["A", "B"]), st.sampled_from(["d", "e"]))),
)
def test_what_stands_in_the_way(result: Outcome, people: int, given_by: list[tuple[str, str, str]]) -> None:
    """Only passing, or enough different people for this code and digest, clears the way; for some checks nobody can."""
    standing = unwaived([outcome(result, people)], [Waiver(who=w, code=c, digest=d) for w, c, d in given_by])
    enough = len({w for w, c, d in given_by if (c, d) == ("A", "d")}) >= people > 0
    assert (not standing) == (result is Outcome.PASSED or enough)


def test_there_is_no_default_for_who_may_waive() -> None:
    """Each rule says it."""
    with pytest.raises(TypeError, match="waive"):
        RulePack("p", version="1").rule("A", source="s", action="a")  # type: ignore[call-arg]
    assert (NOBODY.people, ONE_PERSON.people, TWO_PEOPLE.people) == (0, 1, 2)
