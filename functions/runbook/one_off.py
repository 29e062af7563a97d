"""One-off ECS tasks of one family: what ran lately, what it wrote, and how one is started.

RunTask is idempotent by its ``clientToken``: repeated with the same token and parameters, it answers with
the task that is there. ECS keeps a token for 24 h or until an hour after the task stopped, whichever is
sooner, and shows stopped tasks for an hour: within that hour a task cannot be started twice, nor be missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runbook.aws import Aws
from runbook.errors import FixError
from runbook.model import Unknown
from runbook.permissions import Need

READS = (
    Need("ecs:DescribeTasks", "tasks"),
    Need("ecs:ListTasks", "cluster_tasks"),
)
LOGS = (
    Need("ecs:DescribeTaskDefinition", "any"),
    Need("logs:GetLogEvents", "log_group"),
)
RUNS = (
    Need("iam:PassRole", "passed_roles"),
    Need("ecs:RunTask", "one_off_family"),
)

MOST_TASKS = 100
"""DescribeTasks takes at most 100; a family that ran more often within an hour is not understood."""
MOST_LINES = 1000
"""Of a task's log, from its start: what is read here writes fewer than 50."""
MISSING = frozenset({"ResourceNotFoundException"})
"""A log stream appears with its first line."""


@dataclass(frozen=True)
class Family:
    """What is run, and where.

    Attributes:
        cluster: the cluster's name.
        name: of the task definition's family.
        container: the one whose command is replaced.
        log_group: where that container writes.
        subnets, security_groups: of the task's network interface; it gets no public address.
    """

    cluster: str
    name: str
    container: str
    log_group: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """One task of the family.

    Attributes:
        definition: ARN of the revision that it runs.
        exit_code: of the container; None while it runs, and where it never ran.
        reason: why it stopped, as ECS says it.
        started_at: when its containers started; None where they never did.
    """

    arn: str
    definition: str
    started_by: str
    status: str
    exit_code: int | None
    reason: str
    created_at: datetime
    started_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def id(self) -> str:
        """Return the last part of its ARN."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def stopped(self) -> bool:
        """Say whether it is over."""
        return self.stopped_at is not None

    def ended(self) -> str:
        """Return how it ended, for a sentence."""
        code = "no exit code" if self.exit_code is None else f"exit code {self.exit_code}"
        return f"{code}, {self.reason}"


def tasks(ecs: Any, family: Family) -> tuple[Task, ...] | Unknown:
    """Return the family's tasks, those that run and those that stopped within the hour, newest first."""
    arns: list[str] = []
    for status in ("RUNNING", "STOPPED"):
        page = ecs.list_tasks(cluster=family.cluster, family=family.name, desiredStatus=status)
        arns += page["taskArns"]
        if "nextToken" in page or len(arns) > MOST_TASKS:
            return Unknown(f"tasks of {family.name}: more than {MOST_TASKS} within an hour")
    if not arns:
        return ()
    answer = ecs.describe_tasks(cluster=family.cluster, tasks=sorted(set(arns)))
    found = [_task(one, family.container) for one in answer["tasks"]]
    return tuple(sorted(found, key=lambda one: one.created_at, reverse=True))


def _task(found: Mapping[str, Any], container: str) -> Task:
    own = [one for one in found.get("containers", ()) if one["name"] == container]
    said = [one["reason"] for one in own if one.get("reason")]
    reasons = [found.get("stopCode", ""), found.get("stoppedReason", ""), *said]
    return Task(
        arn=found["taskArn"],
        definition=found["taskDefinitionArn"],
        started_by=found.get("startedBy", ""),
        status=found["lastStatus"],
        exit_code=next((one["exitCode"] for one in own if "exitCode" in one), None),
        reason=", ".join(one for one in reasons if one) or "ECS gives no reason",
        created_at=found["createdAt"],
        started_at=found.get("startedAt"),
        stopped_at=found.get("stoppedAt") if found["lastStatus"] == "STOPPED" else None,
    )


def lines(ecs: Any, logs: Any, family: Family, task: Task) -> tuple[str, ...] | Unknown:
    """Return what a task has written, oldest first; nothing where it has written nothing yet."""
    prefix = _stream_prefix(ecs, family, task.definition)
    if isinstance(prefix, Unknown):
        return prefix
    try:
        answer = logs.get_log_events(
            logGroupName=family.log_group,
            logStreamName=f"{prefix}/{family.container}/{task.id}",
            startFromHead=True,
            limit=MOST_LINES,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return ()
        raise
    return tuple(str(one["message"]) for one in answer["events"])


def _stream_prefix(ecs: Any, family: Family, definition: str) -> str | Unknown:
    """Return what the container's log streams begin with; ECS adds its name and the task's id."""
    found = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    own = [one for one in found["containerDefinitions"] if one["name"] == family.container]
    name = definition.rsplit("/", 1)[-1]
    if len(own) != 1:
        return Unknown(f"{name}: it has no container named {family.container!r}")
    driver = own[0].get("logConfiguration", {})
    options = driver.get("options", {})
    if driver.get("logDriver") != "awslogs" or options.get("awslogs-group") != family.log_group:
        return Unknown(f"{name}: {family.container} does not log to {family.log_group} by awslogs")
    prefix = options.get("awslogs-stream-prefix")
    return prefix or Unknown(f"{name}: its logs have no stream prefix, so a task's are not found")


def run(
    aws: Aws, family: Family, definition: str, command: Sequence[str], *, token: str, by: str
) -> tuple[str, str]:
    """Start one task; with the token of an earlier call it answers with that call's task.

    Args:
        aws: clients.
        family: where it runs.
        definition: ARN of a revision, or the family's name for its newest.
        command: in place of the container's own.
        token: at most 64 characters.
        by: ``startedBy``: letters, digits, ``-``, ``/`` and ``_``.

    Returns:
        The task's ARN, and AWS's id of the call.

    Raises:
        ClientError, BotoCoreError: refused, or no answer.
        FixError: ECS placed no task.
    """
    answer = aws.fixer("ecs").run_task(
        cluster=family.cluster,
        taskDefinition=definition,
        launchType="FARGATE",
        count=1,
        networkConfiguration=_network(family),
        overrides=overrides(family, command),
        clientToken=token,
        startedBy=by,
    )
    if not answer["tasks"]:
        why = "; ".join(str(one.get("reason", "no reason")) for one in answer["failures"])
        raise FixError(f"ECS placed no task of {family.name}: {why or 'no reason'}")
    request_id = answer["ResponseMetadata"].get("RequestId", "")
    return str(answer["tasks"][0]["taskArn"]), str(request_id)


def _network(family: Family) -> dict[str, Any]:
    return {
        "awsvpcConfiguration": {
            "subnets": list(family.subnets),
            "securityGroups": list(family.security_groups),
            "assignPublicIp": "DISABLED",
        }
    }


def overrides(family: Family, command: Sequence[str]) -> dict[str, Any]:
    """Return what replaces the container's own command."""
    return {"containerOverrides": [{"name": family.container, "command": list(command)}]}
