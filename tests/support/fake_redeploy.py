"""The redeploy of a worker on AWS clients that a test has prepared."""

from dataclasses import dataclass, field
from typing import Any

from runbook.fixes.redeploy import Redeploy

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


@dataclass
class FakeAws:
    """Hands out the clients that a test has prepared."""

    readers: dict[str, Any] = field(default_factory=dict)
    fixers: dict[str, Any] = field(default_factory=dict)

    def reader(self, name: str) -> Any:
        return self.readers.get(name)

    def fixer(self, name: str) -> Any:
        return self.fixers[name]


def redeploy(aws: FakeAws | None = None) -> Redeploy:
    found: Any = aws or FakeAws()
    return Redeploy(found, "saas-prod", "saas-worker", "worker", "saas-worker", "redeploy_worker")
