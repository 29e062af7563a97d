"""What the template tells this function."""

from dataclasses import dataclass

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """The backend, what it stands behind and what it stands on.

    Attributes:
        cluster, service, container, log_group, repository: the backend, by exact name.
        worker, worker_log_group: the other service of the same database.
        load_balancer, target_group: the last parts of their ARNs, as CloudWatch names them.
        health_url: the public health endpoint.
        instance: the database's identifier.
        connection_limit: connections that the database's clients can have.
        memory_cap_mib: of one task; nothing is raised above it.
        roles: ARNs of the roles of the backend's tasks.
    """

    cluster: str
    service: str
    container: str
    log_group: str
    repository: str
    worker: str
    worker_log_group: str
    load_balancer: str
    target_group: str
    health_url: str
    instance: str
    connection_limit: int
    memory_cap_mib: int
    roles: list[str]
