"""Raise the memory of a Fargate service's tasks to the next size that AWS allows, and put it back.

A change for a while: it is kept in the ledger until a person adopts it (in the pipeline's own task
definition, else the next pipeline run takes it back) or reverts it. The new revision is the described one
with more memory, nothing else; registering it twice after a lost answer is harmless, since only the service
decides which revision runs. Tags of the task definition are not copied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import ecs, task_definitions
from runbook.checks.ecr import Repository
from runbook.checks.reading import ask
from runbook.checks.service_deployments import History
from runbook.checks.task_definitions import TaskDefinition
from runbook.fargate import next_size
from runbook.fixes import target
from runbook.fixes.redeploy import COMPLETED_DEADLINE, SETTLE
from runbook.gate import UNDOES, Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.permissions import Need

NEEDS = (
    *task_definitions.NEEDS,
    Need("ecs:RegisterTaskDefinition", "task_family"),
    Need("ecs:UpdateService", "changed_service"),
    Need("iam:PassRole", "passed_roles"),
)

KEEP = timedelta(days=7)
"""Until then a person has adopted more memory, or found the leak."""
NOT_REGISTERED = frozenset(
    {
        "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
        "registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt",
    }
)  # fmt: skip
"""What ECS describes and refuses to take."""


class Facts(Protocol):
    """What a scenario must have read to raise a service's memory."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def service(self) -> ecs.Service | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def definition(self) -> TaskDefinition | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def history(self) -> History | Unknown: ...  # noqa: D102  # a field of the scenario's facts


def raised(definition: TaskDefinition, cap_mib: int, factor: float) -> int | str:
    """Return the size to raise to in MiB, or why there is none.

    Args:
        definition: the revision that runs.
        cap_mib: above which nothing is raised.
        factor: by which it is raised at the least.
    """
    name, cpu, memory = definition.revision, definition.cpu, definition.memory_mib
    if not definition.fargate or cpu is None or memory is None:
        return f"{name} is not a Fargate task with CPU and memory of its own"
    if len(definition.containers) != 1:
        names = ", ".join(one.name for one in definition.containers)
        return f"{name} has several containers ({names}): which of them needs memory is not known"
    size = next_size(cpu, memory, factor)
    if size is None:
        return f"{name} has {memory} MiB, and Fargate has no size {factor:g} times that for {cpu} CPU units"
    if size > cap_mib:
        return f"{name} has {memory} MiB, and the next size, {size} MiB, is above the cap of {cap_mib} MiB"
    return size


def with_memory(described: Mapping[str, Any], to_mib: int) -> dict[str, Any]:
    """Return what registers a described revision once more, with more memory.

    A hard limit of the one container keeps its distance from the task's limit.
    """
    more = to_mib - int(described["memory"])
    body = {key: value for key, value in described.items() if key not in NOT_REGISTERED}
    [container] = described["containerDefinitions"]
    if "memory" in container:
        container = {**container, "memory": container["memory"] + more}
    return {**body, "memory": str(to_mib), "containerDefinitions": [container]}


@dataclass(frozen=True)
class RaiseMemory:
    """Deploy the running revision with more memory.

    Attributes:
        aws: clients.
        region: for the command.
        cluster: the cluster's name.
        service: the service's name; never empty, never a pattern.
        container: the essential container.
        repository: its ECR repository.
        roles: ARNs that may be passed on: those of the service's own tasks.
        cap_mib: above which nothing is raised.
        factor: by which it is raised at the least.
    """

    aws: Aws
    region: str
    cluster: str
    service: str
    container: str
    repository: Repository
    roles: frozenset[str]
    cap_mib: int
    factor: float
    name: str = "raise_memory"
    mode_key: str = "raise_memory"
    holds: timedelta = COMPLETED_DEADLINE + SETTLE
    undo: str = (
        "deploy the revision before; adopt the memory in the pipeline's task definition to keep it"
    )
    deploys: bool = True
    keep: timedelta | None = KEEP

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"ecs:{self.cluster}/{self.service}"

    def command(self) -> str:
        """Return what a person would type."""
        return self.deploy("<a revision with more memory>")

    def deploy(self, task_definition: str) -> str:
        """Return what a person would type to deploy a revision."""
        return (
            f"aws ecs update-service --region {self.region} --cluster {self.cluster} "
            f"--service {self.service} "
            f"--task-definition {task_definition}"
        )

    def rereads(self, facts: Facts) -> Calls:
        """Return the reads of the service and of what its image tag means now."""
        service = partial(ecs.service, self.aws.reader("ecs"), self.cluster, self.service)
        return {
            "memory.service": partial(ask, f"service {self.service}", service),
            "memory.image": lambda: ask("next image", lambda: self._image(facts)),
        }

    def _image(self, facts: Facts) -> str | Unknown:
        if isinstance(facts.definition, Unknown):
            return facts.definition
        return target.next_digest(self.aws, facts.definition, self.container, self.repository)

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where the service is not what the decision saw, or would not come back the same."""
        now, service, definition = answers["memory.service"], facts.service, facts.definition
        known: Any = service
        return (
            target.unreadable(service, definition, facts.history, now)
            or target.foreign(now, "deploy")
            or target.moved(known, now)
            or target.busy(now)
            or self._unfit(definition)
            or self._other(facts.history, answers)
        )

    def _unfit(self, definition: Any) -> Refusal | None:
        size = raised(definition, self.cap_mib, self.factor)
        if isinstance(size, str):
            return Refusal("cap", size, "escalate")
        strange = sorted(set(definition.roles) - self.roles)
        if strange:
            names = ", ".join(one.rsplit("/", 1)[-1] for one in strange)
            why = (
                f"{definition.revision} has roles that the environment file does not name: {names}"
            )
            return Refusal("target", why, "escalate")
        return None

    def _other(self, history: Any, answers: Mapping[str, Any]) -> Refusal | None:
        running = history.newest.revision.digests.get(self.container, "")
        return target.other_image(running, answers["memory.image"], f"deploying {self.service}")

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return which deployment and revision the service is at."""
        return target.shown(answers["memory.service"].primary)

    def apply(self, attempt: Attempt) -> Change:
        """Register the revision with more memory, then deploy it; the first alone changes nothing."""
        described = self.aws.reader("ecs").describe_task_definition(
            taskDefinition=attempt.prior["task_definition"]
        )
        body = with_memory(described["taskDefinition"], int(attempt.prior["to_mib"]))
        registered = self.aws.fixer("ecs").register_task_definition(**body)
        return self._deploy(registered["taskDefinition"]["taskDefinitionArn"])

    def _deploy(self, arn: str) -> Change:
        answer = self.aws.fixer("ecs").update_service(
            cluster=self.cluster, service=self.service, taskDefinition=arn
        )
        left = {"deployment": target.primary_of(answer)["id"], "task_definition": arn}
        return Change(answer["ResponseMetadata"].get("RequestId", ""), left)

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return which deployment and revision the service is at."""
        if isinstance(facts.service, Unknown):
            raise TypeError("asked what a call left in a service that could not be read")
        return target.shown(facts.service.primary)

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether a deployment with the wanted memory began when the call was made."""
        service, definition = facts.service, facts.definition
        if isinstance(service, Unknown) or isinstance(definition, Unknown):
            return Landed.UNREADABLE
        meant = self._meant(definition, attempt)
        return target.landed(facts.at, service.primary, attempt, meant=meant)

    def _meant(self, definition: TaskDefinition, attempt: Attempt) -> bool:
        other = definition.arn != attempt.prior["task_definition"]
        return other and definition.memory_mib == int(attempt.prior["to_mib"])


@dataclass(frozen=True)
class RestoreMemory(RaiseMemory):
    """Deploy the revision that ran before ours, while the service shows what ours left."""

    name: str = "restore_memory"
    undo: str = "none: it puts back what was there"
    keep: timedelta | None = None

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where somebody has changed the service since, or where another image would come back."""
        now, ours = answers["memory.service"], answers[UNDOES]
        cannot = target.unreadable(facts.history, now)
        if cannot:
            return cannot
        if target.shown(now.primary) != dict(ours.left):
            at = now.primary.task_definition.rsplit("/", 1)[-1]
            why = f"{self.service} is at {at} ({now.primary.id}), which is not what our fix left"
            return Refusal("superseded", why, "wait")
        return self._other(facts.history, answers)

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the service is at, and the revision to put back."""
        before = answers[UNDOES].prior["task_definition"]
        return {**target.shown(answers["memory.service"].primary), "to": before}

    def apply(self, attempt: Attempt) -> Change:
        """Deploy the revision before ours, once."""
        return self._deploy(attempt.prior["to"])

    def _meant(self, definition: TaskDefinition, attempt: Attempt) -> bool:
        return definition.arn == str(attempt.prior["to"])
