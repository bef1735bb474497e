"""What a person may do with a review task; the command line and the web page both call it."""

from core.decisions.decide import Decisions
from core.decisions.people import People
from core.decisions.refused import DecisionRefused

__all__ = ["DecisionRefused", "Decisions", "People"]
