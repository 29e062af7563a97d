"""Lower an ECS service's task count by one step, for a while, and put it back.

A stated count, never an increment: computed once from what the decision saw, and set only while the service
still has that count. It is put back only while it still has the count that we left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import autoscaling, ecs, metrics
from runbook.checks.metrics import Samples
from runbook.checks.reading import ask
from runbook.clock import whole_minutes
from runbook.fixes import target
from runbook.gate import UNDOES, Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.permissions import Need

NEEDS = (Need("ecs:UpdateService", "changed_service"),)

STEP = 0.25
"""Of the tasks, rounded down but one at least: the rest carries the load with a third more each."""
MOST_CPU_PERCENT = 70.0
"""Predicted for the tasks that are left: above it latency grows faster than what is released."""
FEWEST_CPU = 3
"""Datapoints of the CPU that a prediction needs: one minute may be a lull."""
CPU_WINDOW = timedelta(minutes=7)
"""Only what is as young as that counts: CloudWatch is up to 3 min behind, and 3 datapoints must fit in."""
KEEP = timedelta(hours=4)
"""A leak is found or a deployment is fixed within a shift; then a person decides which count stays."""
LANDS_WITHIN = timedelta(seconds=60)
"""Before this, an unchanged count proves nothing about a call whose answer was lost."""


@dataclass(frozen=True)
class Tier:
    """One service as the decision saw it. Each field is a value or ``Unknown``.

    Attributes:
        service: with its counts and deployments.
        cpu: percent of the tasks' CPU, average per minute, oldest first.
        scaling: who else sets its count.
        addresses: private addresses of its tasks, for the query in the database.
    """

    service: ecs.Service | Unknown
    cpu: Samples | Unknown
    scaling: autoscaling.Scaling | Unknown
    addresses: tuple[str, ...] | Unknown


class Facts(Protocol):
    """What a scenario must have read to scale."""

    @property
    def at(self) -> Any: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def tiers(self) -> Mapping[str, Tier]: ...  # noqa: D102  # a field of the scenario's facts


def lowered(count: int, floor: int) -> int:
    """Return the count one step lower: at least one task less, never below the floor."""
    return max(floor, min(count - 1, int(count * (1 - STEP))))


@dataclass(frozen=True)
class Scale:
    """Lower one service's count.

    Attributes:
        aws: clients.
        region, cluster, service: the service, by exact name.
        tier: its name in the facts, for example ``worker``.
        floor: tasks below which it is never lowered.
        holds: deregistration delay, stop timeout and 3 min: until then connections are not given back.
        name, mode_key: for example ``scale_worker``.
    """

    aws: Aws
    region: str
    cluster: str
    service: str
    tier: str
    floor: int
    holds: timedelta
    name: str
    mode_key: str
    deploys: bool = False
    keep: timedelta | None = KEEP

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"ecs:{self.cluster}/{self.service}"

    @property
    def undo(self) -> str:
        """Return what a person types to put the count back."""
        return self.to_count("<the count before>")

    def to_count(self, count: int | str) -> str:
        """Return what a person would type to set a count."""
        return (
            f"aws ecs update-service --region {self.region} --cluster {self.cluster} "
            f"--service {self.service} --desired-count {count}"
        )

    def command(self) -> str:
        """Return what a person would type; the decision knows the count."""
        return self.to_count("<one step fewer>")

    def rereads(self, facts: Facts) -> Calls:
        """Return the read of the service."""
        del facts
        read = partial(ecs.service, self.aws.reader("ecs"), self.cluster, self.service)
        return {"scale.service": partial(ask, f"service {self.service}", read)}

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where the service is not what the decision saw, or would not bear or keep the count."""
        tier = facts.tiers[self.tier]
        now = answers["scale.service"]
        for fact in (tier.service, now, tier.cpu, tier.scaling):
            if isinstance(fact, Unknown):
                return Refusal("target", f"{self.service} cannot be judged: {fact.why}", "escalate")
        return self._changed(tier.service, now) or self._cap(tier, now, facts.at)

    def _changed(self, decided_on: Any, now: ecs.Service) -> Refusal | None:
        refusal = target.foreign(now, "scale") or target.busy(now)
        if refusal:
            return refusal
        if now.desired != decided_on.desired:
            why = (
                f"{self.service} has {now.desired} tasks now, the decision saw {decided_on.desired}"
            )
            return Refusal("busy", why, "wait")
        return None

    def _cap(self, tier: Any, now: ecs.Service, at: datetime) -> Refusal | None:
        to = lowered(now.desired, self.floor)
        if to >= now.desired:
            why = f"{self.service} has {now.desired} tasks and its floor is {self.floor}"
            return Refusal("cap", why, "escalate")
        recent = metrics.since(tier.cpu, at - CPU_WINDOW)
        if len(recent) < FEWEST_CPU:
            found = f"{len(recent)} datapoints in {whole_minutes(CPU_WINDOW)} min"
            why = f"the CPU of {self.service} is unknown: {found}, {FEWEST_CPU} are needed"
            return Refusal("target", why, "escalate")
        predicted = max(sample.value for sample in recent) * now.desired / to
        if predicted > MOST_CPU_PERCENT:
            why = f"{to} tasks of {self.service} would run at {predicted:.0f} % CPU"
            return Refusal("cap", f"{why}, at most {MOST_CPU_PERCENT:g} % is allowed", "escalate")
        fights = tier.scaling.fights(to)
        return Refusal("cap", f"{self.service}: {fights}", "escalate") if fights else None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the count before, and the count to set."""
        desired = answers["scale.service"].desired
        return {"desired": desired, "to": lowered(desired, self.floor)}

    def apply(self, attempt: Attempt) -> Change:
        """Set the stated count, once."""
        answer = self.aws.fixer("ecs").update_service(
            cluster=self.cluster, service=self.service, desiredCount=int(attempt.prior["to"])
        )
        request_id = answer["ResponseMetadata"].get("RequestId", "")
        return Change(request_id, {"desired": answer["service"]["desiredCount"]})

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return the count that the service has."""
        service = facts.tiers[self.tier].service
        if isinstance(service, Unknown):
            raise TypeError("asked what a call left in a service that could not be read")
        return {"desired": service.desired}

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether the service has the count that the call would have given it."""
        service = facts.tiers[self.tier].service
        if isinstance(service, Unknown):
            return Landed.UNREADABLE
        if service.desired == attempt.prior["to"]:
            return Landed.YES
        if service.desired != attempt.prior["desired"]:
            return Landed.UNKNOWN
        waited = facts.at - attempt.tried_at
        return Landed.NO if waited >= LANDS_WITHIN else Landed.TOO_EARLY


@dataclass(frozen=True)
class Restore(Scale):
    """Put a count back that we lowered, while the service still has what we left."""

    keep: timedelta | None = None

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where somebody has changed the count since, or is deploying."""
        del facts
        now, ours = answers["scale.service"], answers[UNDOES]
        if isinstance(now, Unknown):
            return Refusal("target", f"{self.service} cannot be re-read: {now.why}", "wait")
        if now.desired != ours.left.get("desired"):
            why = f"{self.service} has {now.desired} tasks, we left {ours.left.get('desired')}"
            return Refusal("superseded", why, "wait")
        return target.busy(now)

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the count before, and the count to set: the one before our step."""
        return {
            "desired": answers["scale.service"].desired,
            "to": answers[UNDOES].prior["desired"],
        }
