"""The browser: finding one, keeping it running, and page objects that act in it once and say what went wrong.

Importing this loads nothing of Playwright; that happens when a browser is first started.
"""

from core.browser.changes import changes
from core.browser.finder import FoundBrowser, find_browser, launch_options
from core.browser.page import Page
from core.browser.readback import difference
from core.browser.scrub import Scrubber, SecretSurvives, scrub_trace
from core.browser.seen import Seen
from core.browser.session import BrowserSession, Tab
from core.browser.target import BrowserTarget

__all__ = [
    "BrowserSession",
    "BrowserTarget",
    "FoundBrowser",
    "Page",
    "Scrubber",
    "SecretSurvives",
    "Seen",
    "Tab",
    "changes",
    "difference",
    "find_browser",
    "launch_options",
    "scrub_trace",
]
