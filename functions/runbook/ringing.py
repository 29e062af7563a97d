"""Alarms that are not OK while nothing is bad of what their scenario measures. Pure.

Such an alarm lags behind for some minutes, or it is a team's own that measures something else: then nobody
else would ever tell a person.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from runbook.model import Escalate, Incident, Unknown, Wait

LAG = timedelta(minutes=15)
"""That an alarm may ring on: evaluation of 5 min, CloudWatch's delay, and as much again."""


def good_since(measured: Iterable[tuple[datetime, bool]]) -> datetime | None:
    """Return since when it is good without a break.

    Args:
        measured: moments and whether it was good then, oldest first.

    Returns:
        None where the newest is bad, or nothing was measured.
    """
    since = None
    for at, good in measured:
        since = (since or at) if good else None
    return since


def ringing(
    alarms: dict[str, str] | Unknown,
    incident: Incident,
    at: datetime,
    since: datetime | None,
    good: str,
    proposal: str,
) -> Wait | Escalate | None:
    """Return what keeps a good symptom from being the end.

    Args:
        alarms: state by name.
        incident: its start, its re-openings and its fixes begin the time anew.
        at: now.
        since: when the symptom has been good.
        good: the symptom, in words.
        proposal: what a person types next.

    Returns:
        None where all alarms are OK.
    """
    if isinstance(alarms, Unknown):
        return Wait(alarms.why, blind=True)
    rings = [name for name, state in alarms.items() if state == "ALARM"]
    unknown = [(name, state) for name, state in alarms.items() if state not in ("OK", "ALARM")]
    if rings and since is not None and at - max(since, _last(incident)) > LAG:
        why = f"alarm {', '.join(rings)} rings, and nothing that this scenario measures is bad"
        return Escalate(f"{why}: {good}", proposal)
    if unknown:
        name, state = unknown[0]
        return Wait(f"{good}, but alarm {name} is in {state}", blind=True)
    return Wait(f"{good}, but alarm {rings[0]} is in ALARM") if rings else None


def _last(incident: Incident) -> datetime:
    """Return when the incident last began anew, or something was last changed in it."""
    outcomes = [one.outcome_at for one in incident.attempts if one.outcome_at]
    return max([incident.opened_at, *incident.reopened_at, *outcomes])
