"""Roll an ECS service back to the version that it ran before, as ECS recorded it.

While the bad deployment is under way ECS itself takes it back (StopServiceDeployment with ROLLBACK, which
also restores the images as they were); a completed one is replaced by the earlier revision. It is refused
where that would run something else: the revision was deregistered, or its image tag has moved since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import ecs, service_deployments, task_definitions
from runbook.checks.ecr import Repository
from runbook.checks.reading import ask
from runbook.checks.service_deployments import BACK, GOING_BACK, UNDER_WAY, History, Past, Revision
from runbook.fixes import target
from runbook.fixes.redeploy import COMPLETED_DEADLINE, SETTLE
from runbook.gate import Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.permissions import Need

NEEDS = (
    *service_deployments.NEEDS,
    *task_definitions.NEEDS,
    Need("ecs:StopServiceDeployment", "changed_service"),
    Need("ecs:StopServiceDeployment", "service_deployments"),
    Need("ecs:UpdateService", "changed_service"),
)


class Facts(Protocol):
    """What a scenario must have read to roll a service back."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def service(self) -> ecs.Service | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def history(self) -> History | Unknown: ...  # noqa: D102  # a field of the scenario's facts


@dataclass(frozen=True)
class Plan:
    """What a rollback would do.

    Attributes:
        to: the deployment whose version comes back.
        stop: ARN of the deployment to stop; empty where it is complete and has to be replaced.
    """

    to: Past
    stop: str

    @property
    def how(self) -> str:
        """Return how, for a sentence."""
        return "stopping the deployment with rollback" if self.stop else "a new deployment"


def plan(history: History, proven: timedelta) -> Plan | str:
    """Return what a rollback would do, or why there is nothing to go back to.

    Args:
        history: the service's deployments.
        proven: how long a version must have been what the service ran.
    """
    to = history.candidate(proven)
    minutes = int(proven.total_seconds() // 60)
    if to is None:
        return f"no earlier version ran for {minutes} min: {service_deployments.line(history)}"
    if history.newest.status not in UNDER_WAY:
        return Plan(to, "")
    before = history.before
    if before is None or not before.revision.same(to.revision):
        name = before.revision.name if before else "nothing"
        return f"ECS would go back to {name}, which did not run for {minutes} min"
    return Plan(to, history.newest.arn)


@dataclass(frozen=True)
class Rollback:
    """Bring one service back to its last proven version.

    Attributes:
        aws: clients.
        region: for the command.
        cluster: the cluster's name.
        service: the service's name; never empty, never a pattern.
        container: the essential container, whose image decides.
        repository: its ECR repository.
        proven: how long a version must have run to be gone back to.
        mode_key: for example ``rollback_backend``.
    """

    aws: Aws
    region: str
    cluster: str
    service: str
    container: str
    repository: Repository
    proven: timedelta
    mode_key: str
    name: str = "rollback"
    holds: timedelta = COMPLETED_DEADLINE + SETTLE
    undo: str = "by hand: deploy the version that was rolled back once more"
    deploys: bool = True
    keep: timedelta | None = None

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"ecs:{self.cluster}/{self.service}"

    def command(self) -> str:
        """Return what a person would type."""
        return (
            f"aws ecs update-service --region {self.region} --cluster {self.cluster} "
            f"--service {self.service} "
            "--task-definition <family>:<revision before>"
        )

    def rereads(self, facts: Facts) -> Calls:
        """Return the reads of the service, its deployments, and what the earlier version would run."""
        reader, name = self.aws.reader("ecs"), f"service {self.service}"
        service = partial(ecs.service, reader, self.cluster, self.service)
        history = partial(service_deployments.read, reader, self.cluster, self.service)
        return {
            "rollback.service": partial(ask, name, service),
            "rollback.history": partial(ask, f"deployments of {self.service}", history),
            "rollback.image": lambda: ask("the earlier image", lambda: self._image(facts)),
        }

    def _plan(self, facts: Facts) -> Plan | str:
        if isinstance(facts.history, Unknown):
            return facts.history.why
        return plan(facts.history, self.proven)

    def _image(self, facts: Facts) -> str | Unknown:
        """Return the digest that the earlier version would run; empty where ECS keeps it itself."""
        planned = self._plan(facts)
        if isinstance(planned, str):
            return Unknown(planned)
        if planned.stop:
            return ""
        return self._would_run(planned.to.revision)

    def _would_run(self, revision: Revision) -> str | Unknown:
        found = task_definitions.read(self.aws.reader("ecs"), revision.task_definition)
        if not found.active:
            return Unknown(f"{found.revision} was deregistered and cannot be deployed")
        return target.next_digest(self.aws, found, self.container, self.repository)

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where the service is not what the decision saw, or the earlier version is not to be had."""
        planned = self._plan(facts)
        if isinstance(planned, str):
            return Refusal("target", planned, "escalate")
        return (
            self._not_as_seen(facts, answers)
            or (None if planned.stop else target.busy(answers["rollback.service"]))
            or self._other(planned, answers["rollback.image"])
        )

    def _not_as_seen(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        now, history = answers["rollback.service"], answers["rollback.history"]
        service: Any = facts.service
        return (
            target.unreadable(service, now, history)
            or target.foreign(now, "roll back")
            or target.moved(service, now)
            or self._changed(facts.history, history)
        )

    def _changed(self, decided_on: Any, now: History) -> Refusal | None:
        seen = (decided_on.newest.arn, decided_on.newest.status)
        if (now.newest.arn, now.newest.status) == seen:
            return None
        why = f"the newest deployment of {self.service} is {now.newest.status} by now"
        return Refusal("busy", why, "wait")

    def _other(self, planned: Plan, following: str | Unknown) -> Refusal | None:
        if planned.stop:
            return None
        wanted = planned.to.revision.digests.get(self.container, "")
        return target.other_image(wanted, following, f"going back to {planned.to.revision.name}")

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the service is at, and what it goes back to."""
        planned = plan(answers["rollback.history"], self.proven)
        if isinstance(planned, str):
            raise TypeError(f"asked for the prior state of a rollback that was refused: {planned}")
        return {
            **target.shown(answers["rollback.service"].primary),
            "to": planned.to.revision.task_definition,
            "stop": planned.stop,
        }

    def apply(self, attempt: Attempt) -> Change:
        """Make the one call that the intent names."""
        to, stop = attempt.prior["to"], attempt.prior["stop"]
        left = {"task_definition": to, "stopped": stop}
        if stop:
            answer = self.aws.fixer("ecs").stop_service_deployment(
                serviceDeploymentArn=stop, stopType="ROLLBACK"
            )
        else:
            answer = self.aws.fixer("ecs").update_service(
                cluster=self.cluster, service=self.service, taskDefinition=to
            )
            left["deployment"] = target.primary_of(answer)["id"]
        return Change(answer["ResponseMetadata"].get("RequestId", ""), left)

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return the service as a landed call left it."""
        if isinstance(facts.service, Unknown) or isinstance(facts.history, Unknown):
            raise TypeError("asked what a call left in a service that could not be read")
        newest, before = facts.history.newest, facts.history.before
        if before and (newest.status == BACK or newest.status in GOING_BACK):
            return {"task_definition": before.revision.task_definition, "stopped": newest.arn}
        return {**target.shown(facts.service.primary), "stopped": ""}

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether the deployment is going back, or the earlier version is being deployed."""
        if isinstance(facts.service, Unknown) or isinstance(facts.history, Unknown):
            return Landed.UNREADABLE
        if attempt.prior["stop"]:
            not_yet = target.not_yet(facts.at, attempt)
            return self._stopped(facts.history, attempt.prior["stop"], not_yet)
        primary = facts.service.primary
        there = primary.task_definition == attempt.prior["to"]
        return target.landed(facts.at, primary, attempt, meant=there)

    def _stopped(self, history: History, stop: str, not_yet: Landed) -> Landed:
        found = next((one for one in history.deployments if one.arn == stop), None)
        if found is None:
            return Landed.UNKNOWN
        if found.status in UNDER_WAY:
            return not_yet
        back = found.status == BACK or found.status in GOING_BACK
        return Landed.YES if back else Landed.UNKNOWN
