"""A provider's status page, in Statuspage's summary format (``/api/v2/summary.json``)."""

from dataclasses import dataclass

from runbook.checks import http
from runbook.model import Unknown

GREEN = "none"
INDICATORS = frozenset({GREEN, "minor", "major", "critical", "maintenance"})
"""Statuspage's own words for a page as a whole; any other page cannot be understood."""
MOST_INCIDENTS = 3
"""Names that are shown; more tell nothing more."""


@dataclass(frozen=True)
class Page:
    """What a provider says of itself.

    Attributes:
        indicator: one of ``INDICATORS``.
        incidents: names of open incidents, at most three: text from outside, to be quoted.
    """

    indicator: str
    incidents: tuple[str, ...]

    @property
    def green(self) -> bool:
        """Say whether the provider admits no trouble at all."""
        return self.indicator == GREEN


def read(url: str) -> Page | Unknown:
    """Ask a status page once. A page that is no summary is Unknown: nothing is guessed from HTML."""
    reply = http.get(url)
    if isinstance(reply, Unknown):
        return Unknown(f"status page: {reply.why}")
    found = reply.json
    if reply.status != 200 or not isinstance(found, dict):
        return Unknown(f"status page: HTTP {reply.status} without a summary")
    status = found.get("status")
    indicator = status.get("indicator") if isinstance(status, dict) else None
    if indicator not in INDICATORS:
        return Unknown(f"status page: its indicator is {indicator!r}")
    listed = found.get("incidents")
    incidents = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = tuple(str(one.get("name", "")) for one in incidents)
    return Page(str(indicator), names[:MOST_INCIDENTS])


def line(fact: Page | Unknown | None) -> str:
    """Return the page as one line for people."""
    if fact is None:
        return "none is configured"
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    names = "; ".join(fact.incidents)
    said = "green" if fact.green else fact.indicator
    return f"{said}{f': {names}' if names else ''}"
