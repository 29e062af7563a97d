"""What a person may ask of backend or worker, and what a person types about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.errors import TriggerError
from runbook.fields import shown

FIELDS = ("to", "from")
UNDONE_BY = (
    "a pipeline that deploys the newest main ships the version that was rolled back again: "
    "hold it, or revert the change, first"
)


@dataclass(frozen=True)
class Names:
    """One service, and what a person types about it.

    Attributes:
        family: its task definitions.
        other: the service that is left on its version.
    """

    region: str
    cluster: str
    service: str
    family: str
    other: str

    @property
    def _at(self) -> str:
        return f"--region {self.region} --cluster {self.cluster}"

    def deploy(self, revision: str) -> str:
        """Return how to deploy one revision."""
        return (
            f"aws ecs update-service {self._at} --service {self.service} "
            f"--task-definition {revision}"
        )

    def stop(self, deployment: str) -> str:
        """Return how to let ECS take back a deployment that is under way."""
        return (
            f"aws ecs stop-service-deployment --region {self.region} "
            f"--service-deployment-arn {deployment} --stop-type ROLLBACK"
        )

    @property
    def look(self) -> str:
        """Return how to see what runs, what ran before, and how to choose it."""
        return (
            f"aws ecs describe-services {self._at} --services {self.service}\n"
            f"aws ecs list-service-deployments {self._at} --service {self.service}\n"
            f"{self.deploy(f'{self.family}:<number>')}"
        )


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes:
        to: ``family:number``; empty for the last version that ran long enough.
        before: the revision that it must be at, or on its way to; empty for any.
    """

    to: str = ""
    before: str = ""


def understand(found: Mapping[str, Any], family: str) -> Wish:
    """Understand a request's own fields.

    Raises:
        TriggerError: a revision is none of the service's family.
    """
    revision = re.compile(rf"{re.escape(family)}:[1-9]\d{{0,9}}")
    for name in FIELDS:
        value = found.get(name, f"{family}:1")
        if not isinstance(value, str) or not revision.fullmatch(value):
            raise TriggerError(
                f"request.{name} is {shown(value)}; expected a revision of this family, "
                f"{family}:<number>, written out"
            )
    return Wish(found.get("to", ""), found.get("from", ""))
