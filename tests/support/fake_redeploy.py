"""The redeploy of a worker on AWS clients that a test has prepared."""

from dataclasses import dataclass, field
from typing import Any

from runbook.aws import SideBySide, one_by_one
from runbook.checks.ecr import Repository
from runbook.fixes.redeploy import Redeploy

ACCOUNT, REGION = "111122223333", "me-south-1"

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


@dataclass
class FakeAws:
    """Hands out the clients that a test has prepared."""

    readers: dict[str, Any] = field(default_factory=dict)
    fixers: dict[str, Any] = field(default_factory=dict)
    side_by_side: SideBySide = one_by_one

    def reader(self, name: str) -> Any:
        return self.readers.get(name)

    def fixer(self, name: str) -> Any:
        return self.fixers[name]


def redeploy(aws: FakeAws | None = None) -> Redeploy:
    found: Any = aws or FakeAws()
    return Redeploy(
        aws=found,
        region=REGION,
        cluster="saas-prod",
        service="saas-worker",
        container="worker",
        repository=Repository(ACCOUNT, REGION, "saas-worker"),
        mode_key="redeploy_worker",
    )
