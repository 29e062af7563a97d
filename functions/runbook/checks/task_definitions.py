"""ECS task definitions: what one asks for, as far as a decision needs it. A revision never changes.

Environment variables and secrets' names stay in ECS: they are no part of what is kept or shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("ecs:DescribeTaskDefinition", "any"),)
LISTS = (Need("ecs:ListTaskDefinitions", "any"),)
"""On top of that, for who lists a family's revisions."""


@dataclass(frozen=True)
class Container:
    """One container.

    Attributes:
        memory_mib: its own hard limit; None where only the task's limit holds.
        reservation_mib: its soft limit, if it has one.
    """

    name: str
    image: str
    memory_mib: int | None = None
    reservation_mib: int | None = None


@dataclass(frozen=True)
class TaskDefinition:
    """One revision.

    Attributes:
        active: a deregistered revision runs on, and cannot be deployed again.
        cpu: CPU units of the whole task, 1024 a vCPU; None where none are set.
        memory_mib: of the whole task; None where none is set.
        fargate: whether it is made for Fargate.
        roles: ARNs of the task's and the execution role, those that it has.
    """

    arn: str
    active: bool
    cpu: int | None
    memory_mib: int | None
    fargate: bool
    containers: tuple[Container, ...]
    roles: tuple[str, ...] = ()

    @property
    def revision(self) -> str:
        """Return ``family:number``."""
        return self.arn.rsplit("/", 1)[-1]

    def image(self, container: str) -> str | Unknown:
        """Return the image of one container."""
        found = [one.image for one in self.containers if one.name == container]
        if len(found) != 1:
            return Unknown(f"{self.revision}: it has no container named {container!r}")
        return found[0]


def read(ecs: Any, arn: str) -> TaskDefinition:
    """Describe one revision by its ARN."""
    found = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    roles = (found.get("taskRoleArn"), found.get("executionRoleArn"))
    return TaskDefinition(
        arn=found["taskDefinitionArn"],
        active=found.get("status", "ACTIVE") == "ACTIVE",
        cpu=_number(found.get("cpu")),
        memory_mib=_number(found.get("memory")),
        fargate="FARGATE" in found.get("requiresCompatibilities", ()),
        containers=tuple(_container(one) for one in found["containerDefinitions"]),
        roles=tuple(one for one in roles if one),
    )


def newest(ecs: Any, family: str, most: int) -> tuple[str, ...]:
    """Return a family's newest active revisions as ``family:number``, newest first."""
    answer = ecs.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=most)
    names = [str(arn).rsplit("/", 1)[-1] for arn in answer["taskDefinitionArns"]]
    numbered = sorted((int(name.rsplit(":", 1)[-1]), name) for name in names)
    return tuple(name for _, name in reversed(numbered))[:most]


def _number(text: str | None) -> int | None:
    """Return what ECS answers as a text of digits; a text like ``1 vCPU`` is never in its answers."""
    return int(text) if text and text.isdigit() else None


def _container(found: Mapping[str, Any]) -> Container:
    return Container(
        name=found["name"],
        image=found["image"],
        memory_mib=found.get("memory"),
        reservation_mib=found.get("memoryReservation"),
    )
