"""What the template tells this function."""

from dataclasses import dataclass

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """Redis, its probe, and the endpoint that rebuilds the quotas.

    Attributes:
        replication_group: the ElastiCache replication group's id.
        probe: the Redis probe's function name.
        queue: the Celery queue.
        queue_depth_good: messages; fewer is a short queue.
        health_url: the public health endpoint.
        reconcile_url: the admin endpoint.
        reconcile_secret: the name of the secret with its bearer token.
    """

    replication_group: str
    probe: str
    queue: str
    queue_depth_good: int
    health_url: str
    reconcile_url: str
    reconcile_secret: str
