"""What each part that can be rolled back gives the frame: its name, its fields, its scenario."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runbook.model import Attempt, Decision, Escalate, Incident, Outcome, Resolve, Status, Wait
from runbook.rules import ESCALATED_SECONDS
from runbook.scenario import Scenario

NAME = "rollback"
"""The scenario of all parts; their targets tell them apart."""
MODE = "rollback_backend"
"""The mode that the gate reads with the switch; a request by hand passes it."""


@dataclass(frozen=True)
class Part:
    """One thing that can be rolled back.

    Attributes:
        name: as a request says it.
        target: the key of its incidents; no two parts have the same.
        fields: of a request, those that only this part takes.
        understand: makes them into what the part's table reads; raises ``TriggerError`` on a wrong one.
        scenario: made for one request; for a second look it is asked for None, and starts nothing.
        undone_by: what the next run of the team's pipeline does to the rollback.
    """

    name: str
    target: str
    fields: tuple[str, ...]
    understand: Callable[[Mapping[str, Any]], Any]
    scenario: Callable[[Any], Scenario[Any]]
    undone_by: str


def unfinished(incident: Incident) -> Wait | None:
    """Wait where the answer of a call is still out: nothing is asked twice."""
    attempt = incident.unanswered
    if attempt is None:
        return None
    return Wait(
        f"the answer of the {attempt.fix} of {attempt.tried_at:%H:%M} is not known yet; "
        "the next look asks the world for it"
    )


def afterwards(incident: Incident, well: str) -> Decision:
    """Return what follows where nothing is left to judge and nobody asks.

    Args:
        incident: with no unjudged attempt.
        well: why all is well again, as a sentence; empty where it is not.
    """
    last = incident.last
    if last is not None and _untold(incident, last):
        return Escalate(
            f"the {last.fix} of {last.tried_at:%H:%M} did not take effect, and nothing was changed; only "
            "a person's request starts a rollback: ask again if it is still meant"
        )
    if last is None or last.outcome is not Outcome.FAILED:
        return Resolve("nothing is left to watch: a rollback is started by a person's request only")
    if well:
        return Resolve(well)
    why = f"the {last.fix} of {last.tried_at:%H:%M} failed, and nothing has become well since"
    escalated = incident.status is Status.ESCALATED
    return Wait(why, ESCALATED_SECONDS) if escalated else Wait(why)


def _untold(incident: Incident, last: Attempt) -> bool:
    """Say whether a call that never took effect was given up since the last request, and nobody was told."""
    anew = incident.reopened_at and incident.reopened_at[-1] > last.tried_at
    return last.outcome is Outcome.REFUSED and incident.status is Status.OPEN and not anew
