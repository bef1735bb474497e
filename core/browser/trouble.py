"""Playwright's errors, in our words.

The classes are fetched when an error is at hand, so that importing core.browser does not load Playwright.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Error, Locator

_GONE = ("crash", "has been closed", "connection closed", "browser closed", "disconnected")


def playwright_error() -> "type[Error]":
    """The class of every error Playwright raises, for an `except` clause."""
    from playwright.sync_api import Error

    return Error


def is_timeout(error: "Error") -> bool:
    """True when Playwright waited in vain."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    return isinstance(error, PlaywrightTimeout)


def is_gone(error: "Error") -> bool:
    """True when the page, the context or Chromium itself ended."""
    first = error.message.splitlines()[0].lower()
    return any(word in first for word in _GONE)


def network_reason(error: "Error") -> str | None:
    """Return Chromium's name of a network failure (`net::ERR_EMPTY_RESPONSE`), or None when it is something else."""
    for word in error.message.split():
        if word.startswith("net::"):
            return word
    return "net::ERR_ABORTED" if "interrupted by another navigation" in error.message else None


def is_ambiguous(error: "Error") -> bool:
    """True when a locator matched more than one element."""
    return "strict mode violation" in error.message


def was_clicked(error: "Error") -> bool:
    """True when a click that timed out had already been delivered, and only its answer was late."""
    return "performing click action" in error.message and "click action done" in error.message


def is_covered(error: "Error") -> bool:
    """True when something lay over the control to be clicked."""
    return "intercepts pointer events" in error.message


def has_no_option(error: "Error") -> bool:
    """True when a choice does not offer what was to be chosen."""
    return "did not find some options" in error.message


def hush(error: "Error") -> "Error":
    """Keep only the first line of an error's text: the rest quotes the page, values included."""
    error.args = (error.message.splitlines()[0],)
    return error


def described(locator: "Locator") -> str:
    """Return what a locator looks for, in the words of whoever made it."""
    return locator.description or "control " + str(locator).partition("selector=")[2].rstrip(">")
