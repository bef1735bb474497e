"""The ways an attempt ends other than by returning; BaseException, so that a bot's own `except` cannot swallow them."""

from datetime import datetime

from core.model.effects import Planned
from core.model.reviews import Question


class Ending(BaseException):
    """Base of the endings the context raises."""


class EndedPlanned(Ending):
    """The first effect was reached in a mode that does not act."""

    def __init__(self, plan: Planned) -> None:
        super().__init__(plan.name)
        self.plan = plan


class AskPerson(Ending):
    """A person must decide before the item can go on."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.code)
        self.question = question


class PutBack(Ending):
    """The bot asks for the item to be tried again at a date."""

    def __init__(self, *, until: datetime, code: str, reason: str) -> None:
        super().__init__(code)
        self.until = until
        self.code = code
        self.reason = reason


class Released(Ending):
    """The worker was asked to stop and its time is over: the item goes back untouched, for another worker."""


class TargetHeld(Ending):
    """A target is held: the item goes back untouched and the run stops."""

    def __init__(self, *, target: str, code: str, reason: str) -> None:
        super().__init__(target)
        self.target = target
        self.code = code
        self.reason = reason


class InDoubt(Ending):
    """The click was made and the answer is unclear: look again after the target has settled.

    `refused`: the target gave a clear answer, and it was no; doing it again would only be refused again.
    """

    def __init__(self, *, target: str, code: str, message: str, refused: bool = False) -> None:
        super().__init__(code)
        self.target = target
        self.code = code
        self.message = message
        self.refused = refused
