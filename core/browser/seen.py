"""What a page shows at one moment: taken in one round trip, to name the true cause of a surprise."""

import difflib
import json
import re
from dataclasses import dataclass, fields
from typing import Any

# How a control gets its name: as Playwright's get_by_label does it, so that reading and filling agree.
NAMES = r"""
const norm = s => (s || '').replace(/\s+/g, ' ').trim();
const words = node => {
  const copy = node.cloneNode(true);
  copy.querySelectorAll('input,select,textarea,button,script,style').forEach(n => n.remove());
  return norm(copy.textContent);
};
const namesOf = el => {
  const by = (el.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean)
    .map(id => document.getElementById(id)).filter(Boolean);
  if (by.length) return by.map(words);
  const aria = norm(el.getAttribute('aria-label'));
  if (aria) return [aria];
  return [...(el.labels || [])].map(words);
};
const visible = el => el.checkVisibility ? el.checkVisibility({visibilityProperty: true}) : el.offsetParent !== null;
const named = [...document.querySelectorAll(
  'input:not([type=hidden]),select,textarea,output,meter,progress,button,[aria-label],[aria-labelledby]')];
"""

SEEN = (
    "(patient) => {"
    "if (!document.body || (patient && document.readyState === 'loading')) return null;"
    + NAMES
    + r"""
const texts = selector => [...document.querySelectorAll(selector)].slice(0, 60).filter(visible)
  .map(el => norm(el.innerText || el.value || el.getAttribute('aria-label'))).filter(Boolean);
const navigation = performance.getEntriesByType('navigation')[0];
return JSON.stringify({
  path: location.protocol === 'chrome-error:' ? 'chrome-error:' : location.pathname,
  title: document.title,
  status: (navigation && navigation.responseStatus) || null,
  loading: document.readyState === 'loading',
  password: [...document.querySelectorAll('input[type=password]')].some(visible),
  headings: texts('h1,h2,h3,h4,legend,[role=heading]'),
  labels: [...new Set(named.filter(el => el.tagName !== 'BUTTON' && visible(el)).flatMap(namesOf))].slice(0, 60),
  buttons: texts('button,input[type=submit],input[type=button],[role=button]'),
  links: texts('a[href]'),
  dialogs: texts('dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]').map(t => t.slice(0, 200)),
  text: norm(document.body.innerText).slice(0, 2000),
}); }"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page as it stood; only what is visible counts."""

    path: str  # of its address, without the query; "chrome-error:" for Chromium's own error page
    title: str
    status: int | None  # HTTP status of the document; None when the browser does not say
    loading: bool  # True: the document is still arriving
    password: bool  # True: a password field is shown
    headings: tuple[str, ...]
    labels: tuple[str, ...]  # of fields
    buttons: tuple[str, ...]
    links: tuple[str, ...]
    dialogs: tuple[str, ...]  # texts of open dialogs, shortened
    text: str  # the beginning of the page's text: to recognise pages by, never to put into a message

    @classmethod
    def from_json(cls, answer: str) -> "Seen":
        """Build the record from what the SEEN script returned."""
        raw: dict[str, Any] = json.loads(answer)
        listed = {"headings", "labels", "buttons", "links", "dialogs"}
        given: dict[str, Any] = {f.name: tuple(raw[f.name]) if f.name in listed else raw[f.name] for f in fields(cls)}
        return cls(**given)

    def instead(self, description: str) -> str:
        """Say what is there instead of something described as `field 'Net'`, the most alike first."""
        kind, _, wanted = description.partition(" ")
        there = {
            "field": self.labels,
            "button": self.buttons,
            "link": self.links,
            "heading": self.headings,
        }.get(kind)
        if there is None:
            return "headings there: " + _listed(self.headings)
        alike = difflib.get_close_matches(wanted.strip("'\""), there, n=3, cutoff=0.4)
        rest = [name for name in there if name not in alike]
        return f"{kind}s there: " + _listed([*alike, *rest])


def masked(text: str) -> str:
    """Hide longer numbers in words taken from a page, which may be somebody's."""
    return re.sub(r"\d{4,}", "…", text)


def _listed(names: "list[str] | tuple[str, ...]") -> str:
    if not names:
        return "none"
    shown = ", ".join(repr(masked(name[:60])) for name in names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
