"""Turns what the code declares that it needs into IAM statements by exact ARN."""

from collections import defaultdict

from aws_cdk import aws_iam as iam

from infra import settings
from infra.environment import Environment
from infra.spec import Spec

NO_RESOURCE = "*"
"""Only for reads that have no resource level; a test lists them."""


def resources(environment: Environment, spec: Spec, message_key_arn: str) -> dict[str, list[str]]:
    """Return the ARNs of each kind of resource that a ``Need`` of this function can be on."""
    arn, prefix = environment.arn, environment.prefix
    cluster = environment.cluster.name
    parameters = [
        settings.switch_parameter(environment),
        *settings.mode_parameters(environment).values(),
    ]
    return {
        "table": [arn("dynamodb", f"table/{prefix}")],
        "due_index": [arn("dynamodb", f"table/{prefix}/index/due")],
        "service": [arn("ecs", f"service/{cluster}/{name}") for name in spec.services],
        "changed_service": [arn("ecs", f"service/{cluster}/{name}") for name in spec.changes],
        "tasks": [arn("ecs", f"task/{cluster}/*")],
        "cluster_tasks": [NO_RESOURCE],
        "any": [NO_RESOURCE],
        "log_group": [arn("logs", f"log-group:{name}:*") for name in spec.log_groups],
        "repository": [arn("ecr", f"repository/{name}") for name in spec.repositories],
        "switches": [arn("ssm", f"parameter{name}") for name in parameters],
        "pages": [arn("sns", f"{prefix}-pages")],
        "updates": [arn("sns", f"{prefix}-updates")],
        "message_key": [message_key_arn],
        "dead_letters": [arn("sqs", f"{prefix}-dead-letters")],
        "bus": [arn("events", "event-bus/default")],
        **spec.more,
    }


def statements(
    environment: Environment, spec: Spec, message_key_arn: str
) -> list[iam.PolicyStatement]:
    """Return one statement per kind of resource, in a stable order."""
    known = resources(environment, spec, message_key_arn)
    actions: dict[str, set[str]] = defaultdict(set)
    for need in spec.needs:
        actions[need.on].add(need.action)
    cluster = environment.arn("ecs", f"cluster/{environment.cluster.name}")
    conditions = {
        "cluster_tasks": {"ArnEquals": {"ecs:cluster": cluster}},
        "one_off_family": {"ArnEquals": {"ecs:cluster": cluster}},
        "passed_roles": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    return [
        iam.PolicyStatement(
            actions=sorted(actions[kind]),
            resources=known[kind],
            conditions=conditions.get(kind),
        )
        for kind in sorted(actions)
    ]
