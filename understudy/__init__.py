"""The public face: what authors of bots and targets import; each name is loaded when it is first used (PEP 562)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.bot import Bot as Bot
    from core.browser import BrowserTarget as BrowserTarget
    from core.browser import Page as Page
    from core.browser import Seen as Seen
    from core.browser import changes as changes
    from core.checks import Finding as Finding
    from core.checks import RulePack as RulePack
    from core.checks import failed as failed
    from core.checks import not_evaluated as not_evaluated
    from core.checks import passed as passed
    from core.errors import ApplicationException as ApplicationException
    from core.errors import BusinessException as BusinessException
    from core.errors import FileUnreadable as FileUnreadable
    from core.errors import LoginFailed as LoginFailed
    from core.errors import PortalChanged as PortalChanged
    from core.errors import PortalUnavailable as PortalUnavailable
    from core.errors import SessionLost as SessionLost
    from core.model.answers import Absent as Absent
    from core.model.answers import Answer as Answer
    from core.model.answers import CannotTell as CannotTell
    from core.model.answers import Found as Found
    from core.model.documents import Document as Document
    from core.model.documents import DocumentText as DocumentText
    from core.model.documents import PageText as PageText
    from core.model.documents import Table as Table
    from core.model.documents import Word as Word
    from core.model.einvoices import EInvoice as EInvoice
    from core.model.items import NewItem as NewItem
    from core.model.items import WorkItem as WorkItem
    from core.model.outcomes import NOBODY as NOBODY
    from core.model.outcomes import ONE_PERSON as ONE_PERSON
    from core.model.outcomes import TWO_PEOPLE as TWO_PEOPLE
    from core.model.outcomes import CheckOutcome as CheckOutcome
    from core.model.outcomes import Outcome as Outcome
    from core.model.outcomes import Waivable as Waivable
    from core.model.steps import Dated as Dated
    from core.model.steps import Missing as Missing
    from core.model.trials import Trial as Trial
    from core.model.trials import TrialValue as TrialValue
    from core.runtime import Context as Context
    from core.runtime import Listed as Listed
    from core.target import Target as Target

_WHERE = {
    # writing a bot
    "Bot": "core.bot",
    "Context": "core.runtime",
    "NewItem": "core.model.items",
    "WorkItem": "core.model.items",
    "Listed": "core.runtime",
    "BusinessException": "core.errors",
    "Trial": "core.model.trials",
    "TrialValue": "core.model.trials",
    "Missing": "core.model.steps",
    "Dated": "core.model.steps",
    # checks
    "RulePack": "core.checks",
    "Finding": "core.checks",
    "passed": "core.checks",
    "failed": "core.checks",
    "not_evaluated": "core.checks",
    "Outcome": "core.model.outcomes",
    "CheckOutcome": "core.model.outcomes",
    "Waivable": "core.model.outcomes",
    "NOBODY": "core.model.outcomes",
    "ONE_PERSON": "core.model.outcomes",
    "TWO_PEOPLE": "core.model.outcomes",
    # documents
    "Document": "core.model.documents",
    "DocumentText": "core.model.documents",
    "PageText": "core.model.documents",
    "Word": "core.model.documents",
    "Table": "core.model.documents",
    "EInvoice": "core.model.einvoices",
    "FileUnreadable": "core.errors",
    # writing a target
    "Target": "core.target",
    "BrowserTarget": "core.browser",
    "Page": "core.browser",
    "Seen": "core.browser",
    "changes": "core.browser",
    "Answer": "core.model.answers",
    "Found": "core.model.answers",
    "Absent": "core.model.answers",
    "CannotTell": "core.model.answers",
    "ApplicationException": "core.errors",
    "PortalUnavailable": "core.errors",
    "PortalChanged": "core.errors",
    "SessionLost": "core.errors",
    "LoginFailed": "core.errors",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"understudy has no name {name!r}; it has: {', '.join(sorted(_WHERE))}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_WHERE)
