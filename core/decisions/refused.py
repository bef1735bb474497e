"""The answer to a decision that may not be taken."""

from core.errors import UnderstudyError


class DecisionRefused(UnderstudyError):
    """Nothing was changed; the message says why and what can be done instead."""
