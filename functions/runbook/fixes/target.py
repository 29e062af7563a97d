"""What the fixes of an ECS service ask of it right before the write, in one wording."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from runbook.aws import Aws
from runbook.checks import ecr, ecs, task_definitions
from runbook.gate import Landed, Refusal
from runbook.model import Attempt, Unknown

LANDS_WITHIN = timedelta(seconds=60)
"""Reads of ECS are eventually consistent; before this, absence proves nothing."""
SKEW = timedelta(seconds=5)
"""How far ECS's clock and ours may differ."""


def shown(deployment: ecs.Deployment) -> dict[str, Any]:
    """Return which deployment and revision a service is at, as an attempt keeps it."""
    return {"deployment": deployment.id, "task_definition": deployment.task_definition}


def primary_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the primary deployment from UpdateService's answer."""
    deployments = answer["service"]["deployments"]
    return next(one for one in deployments if one["status"] == "PRIMARY")


def unreadable(*facts: object) -> Refusal | None:
    """Refuse where something of the target could not be read."""
    for fact in facts:
        if isinstance(fact, Unknown):
            return Refusal("target", f"the target cannot be re-read: {fact.why}", "escalate")
    return None


def foreign(now: ecs.Service, to: str) -> Refusal | None:
    """Refuse a service that something else than ECS's rolling update deploys.

    Args:
        now: the service.
        to: what would be done to it, for the sentence.
    """
    if now.controller == "ECS" and now.strategy == "ROLLING":
        return None
    how = f"{now.controller}, {now.strategy}"
    return Refusal("target", f"{now.name} is deployed by {how}: not ours to {to}", "escalate")


def moved(decided_on: ecs.Service, now: ecs.Service) -> Refusal | None:
    """Refuse where somebody has deployed since the decision."""
    if now.primary.id == decided_on.primary.id:
        return None
    why = f"{now.name} has a new deployment {now.primary.id} that the decision did not see"
    return Refusal("busy", why, "wait")


def busy(now: ecs.Service) -> Refusal | None:
    """Refuse while somebody's deployment is in progress."""
    primary = now.primary
    if len(now.deployments) == 1 and primary.rollout_state != "IN_PROGRESS":
        return None
    why = f"{now.name} is being deployed ({primary.id} is {primary.rollout_state})"
    return Refusal("busy", why, "wait")


def next_digest(
    aws: Aws,
    definition: task_definitions.TaskDefinition,
    container: str,
    repository: ecr.Repository,
) -> str | Unknown:
    """Return the digest that a new deployment of this revision would run in a container."""
    reference = definition.image(container)
    if isinstance(reference, Unknown):
        return reference
    image = ecr.parse(reference, repository)
    return image if isinstance(image, Unknown) else ecr.digest(aws.reader("ecr"), image)


def other_image(wanted: str, following: str | Unknown, what: str) -> Refusal | None:
    """Refuse where new tasks would run another image than meant: a mutable tag may have moved.

    Args:
        wanted: the digest that is meant to run; empty where ECS does not tell.
        following: what the image resolves to now.
        what: the change, for the sentence.
    """
    if isinstance(following, Unknown) or not wanted:
        why = following.why if isinstance(following, Unknown) else "ECS does not tell its digest"
        return Refusal("target", f"cannot prove which image {what} would run: {why}", "escalate")
    if wanted == following:
        return None
    why = f"{what} would ship another image: the tag now means {following}, meant is {wanted}"
    return Refusal("target", why, "escalate")


def not_yet(at: datetime, attempt: Attempt) -> Landed:
    """Say what it means that nothing of an attempt's call is to be seen."""
    return Landed.NO if at - attempt.tried_at >= LANDS_WITHIN else Landed.TOO_EARLY


def landed(at: datetime, primary: ecs.Deployment, attempt: Attempt, *, meant: bool) -> Landed:
    """Say whether the primary deployment is the one that an attempt's call began.

    Args:
        at: when the deployment was read.
        primary: as it is.
        attempt: with the deployment before in its prior state.
        meant: whether it is of the revision that was meant.
    """
    if primary.id == attempt.prior["deployment"]:
        return not_yet(at, attempt)
    ours = attempt.tried_at - SKEW <= primary.created_at <= attempt.tried_at + LANDS_WITHIN
    return Landed.YES if ours and meant else Landed.UNKNOWN
