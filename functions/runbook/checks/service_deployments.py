"""ECS service deployments: what a service ran before, and for how long. ECS keeps them since October 2024."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (
    Need("ecs:ListServiceDeployments", "service_history"),
    Need("ecs:DescribeServiceRevisions", "service_revisions"),
)

MOST_DEPLOYMENTS = 20
"""DescribeServiceRevisions takes 20 a call; of who deploys more often, no older one is seen."""

UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS"})
GOING_BACK = frozenset({"STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
"""Somebody, or ECS's own circuit breaker, is taking the deployment back."""
BACK = "ROLLBACK_SUCCESSFUL"
DONE = "SUCCESSFUL"


@dataclass(frozen=True)
class Revision:
    """What one deployment runs.

    Attributes:
        task_definition: ARN.
        digests: image digest by container, as ECS resolved them when the deployment began.
    """

    task_definition: str
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return ``family:number``."""
        return self.task_definition.rsplit("/", 1)[-1]

    def same(self, other: "Revision") -> bool:
        """Say whether both run the same task definition and the same images, as far as ECS tells."""
        both = self.digests.keys() & other.digests.keys()
        return self.task_definition == other.task_definition and all(
            self.digests[name] == other.digests[name] for name in both
        )


@dataclass(frozen=True)
class Past:
    """One service deployment.

    Attributes:
        status: PENDING, IN_PROGRESS, SUCCESSFUL, STOP_REQUESTED, STOPPED or one of ROLLBACK_*.
        finished_at: None while it is under way.
    """

    arn: str
    status: str
    created_at: datetime
    finished_at: datetime | None
    revision: Revision


@dataclass(frozen=True)
class History:
    """The service's newest deployments, newest first, never empty."""

    deployments: tuple[Past, ...]

    @property
    def newest(self) -> Past:
        """Return the last deployment that was asked for."""
        return self.deployments[0]

    @property
    def going_back(self) -> bool:
        """Say whether the newest deployment is being taken back."""
        return self.newest.status in GOING_BACK

    @property
    def before(self) -> Past | None:
        """Return what the newest deployment replaces: where ECS itself would go back to."""
        return next((one for one in self.deployments[1:] if one.status == DONE), None)

    def fresh(self, at: datetime, within: timedelta) -> bool:
        """Say whether the newest deployment is young, holds, and brought something new."""
        newest, before = self.newest, self.before
        if newest.status not in (*UNDER_WAY, DONE) or at - newest.created_at >= within:
            return False
        return before is None or not newest.revision.same(before.revision)

    def candidate(self, proven: timedelta) -> Past | None:
        """Return the newest deployment that differs from the present one and stayed for long enough.

        Args:
            proven: how long it must have been what the service ran.
        """
        until = self.newest.created_at
        for one in self.deployments[1:]:
            if one.status != DONE or one.finished_at is None:
                continue
            if until - one.finished_at >= proven and not one.revision.same(self.newest.revision):
                return one
            until = one.created_at
        return None


def read(ecs: Any, cluster: str, service: str) -> History | Unknown:
    """List the service's newest deployments with what each of them runs."""
    listed = ecs.list_service_deployments(
        cluster=cluster, service=service, maxResults=MOST_DEPLOYMENTS
    )["serviceDeployments"]
    listed = sorted(listed, key=lambda one: one["createdAt"], reverse=True)[:MOST_DEPLOYMENTS]
    if not listed:
        return Unknown(f"deployments of {service}: ECS has none on record")
    arns = sorted({one["targetServiceRevisionArn"] for one in listed})
    described = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    revisions = {one["serviceRevisionArn"]: _revision(one) for one in described}
    if listed[0]["targetServiceRevisionArn"] not in revisions:
        return Unknown(f"deployments of {service}: ECS does not describe what the newest one runs")
    return History(
        tuple(
            _past(one, revisions[one["targetServiceRevisionArn"]])
            for one in listed
            if one["targetServiceRevisionArn"] in revisions
        )
    )


def _past(found: Mapping[str, Any], revision: Revision) -> Past:
    return Past(
        arn=found["serviceDeploymentArn"],
        status=found["status"],
        created_at=found["createdAt"],
        finished_at=found.get("finishedAt"),
        revision=revision,
    )


def _revision(found: Mapping[str, Any]) -> Revision:
    return Revision(
        task_definition=found["taskDefinition"],
        digests={
            one["containerName"]: one["imageDigest"]
            for one in found.get("containerImages", ())
            if one.get("imageDigest")
        },
    )


def line(fact: History | Unknown, most: int = 4) -> str:
    """Return the newest deployments as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    return "; ".join(
        f"{one.revision.name} {one.status} {one.created_at:%d %b %H:%M}"
        for one in fact.deployments[:most]
    )
