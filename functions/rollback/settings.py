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
        frontend: the Vercel project: api, project, team, secret.
    """

    cluster: str
    tiers: dict[str, Any]
    instance: str
    migrations: dict[str, Any]
    frontend: dict[str, Any]
