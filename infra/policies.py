"""Turns what the code declares that it needs into IAM statements by exact ARN."""

from collections import defaultdict
from collections.abc import Iterable

from aws_cdk import aws_iam as iam

from infra import settings
from infra.environment import Environment
from runbook.permissions import Need

NO_RESOURCE = "*"
"""Only for reads that have no resource level; a test lists them."""


def resources(environment: Environment, message_key_arn: str) -> dict[str, list[str]]:
    """Return the ARNs of each kind of resource that a ``Need`` can be on."""
    arn, prefix, worker = environment.arn, environment.prefix, environment.worker
    cluster = environment.cluster.name
    parameters = [
        settings.switch_parameter(environment),
        *settings.mode_parameters(environment).values(),
    ]
    return {
        "table": [arn("dynamodb", f"table/{prefix}")],
        "due_index": [arn("dynamodb", f"table/{prefix}/index/due")],
        "service": [arn("ecs", f"service/{cluster}/{worker.service}")],
        "tasks": [arn("ecs", f"task/{cluster}/*")],
        "cluster_tasks": [NO_RESOURCE],
        "any": [NO_RESOURCE],
        "alarms": [arn("cloudwatch", "alarm:*")],
        "log_group": [arn("logs", f"log-group:{worker.log_group}:*")],
        "repository": [arn("ecr", f"repository/{worker.repository}")],
        "switches": [arn("ssm", f"parameter{name}") for name in parameters],
        "pages": [arn("sns", f"{prefix}-pages")],
        "updates": [arn("sns", f"{prefix}-updates")],
        "message_key": [message_key_arn],
        "dead_letters": [arn("sqs", f"{prefix}-dead-letters")],
        "bus": [arn("events", "event-bus/default")],
    }


def statements(
    environment: Environment, needs: Iterable[Need], message_key_arn: str
) -> list[iam.PolicyStatement]:
    """Return one statement per kind of resource, in a stable order."""
    known = resources(environment, message_key_arn)
    actions: dict[str, set[str]] = defaultdict(set)
    for need in needs:
        actions[need.on].add(need.action)
    cluster = environment.arn("ecs", f"cluster/{environment.cluster.name}")
    conditions = {"cluster_tasks": {"ArnEquals": {"ecs:cluster": cluster}}}
    return [
        iam.PolicyStatement(
            actions=sorted(actions[kind]),
            resources=known[kind],
            conditions=conditions.get(kind),
        )
        for kind in sorted(actions)
    ]
