"""The process definition: the manual process as the staff described it, read from a bot's `process.toml`."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProcessStep(_Table):
    """One numbered step as a person does it."""

    number: int
    who: str  # the role that does it by hand
    does: str  # one sentence
    minutes: Decimal = Decimal(0)  # by hand, measured with the staff
    bot: str = ""  # the step, look or effect of the bot that mirrors it; empty when it stays with people


class ProcessCheck(_Table):
    """One check as the staff know it."""

    code: str
    rule: str  # one sentence
    source: str  # policy paragraph, law, form version
    on_failure: str  # what the staff do then


class ProcessDefinition(_Table):
    """The whole manual process, signed off by its owner."""

    name: str
    version: str
    owner: str  # the role that answers for the process
    signed_off_by: str | None = None  # the person; absent until it is signed
    signed_off_on: date | None = None
    purpose: str
    steps: tuple[ProcessStep, ...] = Field(min_length=1)
    checks: tuple[ProcessCheck, ...] = ()
