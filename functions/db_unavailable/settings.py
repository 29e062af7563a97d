"""What the template tells this function."""

from dataclasses import dataclass

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """The database, and who suffers from it.

    Attributes:
        instance: the DB instance's identifier.
        health_url: the public health endpoint.
        log_group: the backend's.
        cluster, backend: the ECS service that a person would redeploy if it does not reconnect.
    """

    instance: str
    health_url: str
    log_group: str
    cluster: str
    backend: str
