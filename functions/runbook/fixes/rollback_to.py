"""Roll an ECS service back to a revision that a person names, whether ECS remembers it or not.

ECS keeps a service's last deployments only, so an older revision may have no record of what it ran. A person
may choose it all the same; where there is a record, the image must still be the recorded one. A newer one
without a record has never run here: that is no rollback.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runbook.checks import ecs
from runbook.checks.service_deployments import DONE, UNDER_WAY, History, Revision
from runbook.fixes import target
from runbook.fixes.rollback import Facts, Rollback
from runbook.gate import Refusal
from runbook.model import Unknown


@dataclass(frozen=True)
class Named:
    """What a rollback to a named revision would do.

    Attributes:
        revision: with the recorded digests, where ECS has a record.
        proven: whether ECS recorded that the service ran it for long enough.
    """

    revision: Revision
    proven: bool


def named(history: History, service: ecs.Service, to: str, proven: timedelta) -> Named | str:
    """Return what a rollback to a revision would do, or why it is not to be done.

    Args:
        history: the service's deployments.
        service: as it is now.
        to: ``family:number``.
        proven: how long a version should have been what the service ran.
    """
    now = service.primary.task_definition
    if now.rsplit("/", 1)[-1] == to:
        return f"{service.name} is at {to} already"
    if history.newest.status in UNDER_WAY:
        return (
            f"{history.newest.revision.name} is being deployed: a request without a revision "
            "stops it with rollback"
        )
    arn = f"{now.rsplit('/', 1)[0]}/{to}"
    ran = [one for one in history.deployments if one.revision.task_definition == arn]
    if not ran and _number(to) > _number(now):
        return f"{to} is newer than what runs, and ECS has no record of it: that is a deployment"
    recorded = next((one.revision for one in ran if one.status == DONE), Revision(arn))
    return Named(recorded, _stayed(history, arn) >= proven)


def _number(revision: str) -> int:
    return int(revision.rsplit(":", 1)[-1])


def _stayed(history: History, arn: str) -> timedelta:
    """Return how long the service ran a revision, the longest time without another deployment."""
    until, longest = history.newest.created_at, timedelta(0)
    for one in history.deployments[1:]:
        if one.status != DONE or one.finished_at is None:
            continue
        if one.revision.task_definition == arn:
            longest = max(longest, until - one.finished_at)
        until = one.created_at
    return longest


@dataclass(frozen=True)
class RollbackTo(Rollback):
    """Deploy one named revision.

    Attributes:
        to: ``family:number``, of the service's own family.
    """

    to: str = ""

    def _named(self, facts: Facts) -> Named | str:
        if isinstance(facts.history, Unknown):
            return facts.history.why
        if isinstance(facts.service, Unknown):
            return facts.service.why
        return named(facts.history, facts.service, self.to, self.proven)

    def _image(self, facts: Facts) -> str | Unknown:
        """Return the digest that the named revision would run now."""
        planned = self._named(facts)
        if isinstance(planned, str):
            return Unknown(planned)
        return self._would_run(planned.revision)

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where the service is not what was seen, or the revision would run another image."""
        planned = self._named(facts)
        if isinstance(planned, str):
            return Refusal("target", planned, "escalate")
        return (
            self._not_as_seen(facts, answers)
            or target.busy(answers["rollback.service"])
            or self._ships(planned, answers["rollback.image"])
        )

    def _ships(self, planned: Named, following: str | Unknown) -> Refusal | None:
        """Refuse what cannot be had, and a tag that has moved since; without a record the tag decides."""
        recorded = planned.revision.digests.get(self.container, "")
        if not recorded and not isinstance(following, Unknown):
            return None
        return target.other_image(recorded, following, f"going back to {planned.revision.name}")

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the service is at, and what it goes back to."""
        now: ecs.Service = answers["rollback.service"]
        to = f"{now.primary.task_definition.rsplit('/', 1)[0]}/{self.to}"
        return {**target.shown(now.primary), "to": to, "stop": ""}
