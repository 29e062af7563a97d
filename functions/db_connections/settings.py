"""What the template tells this function."""

from dataclasses import dataclass
from typing import Any

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """The database's connections, and the services that take them.

    Attributes:
        instance: the DB instance's identifier.
        max_connections: as the parameter group has it.
        reserved: of those, for superusers and RDS itself.
        load_balancer: the ALB as CloudWatch names it.
        cluster: the ECS cluster.
        tiers: by name (worker, backend): service, floor, settle_seconds, pool_size.
    """

    instance: str
    max_connections: int
    reserved: int
    load_balancer: str
    cluster: str
    tiers: dict[str, Any]
