"""What the embedded ECS keeps of a service: its names, its deployments, their tasks."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass
class Task:
    """One task: a process and what ECS says of it."""

    arn: str
    deployment: str
    definition: str
    digest: str
    host: str
    process: subprocess.Popen[bytes]
    log: Path
    started_at: datetime
    running_since: datetime | None = None
    stopping_since: float = 0.0
    stopped_at: datetime | None = None
    stop_code: str = ""
    reason: str = ""
    container_reason: str = ""
    exit_code: int = 0
    killed: bool = False
    read: int = 0

    @property
    def id(self) -> str:
        """Return the last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def running(self) -> bool:
        """Say whether the process has said that it works."""
        return self.running_since is not None

    @property
    def serving(self) -> bool:
        """Say whether a load balancer may send it requests."""
        return self.running and not self.stopping_since and self.stopped_at is None

    @property
    def status(self) -> str:
        """Return ECS's word."""
        if self.stopped_at is not None:
            return "STOPPED"
        return "RUNNING" if self.running else "PENDING"

    def new_lines(self) -> list[str]:
        """Return the whole lines that it has written since the last call."""
        with self.log.open("rb") as file:
            file.seek(self.read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self.read += len(whole)
        return [line for line in whole.decode("utf-8", "replace").splitlines() if line.strip()]

    def shape(self, target: "Target") -> dict[str, Any]:
        """Return it as DescribeTasks shows every task."""
        address = {"name": "privateIPv4Address", "value": self.host}
        inside: dict[str, Any] = {
            "name": target.container,
            "lastStatus": self.status,
            "imageDigest": self.digest,
            "networkInterfaces": [{"privateIpv4Address": self.host}],
        }
        task: dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": target.cluster_arn,
            "taskDefinitionArn": self.definition,
            "lastStatus": self.status,
            "desiredStatus": "STOPPED" if self.stopped_at or self.stopping_since else "RUNNING",
            "launchType": "FARGATE",
            "createdAt": self.started_at,
            "attachments": [
                {"type": "ElasticNetworkInterface", "status": "ATTACHED", "details": [address]}
            ],
            "containers": [inside],
        }
        if self.running_since:
            task["startedAt"] = self.running_since
        if self.stopped_at:
            inside["exitCode"] = self.exit_code
            if self.container_reason:
                inside["reason"] = self.container_reason
            task |= {
                "stoppedAt": self.stopped_at,
                "stopCode": self.stop_code,
                "stoppedReason": self.reason,
            }
        return task


@dataclass
class Deployment:
    """One deployment of a service, with the record that ECS keeps of it.

    Attributes:
        number: 19 digits, unique.
        record: status of the service deployment, for example ``IN_PROGRESS``.
        takes_back: the deployment that this one rolls back; ECS shows both as one service deployment.
    """

    number: int
    definition: str
    digest: str
    created_at: datetime
    updated_at: datetime
    state: str = "IN_PROGRESS"
    record: str = "IN_PROGRESS"
    finished_at: datetime | None = None
    failed: int = 0
    not_before: datetime | None = None
    tasks: list[Task] = field(default_factory=list)
    takes_back: "Deployment | None" = None

    @property
    def id(self) -> str:
        """Return the id that DescribeServices shows."""
        return f"ecs-svc/{self.number:019}"

    def up(self) -> list[Task]:
        """Return the tasks that have not stopped."""
        return [task for task in self.tasks if task.stopped_at is None]


@dataclass(frozen=True)
class Target:
    """A service's names, as the environment file has them."""

    cluster: str
    service: str
    container: str
    repository: str
    account: str
    region: str

    def arn(self, resource: str) -> str:
        """Return an ECS ARN."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    @property
    def service_arn(self) -> str:
        """Return the service's ARN."""
        return self.arn(f"service/{self.cluster}/{self.service}")

    @property
    def cluster_arn(self) -> str:
        """Return the cluster's ARN."""
        return self.arn(f"cluster/{self.cluster}")


@dataclass(frozen=True)
class Program:
    """What the tasks of a service are on this machine.

    Attributes:
        kind: what its processes are called, for example ``worker``.
        command: returns the command line for a task id and its host.
        environment: of every task; its task definition's own variables come on top.
        ready: says whether a line of its log means that it works.
        log_group: where its lines go.
    """

    kind: str
    command: Callable[[str, str], Sequence[str]]
    environment: Mapping[str, str]
    ready: Callable[[str], bool]
    log_group: str


@dataclass(frozen=True)
class Definition:
    """What a task definition's revision asks for.

    Attributes:
        arn: of the revision.
        image: of the service's container.
        environment: of that container.
        memory_mib: of the task; None where none is set.
        active: a deregistered one cannot be deployed.
    """

    arn: str
    image: str
    environment: Mapping[str, str]
    memory_mib: int | None
    active: bool


def definition_of(found: Any, container: str) -> Definition:
    """Make a definition of moto's."""
    [own] = [one for one in found.container_definitions if one["name"] == container]
    return Definition(
        arn=found.arn,
        image=own["image"],
        environment={one["name"]: one["value"] for one in own.get("environment", [])},
        memory_mib=int(found.memory) if found.memory else None,
        active=found.status == "ACTIVE",
    )
