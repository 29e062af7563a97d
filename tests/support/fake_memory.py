"""More memory for the backend's tasks, on AWS clients that a test has prepared."""

from typing import Any

from backend_facts import ROLES, service
from fake_redeploy import ACCOUNT, REGION, FakeAws
from runbook.checks.ecr import Repository
from runbook.fixes.memory import RaiseMemory

DIGEST = f"sha256:{8:064x}"
METADATA = {"RequestId": "request-1", "HTTPStatusCode": 200}
DEPLOYED = {
    "service": {"deployments": [{"id": "ecs-svc/9", "status": "PRIMARY"}]},
    "ResponseMetadata": METADATA,
}


def update(task_definition: str) -> dict[str, Any]:
    return {
        "cluster": "saas-prod",
        "service": "saas-backend",
        "taskDefinition": task_definition,
    }


def fix(aws: FakeAws | None = None, kind: type[RaiseMemory] = RaiseMemory) -> RaiseMemory:
    return kind(
        aws=aws or FakeAws(),  # type: ignore[arg-type]
        region=REGION,
        cluster="saas-prod",
        service="saas-backend",
        container="backend",
        repository=Repository(ACCOUNT, REGION, "saas-backend"),
        roles=frozenset(ROLES),
        cap_mib=4096,
        factor=1.5,
    )


def answers(**changes: Any) -> dict[str, Any]:
    usual = {"memory.service": service(), "memory.image": DIGEST}
    return {**usual, **{f"memory.{name}": value for name, value in changes.items()}}
