"""What the template tells this function."""

from dataclasses import dataclass
from typing import Any

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """What can be rolled back, each by exact name.

    Attributes:
        cluster: the ECS cluster's name.
        tiers: backend and worker: service, task_family, container, repository.
        instance: the database's identifier.
        migrations: the one-off task with Alembic: task_family, container, log_group, subnet_ids,
            security_group_ids.
        vercel_api: Vercel's API.
        frontend: the Vercel project: project, team, secret.
    """

    cluster: str
    tiers: dict[str, Any]
    instance: str
    migrations: dict[str, Any]
    vercel_api: str
    frontend: dict[str, Any]
