"""ECS: a service with its deployments, its running and its stopped tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from runbook.aws import SideBySide, one_by_one
from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (
    Need("ecs:DescribeServices", "service"),
    Need("ecs:DescribeTasks", "tasks"),
    Need("ecs:ListTasks", "cluster_tasks"),
)

DEFINITION = (Need("ecs:DescribeTaskDefinition", "any"),)
"""On top of that, for who reads a task definition."""

MOST_TASKS = 100
"""ListTasks gives, and DescribeTasks takes, at most 100 tasks a call."""
KILLED = 137
"""The exit code of SIGKILL."""
MOST_EVENTS, MOST_LETTERS = 3, 200
"""The newest of what ECS says of a service, and of each so much: enough for a page."""
MOST_PAGES = 3
"""300 stopped tasks show any crash loop; absence in a longer list is Unknown."""


@dataclass(frozen=True)
class Deployment:
    """One deployment of a service, as DescribeServices shows it."""

    id: str
    status: str
    task_definition: str
    rollout_state: str
    created_at: datetime
    updated_at: datetime
    failed_tasks: int


@dataclass(frozen=True)
class Service:
    """A service at one moment.

    Attributes:
        controller: ECS, CODE_DEPLOY or EXTERNAL.
        strategy: ROLLING, BLUE_GREEN, LINEAR or CANARY.
        deployments: newest first; the first one is PRIMARY.
        events: the last things that ECS says of it, newest first.
    """

    name: str
    running: int
    desired: int
    pending: int
    controller: str
    strategy: str
    deployments: tuple[Deployment, ...]
    events: tuple[str, ...] = ()

    @property
    def primary(self) -> Deployment:
        """Return the deployment that the service is at or on its way to."""
        return self.deployments[0]


@dataclass(frozen=True)
class Stopped:
    """One stopped task.

    Attributes:
        deployment: id of the deployment that started it.
        digests: image digest by container name; a container that never pulled its image has none.
        task_definition: ARN of the revision that it ran.
        container_reasons: why each container ended, where ECS says so.
    """

    arn: str
    deployment: str
    stop_code: str
    reason: str
    exit_codes: tuple[int, ...]
    stopped_at: datetime
    digests: Mapping[str, str] = field(default_factory=dict)
    task_definition: str = ""
    container_reasons: tuple[str, ...] = ()

    @property
    def crashed(self) -> bool:
        """Say whether an essential container ended by itself with an error.

        Exit code 137 alone says nothing: rolling deployments kill with 137, and their stop code
        is ServiceSchedulerInitiated.
        """
        return self.stop_code == "EssentialContainerExited" and any(self.exit_codes)

    @property
    def out_of_memory(self) -> bool:
        """Say whether it crashed for lack of memory: it was killed, or ECS says so in as many words."""
        said = any(one.lower().startswith("outofmemory") for one in self.container_reasons)
        ended = self.stop_code == "EssentialContainerExited"
        return ended and (said or KILLED in self.exit_codes)

    @property
    def failed_to_start(self) -> bool:
        """Say whether the task never ran: no image, no network interface, no secret."""
        return self.stop_code == "TaskFailedToStart"


def service(ecs: Any, cluster: str, name: str) -> Service | Unknown:
    """Describe one service."""
    answer = ecs.describe_services(cluster=cluster, services=[name])
    if not answer["services"]:
        return Unknown(f"service {name}: not found in cluster {cluster}")
    found = answer["services"][0]
    if found["status"] != "ACTIVE":
        return Unknown(f"service {name}: its status is {found['status']}")
    deployments = sorted(
        (_deployment(one) for one in found.get("deployments", [])),
        key=lambda one: (one.status == "PRIMARY", one.created_at),
        reverse=True,
    )
    if not deployments or deployments[0].status != "PRIMARY":
        controller = found.get("deploymentController", {}).get("type", "ECS")
        return Unknown(
            f"service {name}: no primary deployment (deployment controller {controller})"
        )
    return Service(
        name=name,
        running=found["runningCount"],
        desired=found["desiredCount"],
        pending=found["pendingCount"],
        controller=found.get("deploymentController", {}).get("type", "ECS"),
        strategy=found.get("deploymentConfiguration", {}).get("strategy", "ROLLING"),
        deployments=tuple(deployments),
        events=_events(found.get("events", [])),
    )


def _events(found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    newest = sorted(found, key=lambda one: one["createdAt"], reverse=True)[:MOST_EVENTS]
    return tuple(f"{one['createdAt']:%H:%M} {one['message'][:MOST_LETTERS]}" for one in newest)


def _deployment(found: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=found["id"],
        status=found["status"],
        task_definition=found["taskDefinition"],
        rollout_state=found.get("rolloutState", "unknown"),
        created_at=found["createdAt"],
        updated_at=found["updatedAt"],
        failed_tasks=found.get("failedTasks", 0),
    )


def running_tasks(ecs: Any, cluster: str, name: str) -> tuple[str, ...]:
    """Return the ARNs of up to 100 tasks of the service that are meant to run."""
    answer = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="RUNNING")
    return tuple(answer["taskArns"])


def stopped_tasks(
    ecs: Any,
    cluster: str,
    name: str,
    now: datetime,
    span: timedelta,
    side_by_side: SideBySide = one_by_one,
) -> tuple[Stopped, ...] | Unknown:
    """Return the service's tasks that stopped within ``span``, newest first; ECS keeps them an hour.

    Args:
        ecs: a boto3 client.
        cluster: of the service.
        name: of the service.
        now: the end of the span.
        span: how far back.
        side_by_side: how the pages are described, once all of them are listed.
    """
    pages = _stopped_pages(ecs, cluster, name)
    if isinstance(pages, Unknown):
        return pages
    answers = side_by_side(
        {
            str(number): partial(ecs.describe_tasks, cluster=cluster, tasks=page)
            for number, page in enumerate(pages)
            if page
        }
    )
    tasks = [task for answer in answers.values() for task in answer["tasks"]]
    found = [_stopped(task) for task in tasks if task.get("stoppedAt")]
    recent = [task for task in found if task.stopped_at >= now - span]
    return tuple(sorted(recent, key=lambda task: task.stopped_at, reverse=True))


def _stopped_pages(ecs: Any, cluster: str, name: str) -> list[list[str]] | Unknown:
    """List the service's stopped tasks: each page names the next, so none is described before the last."""
    asked: dict[str, Any] = {"cluster": cluster, "serviceName": name, "desiredStatus": "STOPPED"}
    pages: list[list[str]] = []
    for _ in range(MOST_PAGES):
        page = ecs.list_tasks(**asked)
        pages.append(page["taskArns"])
        if "nextToken" not in page:
            return pages
        asked["nextToken"] = page["nextToken"]
    return Unknown(f"stopped tasks of {name}: more than {MOST_PAGES * MOST_TASKS}")


def _stopped(task: Mapping[str, Any]) -> Stopped:
    return Stopped(
        arn=task["taskArn"],
        deployment=task.get("startedBy", ""),
        stop_code=task.get("stopCode", ""),
        reason=task.get("stoppedReason") or "ECS gives no reason",
        exit_codes=tuple(
            container["exitCode"] for container in task["containers"] if "exitCode" in container
        ),
        stopped_at=task["stoppedAt"],
        digests={
            container["name"]: container["imageDigest"]
            for container in task["containers"]
            if container.get("imageDigest")
        },
        task_definition=task.get("taskDefinitionArn", ""),
        container_reasons=tuple(
            container["reason"] for container in task["containers"] if container.get("reason")
        ),
    )


@dataclass(frozen=True)
class Definition:
    """A task definition's revision and the image of one of its containers."""

    arn: str
    image: str


def definition(ecs: Any, name: str, container: str) -> Definition | Unknown:
    """Describe a task definition by ARN, or the newest active revision of a family by its name."""
    found = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    images = [one["image"] for one in found["containerDefinitions"] if one["name"] == container]
    if len(images) != 1:
        return Unknown(f"task definition {name}: it has no container named {container!r}")
    return Definition(found["taskDefinitionArn"], images[0])


def running_digests(
    ecs: Any, cluster: str, tasks: tuple[str, ...], container: str
) -> frozenset[str] | Unknown:
    """Return the image digests that the given tasks run in one container.

    A task that is still starting shows none yet, and runs none: it is left out.
    """
    if not tasks:
        return frozenset()
    described = ecs.describe_tasks(cluster=cluster, tasks=list(tasks[:MOST_TASKS]))["tasks"]
    digests = {
        one.get("imageDigest", "")
        for task in described
        if task["lastStatus"] == "RUNNING"
        for one in task["containers"]
        if one["name"] == container
    }
    if "" in digests:
        return Unknown("running image: ECS does not show the digest of every running task")
    return frozenset(digests)


def addresses(ecs: Any, cluster: str, name: str) -> tuple[str, ...]:
    """Return the private addresses of up to 100 tasks of a service: how the database knows them."""
    tasks = running_tasks(ecs, cluster, name)
    if not tasks:
        return ()
    described = ecs.describe_tasks(cluster=cluster, tasks=list(tasks[:MOST_TASKS]))["tasks"]
    found = {
        interface["privateIpv4Address"]
        for task in described
        for container in task["containers"]
        for interface in container.get("networkInterfaces", [])
        if interface.get("privateIpv4Address")
    }
    return tuple(sorted(found))


def line(fact: Service | Unknown) -> str:
    """Return the service as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    primary = fact.primary
    revision = primary.task_definition.rsplit("/", 1)[-1]
    return (
        f"{fact.running} of {fact.desired} running, {fact.pending} pending, {revision}, "
        f"deployment {primary.id} {primary.rollout_state} since {primary.created_at:%H:%M}"
    )
