"""Events of AWS services that wake a scenario early. They hurry a look; what holds is read from the service.

ECS: a task stopped, a deployment failed. RDS: failover, storage, availability, failure.
Node-based ElastiCache sends none: scenario D polls.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from runbook.errors import TriggerError
from runbook.fields import part, shown, text

TASK = "ECS Task State Change"
DEPLOYMENT = "ECS Deployment State Change"
DATABASE = "RDS DB Instance Event"
KINDS = (TASK, DEPLOYMENT, DATABASE)
_SOURCES = {TASK: "aws.ecs", DEPLOYMENT: "aws.ecs", DATABASE: "aws.rds"}


def understand(
    kind: str, event: Mapping[str, Any], services: Sequence[str], databases: Sequence[str]
) -> str:
    """Return what happened, as a sentence for the record.

    Args:
        kind: the event's detail-type, one of ``KINDS``.
        event: as EventBridge brings it.
        services: ARNs of the services that concern this function.
        databases: identifiers of the instances that concern it.

    Raises:
        TriggerError: it is about something else, or a field is wrong.
    """
    if event.get("source") != _SOURCES[kind]:
        raise TriggerError(
            f"event.source is {shown(event.get('source'))}; expected {_SOURCES[kind]!r}"
        )
    detail = part(event, "detail", "event")
    if kind == TASK:
        return _task(detail, services)
    if kind == DEPLOYMENT:
        return _deployment(event, detail, services)
    return _database(detail, databases)


def _task(detail: Mapping[str, Any], services: Sequence[str]) -> str:
    cluster = text(detail, "clusterArn", "event.detail").rsplit("/", 1)[-1]
    group = text(detail, "group", "event.detail")
    known = {f"{arn.split('/')[-2]} service:{arn.split('/')[-1]}" for arn in services}
    if f"{cluster} {group}" not in known:
        raise TriggerError(
            f"event.detail.group is {shown(group)} in {shown(cluster)}; "
            f"expected one of {', '.join(sorted(known))}"
        )
    code = detail.get("stopCode") or detail.get("lastStatus")
    return f"ECS: a task of {group} in {cluster}: {code}"


def _deployment(
    event: Mapping[str, Any], detail: Mapping[str, Any], services: Sequence[str]
) -> str:
    resources = event.get("resources")
    about = resources[0] if isinstance(resources, list) and resources else None
    if about not in services:
        raise TriggerError(
            f"event.resources is {shown(resources)}; expected one of {', '.join(services)}"
        )
    return f"ECS: {text(detail, 'eventName', 'event.detail')} of {str(about).rsplit('/', 1)[-1]}"


def _database(detail: Mapping[str, Any], databases: Sequence[str]) -> str:
    instance = text(detail, "SourceIdentifier", "event.detail")
    if instance not in databases:
        raise TriggerError(
            f"event.detail.SourceIdentifier is {shown(instance)}; expected one of {', '.join(databases)}"
        )
    return f"RDS: {text(detail, 'EventID', 'event.detail')} of {instance}"
