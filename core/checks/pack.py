"""A rule pack: the checks of one process, each a pure function of named facts.

A rule says which facts it needs by the names of its parameters. All rules run, never stopping at the first. A rule
whose fact is Missing, or that raises, is not evaluated; no path turns an exception into an approval.
"""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from core.errors import ConfigError
from core.model.digests import digest
from core.model.outcomes import CheckOutcome, Outcome, Waivable
from core.model.steps import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule function returns."""

    outcome: Outcome
    message: str = ""  # a sentence with the numbers in it; required unless passed
    found: str = ""
    expected: str = ""
    fields: tuple[str, ...] = ()


def passed(*, found: str = "", expected: str = "") -> Finding:
    """The rule holds."""
    return Finding(outcome=Outcome.PASSED, found=found, expected=expected)


def failed(message: str, *, found: str = "", expected: str = "", fields: tuple[str, ...] = ()) -> Finding:
    """The rule does not hold; `message` says so with the numbers in it."""
    return Finding(outcome=Outcome.FAILED, message=message, found=found, expected=expected, fields=fields)


def not_evaluated(message: str, *, fields: tuple[str, ...] = ()) -> Finding:
    """The rule could not be judged; `message` says what is missing."""
    return Finding(outcome=Outcome.NOT_EVALUATED, message=message, fields=fields)


RuleFunction = Callable[..., Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check with its source and who may waive it."""

    code: str
    source: str
    action: str  # what a person should do when it does not pass
    waivable: Waivable
    function: RuleFunction
    facts: tuple[str, ...]  # names of the facts it needs

    @property
    def title(self) -> str:
        """The rule in one sentence, for people."""
        return inspect.getdoc(self.function) or self.code


class RulePack:
    """The checks of one process: `pack = RulePack("accounts-payable", version="1")`, then `@pack.rule(...)`."""

    def __init__(self, name: str, *, version: str) -> None:
        self.name = name
        self.version = version
        self.rules: list[Rule] = []

    def rule(self, code: str, *, source: str, action: str, waive: Waivable) -> Callable[[RuleFunction], RuleFunction]:
        """Add a check; its facts are the function's parameters, its sentence the docstring.

        Raises ConfigError when the code is taken, is not in CAPITALS, or the function has no docstring.
        """

        def add(function: RuleFunction) -> RuleFunction:
            problems = []
            if code != code.upper() or not code.replace("_", "").isalnum():
                problems.append(f"check {code!r} in pack {self.name!r}: a code is in CAPITALS with underscores")
            if any(rule.code == code for rule in self.rules):
                problems.append(f"check {code!r} is twice in pack {self.name!r}")
            if not inspect.getdoc(function):
                problems.append(f"check {code!r} in pack {self.name!r} needs a docstring: the rule in one sentence")
            if problems:
                raise ConfigError(problems)
            facts = tuple(inspect.signature(function).parameters)
            self.rules.append(
                Rule(code=code, source=source, action=action, waivable=waive, function=function, facts=facts)
            )
            return function

        return add

    @cached_property
    def stamp(self) -> str:
        """Name, version and a short hash of the rules, as stored beside every outcome."""
        text = "\n".join(f"{rule.code}\n{rule.source}\n{_source(rule.function)}" for rule in self.rules)
        return f"{self.name} {self.version} {hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def run(self, facts: Mapping[str, object]) -> tuple[CheckOutcome, ...]:
        """Run every rule on the facts and return every outcome, in the pack's order.

        Raises TypeError when a rule needs a fact that was not given: a mistake in the bot, not in the data.
        """
        needed = {name for rule in self.rules for name in rule.facts}
        if lacking := sorted(needed - facts.keys()):
            raise TypeError(f"the checks of {self.name} need {', '.join(lacking)}; pass them to ctx.check")
        digests = {name: digest(facts[name]) for name in sorted(needed)}
        return tuple(self._judge(rule, facts, digests) for rule in self.rules)

    def _judge(self, rule: Rule, facts: Mapping[str, object], digests: Mapping[str, str]) -> CheckOutcome:
        finding = _evaluate(rule, facts)
        outcome = CheckOutcome(
            code=rule.code,
            outcome=finding.outcome,
            message=finding.message or rule.title,
            found=finding.found,
            expected=finding.expected,
            fields=finding.fields,
            source=rule.source,
            action=rule.action,
            waivable=rule.waivable,
        )
        bound = [rule.code, finding.outcome, finding.found, finding.expected, finding.message]
        return replace(outcome, digest=digest([bound, {name: digests[name] for name in rule.facts}]))


def _evaluate(rule: Rule, facts: Mapping[str, object]) -> Finding:
    for name in rule.facts:
        fact = facts[name]
        if isinstance(fact, Missing):
            return not_evaluated(fact.reason)
    try:
        finding: object = rule.function(**{name: facts[name] for name in rule.facts})
    except Exception as error:  # noqa: BLE001 - a broken rule is an outcome for a person, never an approval
        return not_evaluated(f"the check itself failed with {type(error).__name__}; tell the automation team")
    if not isinstance(finding, Finding):
        return not_evaluated(f"the check itself answered {finding!r:.40}, no finding; tell the automation team")
    return finding


def _source(function: RuleFunction) -> str:
    try:
        return inspect.getsource(function)
    except OSError:
        return repr(function.__code__.co_code)
