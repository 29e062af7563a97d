"""IAM for the rehearsal: which permissions a call needs, and whether policies give them.

Plain Python without dependencies, since it runs inside the functions' processes too. An operation that is
not in ``NEEDED`` is refused and recorded: a call that nobody judged must not pass.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Demand:
    """One permission that a call needs.

    Attributes:
        action: for example ``ecs:UpdateService``.
        resource: the ARN it is about, ``*`` where AWS has no resource level.
        context: condition keys of the call.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where calls are made: for ARNs.

    Attributes:
        roles: ARNs that go with a task of a task definition's family, by its name.
    """

    region: str
    account: str
    roles: Mapping[str, list[str]] = field(default_factory=dict)

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN here."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def _matches(pattern: str, text: str, *, any_case: bool = False) -> bool:
    parts = (re.escape(pattern).replace(r"\*", ".*")).replace(r"\?", ".")
    return re.fullmatch(parts, text, re.IGNORECASE if any_case else 0) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "ArnEquals": _matches,
    "ArnLike": _matches,
    "StringLike": _matches,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
}


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    lowered = {key.lower(): value for key, value in context.items()}
    for operator, keys in conditions.items():
        if operator not in _TESTS:
            raise NotImplementedError(f"condition operator {operator} is not rehearsed")
        for key, wanted in keys.items():
            found = lowered.get(key.lower())
            if found is None:
                return False
            if not any(_TESTS[operator](str(one), found) for one in _list(wanted)):
                return False
    return True


def _applies(statement: Mapping[str, Any], demand: Demand, principal: str) -> bool:
    for unsupported in ("NotAction", "NotResource", "NotPrincipal"):
        if unsupported in statement:
            raise NotImplementedError(f"{unsupported} is not rehearsed")
    if "Principal" in statement and not _is_principal(statement["Principal"], principal):
        return False
    action = any(_matches(one, demand.action, any_case=True) for one in _list(statement["Action"]))
    resource = any(_matches(one, demand.resource) for one in _list(statement.get("Resource", "*")))
    return action and resource and _conditions_hold(statement.get("Condition", {}), demand.context)


def _is_principal(allowed: Any, principal: str) -> bool:
    if allowed == "*":
        return True
    named = [one for value in allowed.values() for one in _list(value)]
    return any(one in ("*", principal) for one in named)


def allowed(policies: Iterable[Policy], demand: Demand, principal: str = "") -> bool:
    """Say whether policies permit what a call needs: an explicit Deny wins, silence is no."""
    statements = [one for policy in policies for one in _list(policy["Statement"])]
    applying = [one for one in statements if _applies(one, demand, principal)]
    return bool(applying) and all(one["Effect"] == "Allow" for one in applying)


def may_use_key(
    policies: Iterable[Policy], demand: Demand, role: str, key_policy: Policy, account: str
) -> bool:
    """Say whether a role may use a KMS key.

    The key's own policy comes first: it names the role, or it names the account, by its root, and so leaves
    it to the role's policies.
    """
    own, root = [key_policy], f"arn:aws:iam::{account}:root"
    if _denied(own, demand, role) or _denied(own, demand, root) or _denied(policies, demand):
        return False
    delegated = allowed(own, demand, root) and allowed(policies, demand)
    return delegated or allowed(own, demand, role)


def _denied(policies: Iterable[Policy], demand: Demand, principal: str = "") -> bool:
    statements = [one for policy in policies for one in _list(policy["Statement"])]
    return any(one["Effect"] == "Deny" and _applies(one, demand, principal) for one in statements)


Params = Mapping[str, Any]
Needed = Callable[[Params, Place], list[Demand]]


def _table(*actions: str) -> Needed:
    def needed(params: Params, place: Place) -> list[Demand]:
        name = params["TableName"]
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        return [Demand(action, place.arn("dynamodb", f"table/{name}{index}")) for action in actions]

    return needed


_KINDS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _transaction(params: Params, place: Place) -> list[Demand]:
    return [
        Demand(_KINDS[kind], place.arn("dynamodb", f"table/{body['TableName']}"))
        for item in params["TransactItems"]
        for kind, body in item.items()
    ]


def _batch_get(params: Params, place: Place) -> list[Demand]:
    return [
        Demand("dynamodb:BatchGetItem", place.arn("dynamodb", f"table/{name}"))
        for name in params["RequestItems"]
    ]


def _service(action: str) -> Needed:
    def needed(params: Params, place: Place) -> list[Demand]:
        names = params["services"] if "services" in params else [params["service"]]
        cluster = params["cluster"]
        return [Demand(action, place.arn("ecs", f"service/{cluster}/{name}")) for name in names]

    return needed


def _everything(action: str) -> Needed:
    return lambda _params, _place: [Demand(action, "*")]


def _list_tasks(params: Params, place: Place) -> list[Demand]:
    cluster = place.arn("ecs", f"cluster/{params['cluster']}")
    return [Demand("ecs:ListTasks", "*", {"ecs:cluster": cluster})]


def _tasks(params: Params, place: Place) -> list[Demand]:
    del place
    return [Demand("ecs:DescribeTasks", arn) for arn in params["tasks"]]


def _register(params: Params, place: Place) -> list[Demand]:
    """Return the revision that will be, and each role that goes with it."""
    to = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    roles = [params[one] for one in ("taskRoleArn", "executionRoleArn") if params.get(one)]
    family = place.arn("ecs", f"task-definition/{params['family']}:1")
    return [
        Demand("ecs:RegisterTaskDefinition", family),
        *(Demand("iam:PassRole", role, to) for role in sorted(set(roles))),
    ]


def _run_task(params: Params, place: Place) -> list[Demand]:
    """Return the revision and each role that goes with it; of a family it is the newest."""
    to = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    name = params["taskDefinition"].rsplit("/", 1)[-1]
    family, _, number = name.partition(":")
    cluster = place.arn("ecs", f"cluster/{params['cluster']}")
    revision = place.arn("ecs", f"task-definition/{family}:{number or 1}")
    return [
        Demand("ecs:RunTask", revision, {"ecs:cluster": cluster}),
        *(Demand("iam:PassRole", role, to) for role in sorted(place.roles.get(family, []))),
    ]


def _snapshots(params: Params, place: Place) -> list[Demand]:
    name = params["DBSnapshotIdentifier"]
    return [Demand("rds:DescribeDBSnapshots", place.arn("rds", f"snapshot:{name}"))]


def _log_stream(params: Params, place: Place) -> list[Demand]:
    stream = f"log-group:{params['logGroupName']}:log-stream:{params['logStreamName']}"
    return [Demand("logs:GetLogEvents", place.arn("logs", stream))]


def _stop_deployment(params: Params, place: Place) -> list[Demand]:
    """Return the service deployment and its service: AWS asks for both."""
    arn = params["serviceDeploymentArn"]
    cluster, service = arn.split("/")[1:3]
    return [
        Demand("ecs:StopServiceDeployment", arn),
        Demand("ecs:StopServiceDeployment", place.arn("ecs", f"service/{cluster}/{service}")),
    ]


def _queue(params: Params, place: Place) -> list[Demand]:
    return [Demand("sqs:SendMessage", place.arn("sqs", params["QueueUrl"].rsplit("/", 1)[-1]))]


def _one(action: str, service: str, shape: str, parameter: str) -> Needed:
    return lambda params, place: [
        Demand(action, place.arn(service, shape.format(params[parameter])))
    ]


def _parameters(params: Params, place: Place) -> list[Demand]:
    names = params["Names"]
    return [Demand("ssm:GetParameters", place.arn("ssm", f"parameter{name}")) for name in names]


def _bus(params: Params, place: Place) -> list[Demand]:
    buses = {one.get("EventBusName", "default") for one in params["Entries"]}
    return [Demand("events:PutEvents", place.arn("events", f"event-bus/{bus}")) for bus in buses]


def _secret(params: Params, place: Place) -> list[Demand]:
    # AWS puts a dash and six characters behind a secret's name; which ones does not matter here.
    name = f"{params['SecretId']}-AbCdEf"
    return [Demand("secretsmanager:GetSecretValue", place.arn("secretsmanager", f"secret:{name}"))]


def _object(params: Params, _place: Place) -> list[Demand]:
    # S3's ARNs name neither region nor account.
    return [Demand("s3:PutObject", f"arn:aws:s3:::{params['Bucket']}/{params['Key']}")]


def _describe_alarms(params: Mapping[str, Any], place: Place) -> list[Demand]:
    """Ask for everything where composite alarms are asked for: AWS leaves them out otherwise."""
    every = "CompositeAlarm" in params.get("AlarmTypes", [])
    resource = "*" if every else place.arn("cloudwatch", "alarm:*")
    return [Demand("cloudwatch:DescribeAlarms", resource)]


NEEDED: Mapping[str, Needed] = {
    **{
        f"application-autoscaling.{name}": _everything(f"application-autoscaling:{name}")
        for name in ("DescribeScalableTargets", "DescribeScalingPolicies")
    },
    "cloudwatch.DescribeAlarms": _describe_alarms,
    "cloudwatch.GetMetricData": _everything("cloudwatch:GetMetricData"),
    "dynamodb.BatchGetItem": _batch_get,
    "dynamodb.DeleteItem": _table("dynamodb:DeleteItem"),
    "dynamodb.GetItem": _table("dynamodb:GetItem"),
    "dynamodb.PutItem": _table("dynamodb:PutItem"),
    "dynamodb.Query": _table("dynamodb:Query"),
    "dynamodb.TransactWriteItems": _transaction,
    "dynamodb.UpdateItem": _table("dynamodb:UpdateItem"),
    "ecr.DescribeImages": _one("ecr:DescribeImages", "ecr", "repository/{}", "repositoryName"),
    "ecs.DescribeServiceRevisions": lambda params, _place: [
        Demand("ecs:DescribeServiceRevisions", arn) for arn in params["serviceRevisionArns"]
    ],
    "ecs.DescribeServices": _service("ecs:DescribeServices"),
    "ecs.DescribeTaskDefinition": _everything("ecs:DescribeTaskDefinition"),
    "ecs.DescribeTasks": _tasks,
    "ecs.ListServiceDeployments": _service("ecs:ListServiceDeployments"),
    "ecs.ListTaskDefinitions": _everything("ecs:ListTaskDefinitions"),
    "ecs.ListTasks": _list_tasks,
    "ecs.RegisterTaskDefinition": _register,
    "ecs.RunTask": _run_task,
    "ecs.StopServiceDeployment": _stop_deployment,
    "ecs.UpdateService": _service("ecs:UpdateService"),
    "elasticache.DescribeEvents": _everything("elasticache:DescribeEvents"),
    "elasticache.DescribeReplicationGroups": _one(
        "elasticache:DescribeReplicationGroups",
        "elasticache",
        "replicationgroup:{}",
        "ReplicationGroupId",
    ),
    "events.PutEvents": _bus,
    "lambda.Invoke": _one("lambda:InvokeFunction", "lambda", "function:{}", "FunctionName"),
    "logs.FilterLogEvents": _one("logs:FilterLogEvents", "logs", "log-group:{}:*", "logGroupName"),
    "logs.GetLogEvents": _log_stream,
    "rds.DescribeDBInstances": _one(
        "rds:DescribeDBInstances", "rds", "db:{}", "DBInstanceIdentifier"
    ),
    "rds.DescribeDBSnapshots": _snapshots,
    "rds.DescribeEvents": _everything("rds:DescribeEvents"),
    "s3.PutObject": _object,
    "secretsmanager.GetSecretValue": _secret,
    "sns.Publish": lambda params, _place: [Demand("sns:Publish", params["TopicArn"])],
    "sqs.SendMessage": _queue,
    "ssm.GetParameter": _one("ssm:GetParameter", "ssm", "parameter{}", "Name"),
    "ssm.GetParameters": _parameters,
    "ssm.PutParameter": _one("ssm:PutParameter", "ssm", "parameter{}", "Name"),
}
"""What each operation needs, by service and operation; names as in the service authorization reference."""
