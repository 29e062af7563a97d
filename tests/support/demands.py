"""What a function's calls demand of IAM, by exact ARN, told from its source and its settings.

``reach`` says which AWS operations the function's source can reach; ``samples`` gives each operation the
parameters that the function's settings make; the rehearsal's table says which actions on which ARNs
such a call needs. An operation without a sample here, or that the rehearsal does not know, is an error.
"""

from collections.abc import Iterator
from typing import Any

from infra.chapters import SCENARIOS
from infra.environment import load
from reach import Site, passes, reached, words
from rehearsal.aws.iam import NEEDED, Demand, Place, allowed
from runbook.postmortem import FOLDER
from synthesized import Body, Grant, Synthesized

OPTIONAL = {
    "runbook/bus.py hurry": ("hands_over",),
    "runbook/gate.py _live": ("fixes",),
    "runbook/table.py get_many": ("fixes", "targets"),
}
"""Code that in a scenario runs only where its own files pass one of these arguments, and not as nothing:
the kit brings it along. Another function that can reach it means it."""

KEEPS_INCIDENTS = {*SCENARIOS, "rollback"}
"""Functions that look by the kit; of the others, who can reach such code means it."""

KINDS = {"Put", "Update", "Delete", "ConditionCheck"}
"""What a transaction can be made of; its source names them."""


def calls(folder: str) -> list[Site]:
    """Return every AWS call that a function can make."""
    return sorted(
        (
            site
            for site in reached(folder)
            if site.where not in OPTIONAL
            or folder not in KEEPS_INCIDENTS
            or any(passes(folder, argument) for argument in OPTIONAL[site.where])
        ),
        key=lambda site: (site.operation, site.where),
    )


def samples(stack: Synthesized, folder: str, site: Site) -> list[dict[str, Any]]:
    """Return the parameters of one call, as the function's settings make them."""
    told = stack.settings(folder)
    table, cluster, service = (told.get(name, "") for name in ("table", "cluster", "service"))
    index = {"IndexName": "due"} if "IndexName" in site.words else {}
    kinds = sorted(KINDS & words(folder))
    switches = [told.get("switch_parameter", ""), *told.get("mode_parameters", {}).values()]
    tiers = told.get("tiers", {}).values()
    family = told.get("migrations", {}).get("task_family", "")
    secrets = [told.get(name, "") for name in ("reconcile_secret", "redis_secret")]
    secrets.append(told.get("frontend", {}).get("secret", ""))
    services = [one for one in (service, *(tier["service"] for tier in tiers)) if one]
    repositories = [told.get("repository", ""), *(tier.get("repository", "") for tier in tiers)]
    repositories = [one for one in repositories if one]
    read = [*services, told.get("worker", "")]
    of_service, of_read = (
        [{"cluster": cluster, "services": [name], "service": name} for name in names if name]
        for names in (services, read)
    )
    groups = [told.get("log_group", ""), told.get("worker_log_group", "")]
    groups += [tier.get("log_group", "") for tier in told.get("tiers", {}).values()]
    task_role, execution_role = (*told.get("roles", ()), "", "")[:2]
    known: dict[str, list[dict[str, Any]]] = {
        "application-autoscaling.DescribeScalableTargets": [{}],
        "application-autoscaling.DescribeScalingPolicies": [{}],
        "cloudwatch.DescribeAlarms": [{"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}],
        "cloudwatch.GetMetricData": [{}],
        "dynamodb.BatchGetItem": [{"RequestItems": {table: {}}}],
        "dynamodb.TransactWriteItems": [
            {"TransactItems": [{kind: {"TableName": table}} for kind in kinds]}
        ],
        **{
            f"dynamodb.{name}": [{"TableName": table, **index}]
            for name in ("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
        },
        "ecr.DescribeImages": [{"repositoryName": name} for name in repositories],
        "ecs.DescribeServiceRevisions": [
            {"serviceRevisionArns": [stack.arn("ecs", f"service-revision/{cluster}/{name}/1")]}
            for name in services
        ],
        "ecs.DescribeServices": of_read,
        "ecs.DescribeTaskDefinition": [{}],
        "ecs.DescribeTasks": [{"tasks": [stack.arn("ecs", f"task/{cluster}/0123")]}],
        "ecs.ListServiceDeployments": of_service,
        "ecs.ListTaskDefinitions": [{}],
        "ecs.ListTasks": of_read,
        "ecs.RegisterTaskDefinition": [
            {"family": service, "taskRoleArn": task_role, "executionRoleArn": execution_role}
        ],
        "ecs.RunTask": [{"cluster": cluster, "taskDefinition": family}],
        "ecs.StopServiceDeployment": [
            {"serviceDeploymentArn": stack.arn("ecs", f"service-deployment/{cluster}/{name}/1")}
            for name in services
        ],
        "ecs.UpdateService": of_service,
        "elasticache.DescribeEvents": [{}],
        "elasticache.DescribeReplicationGroups": [
            {"ReplicationGroupId": told.get("replication_group", "")}
        ],
        "events.PutEvents": [{"Entries": [{}]}],
        "lambda.Invoke": [{"FunctionName": told.get("probe", "")}],
        "logs.GetLogEvents": [
            {
                "logGroupName": told.get("migrations", {}).get("log_group", ""),
                "logStreamName": "one",
            }
        ],
        "logs.FilterLogEvents": [{"logGroupName": group} for group in groups if group],
        "rds.DescribeDBInstances": [{"DBInstanceIdentifier": told.get("instance", "")}],
        "rds.DescribeDBSnapshots": [{"DBSnapshotIdentifier": "one"}],
        "rds.DescribeEvents": [{}],
        "s3.PutObject": [{"Bucket": told.get("bucket", ""), "Key": f"{FOLDER}/one.md"}],
        "secretsmanager.GetSecretValue": [{"SecretId": name} for name in secrets if name],
        "sns.Publish": [
            {"TopicArn": told.get(f"{kind}_topic", "")} for kind in ("pages", "updates")
        ],
        "sqs.SendMessage": [{"QueueUrl": told.get("dead_letters", "")}],
        **{
            f"ssm.{name}": [{"Name": told.get("provider_parameter", "")}]
            for name in ("GetParameter", "PutParameter")
        },
        "ssm.GetParameters": [{"Names": switches}],
    }
    return known[site.operation]


def roles_of_migrations(stack: Synthesized) -> dict[str, list[str]]:
    """Return the roles that go with a task of the migrations: named in the environment's file only."""
    environment = load(stack.environment)
    named = environment.migrations
    roles = {environment.role(one) for one in (named.task_role, named.execution_role)}
    return {named.task_family: sorted(roles)}


def demanded(stack: Synthesized, folder: str) -> list[Demand]:
    """Return everything that the function's calls demand of its role."""
    account, region = stack.place
    place = Place(region, account, roles_of_migrations(stack))
    found = [
        demand
        for site in calls(folder)
        for params in samples(stack, folder, site)
        for demand in NEEDED[site.operation](params, place)
    ]
    return [*found, *(one for demand in found for one in _implied(stack, demand))]


def _implied(stack: Synthesized, demand: Demand) -> Iterator[Demand]:
    """Return what AWS demands besides: who publishes to an encrypted topic needs its key."""
    if demand.action == "sns:Publish":
        key = stack.topics[demand.resource]["KmsMasterKeyId"]
        yield from (Demand(action, key) for action in ("kms:Decrypt", "kms:GenerateDataKey"))


def platform(stack: Synthesized, folder: str) -> set[Grant]:
    """Return what Lambda itself needs of a function's role: to log, to give up, to enter a VPC."""
    function = stack.functions[folder]
    (queue,) = stack.of_type("AWS::SQS::Queue").values()
    group = stack.arn("logs", f"log-group:{function['LoggingConfig']['LogGroup']}:*")
    found = {
        ("logs:CreateLogStream", group, "{}"),
        ("logs:PutLogEvents", group, "{}"),
        ("sqs:SendMessage", stack.arn("sqs", queue["QueueName"]), "{}"),
    }
    if "VpcConfig" in function:
        found |= {(action, "*", "{}") for action in VPC}
    return found


VPC = {
    f"ec2:{name}"
    for name in (
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
}
"""As in AWS's own AWSLambdaVPCAccessExecutionRole."""


def missing(demands: list[Demand], policies: list[Body]) -> list[Demand]:
    """Return what is demanded and not granted."""
    return [demand for demand in demands if not allowed(policies, demand)]


def unused(demands: list[Demand], grants: set[Grant]) -> set[Grant]:
    """Return what is granted and demanded by no call."""
    return {grant for grant in grants if not any(_serves(grant, demand) for demand in demands)}


def _serves(grant: Grant, demand: Demand) -> bool:
    action, resource, _ = grant
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return allowed([{"Statement": [statement]}], demand)
