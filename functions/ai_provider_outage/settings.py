"""What the template tells this function."""

from dataclasses import dataclass

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """The provider, its alternate, and the backend that reads which one it is.

    Attributes:
        provider_parameter: the SSM parameter with the provider's name.
        status_pages: address of the status summary by provider.
        alternate: the provider to switch to; empty when none is configured.
        cluster, service, task_family, container, repository: the backend, by exact name.
    """

    provider_parameter: str
    status_pages: dict[str, str]
    alternate: str
    cluster: str
    service: str
    task_family: str
    container: str
    repository: str
