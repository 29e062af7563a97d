"""Redeploy an ECS service: the same revision and the same image, in new tasks.

It cannot be undone, and need not be: it leaves the service as it was, in fresh tasks. It is refused where
it would ship something new (the tag points to another digest by now) or where somebody is deploying.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import ecr, ecs
from runbook.checks.ecr import Repository
from runbook.checks.reading import ask
from runbook.fixes import target
from runbook.gate import Change, Landed, Refusal
from runbook.model import Attempt, Decision, Escalate, Outcome, Unknown, Verdict, Wait
from runbook.permissions import Need

NEEDS = (Need("ecs:UpdateService", "changed_service"),)

COMPLETED_DEADLINE = timedelta(minutes=15)
"""ECS needs about a minute per task; a rollout that is not done by then will not be."""
SETTLE = timedelta(minutes=5)
"""From COMPLETED to the verdict: new consumers have connected and worked through their first messages."""


class Facts(Protocol):
    """What a scenario must have read to redeploy a service.

    Attributes:
        at: when.
        service: as the decision saw it.
        running: ARNs of its running tasks.
        stopped: tasks that stopped lately; in a crash loop they alone show which image was run.
        definition: the newest revision of its family, a guess that saves a round trip.
    """

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def service(self) -> ecs.Service | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def running(self) -> tuple[str, ...] | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def stopped(self) -> tuple[ecs.Stopped, ...] | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def definition(self) -> ecs.Definition | Unknown: ...  # noqa: D102  # a field of the scenario's facts


@dataclass(frozen=True)
class Redeploy:
    """Force a new deployment of one service.

    Attributes:
        aws: clients.
        region: for the command.
        cluster: the cluster's name.
        service: the service's name; never empty, never a pattern.
        container: the essential container, whose image decides.
        repository: its ECR repository.
        mode_key: for example ``redeploy_worker``.
    """

    aws: Aws
    region: str
    cluster: str
    service: str
    container: str
    repository: Repository
    mode_key: str
    name: str = "redeploy"
    holds: timedelta = COMPLETED_DEADLINE + SETTLE
    undo: str = "none: the same revision and image run in new tasks"
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
            "--force-new-deployment"
        )

    def rereads(self, facts: Facts) -> Calls:
        """Return the reads of the service, its running digests and what its image tag means now."""
        reader = self.aws.reader("ecs")
        return {
            "redeploy.service": partial(
                ask,
                f"service {self.service}",
                partial(ecs.service, reader, self.cluster, self.service),
            ),
            "redeploy.running": lambda: ask("running image", lambda: self._running(facts)),
            "redeploy.next": lambda: ask("next image", lambda: self._next(facts)),
        }

    def _running(self, facts: Facts) -> frozenset[str] | Unknown:
        if isinstance(facts.running, Unknown):
            return facts.running
        found = ecs.running_digests(
            self.aws.reader("ecs"), self.cluster, facts.running, self.container
        )
        return found or self._crashed(facts)

    def _crashed(self, facts: Facts) -> frozenset[str] | Unknown:
        """Return what the primary deployment's tasks ran that do not run any more."""
        service, stopped = facts.service, facts.stopped
        if isinstance(service, Unknown):
            return service
        if isinstance(stopped, Unknown):
            return stopped
        digests = {
            one.digests.get(self.container, "")
            for one in stopped
            if one.deployment == service.primary.id
        }
        if not digests or "" in digests:
            return Unknown(
                "running image: no task runs, and the stopped ones do not show their image"
            )
        return frozenset(digests)

    def _next(self, facts: Facts) -> str | Unknown:
        if isinstance(facts.service, Unknown):
            return facts.service
        wanted = facts.service.primary.task_definition
        known = facts.definition
        if isinstance(known, Unknown) or known.arn != wanted:
            known = ecs.definition(self.aws.reader("ecs"), wanted, self.container)
        if isinstance(known, Unknown):
            return known
        image = ecr.parse(known.image, self.repository)
        return image if isinstance(image, Unknown) else ecr.digest(self.aws.reader("ecr"), image)

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where the service is not what the decision saw, or would not come back the same."""
        now = answers["redeploy.service"]
        decided_on: Any = facts.service
        return (
            target.unreadable(decided_on, now)
            or target.foreign(now, "redeploy")
            or target.moved(decided_on, now)
            or target.busy(now)
            or self._other_image(answers["redeploy.running"], answers["redeploy.next"])
        )

    def _other_image(self, running: Any, following: Any) -> Refusal | None:
        for fact in (running, following):
            if isinstance(fact, Unknown):
                return Refusal(
                    "target", f"cannot prove that the same image comes back: {fact.why}", "escalate"
                )
        if running != frozenset({following}):
            return Refusal(
                "target",
                f"a redeploy would ship another image: the tag now means {following}, "
                f"running is {', '.join(sorted(running))}",
                "escalate",
            )
        return None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return which deployment and revision the service is at."""
        return target.shown(answers["redeploy.service"].primary)

    def apply(self, attempt: Attempt) -> Change:
        """Call UpdateService, once, with nothing but the request for new tasks."""
        del attempt
        answer = self.aws.fixer("ecs").update_service(
            cluster=self.cluster, service=self.service, forceNewDeployment=True
        )
        primary = target.primary_of(answer)
        return Change(
            answer["ResponseMetadata"].get("RequestId", ""),
            {"deployment": primary["id"], "task_definition": primary["taskDefinition"]},
        )

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return which deployment the service is at."""
        if isinstance(facts.service, Unknown):
            raise TypeError("asked what a call left in a service that could not be read")
        return target.shown(facts.service.primary)

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether a new deployment of the same revision began when the call was made."""
        service = facts.service
        if isinstance(service, Unknown):
            return Landed.UNREADABLE
        same = service.primary.task_definition == attempt.prior["task_definition"]
        return target.landed(facts.at, service.primary, attempt, meant=same)


def settling(at: datetime, service: ecs.Service, attempt: Attempt) -> Decision | None:
    """Wait until ECS says COMPLETED and the new tasks have worked for a while; None when that is over."""
    since, name = attempt.outcome_at or attempt.tried_at, attempt.fix
    state, changed_at = service.primary.rollout_state, service.primary.updated_at
    if state != "COMPLETED":
        if at - since < COMPLETED_DEADLINE:
            return Wait(f"the {name} of {since:%H:%M} is {state}")
        why = f"the {name} of {since:%H:%M} is still {state}: ECS did not complete it in 15 min"
        return Escalate(why, verdict=Verdict(Outcome.FAILED, why))
    settled_at = min(
        max(since, changed_at) + SETTLE,
        since + COMPLETED_DEADLINE + SETTLE,
    )
    if at < settled_at:
        return Wait(f"the {name} of {since:%H:%M} is complete and settles until {settled_at:%H:%M}")
    return None
