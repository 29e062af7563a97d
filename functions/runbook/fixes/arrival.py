"""Has a service arrived where a fix sent it? Asked before anything else is judged. Pure."""

from datetime import datetime
from typing import Protocol

from runbook.checks import ecs
from runbook.checks.service_deployments import BACK, GOING_BACK, UNDER_WAY, History
from runbook.fixes import redeploy
from runbook.model import Attempt, Decision, Escalate, Outcome, Unknown, Verdict, Wait


class Facts(Protocol):
    """What a scenario must have read to tell."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def history(self) -> History | Unknown: ...  # noqa: D102  # a field of the scenario's facts


def superseded(deployment: str, attempt: Attempt) -> Wait:
    """Return what follows where somebody has deployed since."""
    why = f"somebody deployed {deployment} after our {attempt.fix}"
    return Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why))


def arriving(facts: Facts, service: ecs.Service, attempt: Attempt) -> Decision | None:
    """Return what there is to say until the service is where the fix sent it; None once it is there."""
    stopped = attempt.left.get("stopped")
    if not stopped:
        ours = service.primary.id == attempt.left["deployment"]
        return None if ours else superseded(service.primary.id, attempt)
    history = facts.history
    if isinstance(history, Unknown):
        return Wait(history.why, blind=True)
    newest = history.newest
    if newest.arn != stopped:
        return superseded(newest.revision.name, attempt)
    if newest.status == BACK:
        return None
    since = attempt.outcome_at or attempt.tried_at
    on_the_way = newest.status in UNDER_WAY or newest.status in GOING_BACK
    if on_the_way and facts.at - since < redeploy.COMPLETED_DEADLINE:
        return Wait(f"ECS takes the deployment back since {since:%H:%M} ({newest.status})")
    why = f"ECS did not take {newest.revision.name} back: it is {newest.status}"
    return Escalate(why, verdict=Verdict(Outcome.FAILED, why))
