"""One environment, typed: whatever differs between two deployments is in its file and nowhere else.

A mistake in the file is refused with the file's name, the key and what was expected, before anything
is synthesized.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from runbook.limits import Limits as GateLimits
from worker_stuck.decide import Limits as WorkerStuckLimits

FOLDER = Path(__file__).resolve().parent.parent / "environments"

OVERLAY = {
    "redis": {"host", "port", "tls"},
    "health": {"url"},
    "reconcile": {"url"},
    "ai": {"status_pages"},
    "frontend": {"api"},
}
"""What a rehearsal may replace: addresses of its own machine, and TLS, which its Redis has not."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""A plain name: no wildcard, no path, never empty."""
LogGroup = Annotated[str, Field(pattern=r"^[A-Za-z0-9_/.#-]{1,256}$")]
Repository = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{1,254}$")]
Subscriber = Annotated[str, Field(pattern=r"^([^@\s*]+@[^@\s*]+\.[^@\s*]+|https://[^\s*]+)$")]
Mode = Literal["off", "observe", "propose", "act"]


class EnvironmentFileError(Exception):
    """The environment file is wrong; the message names file, key and expectation, a line each."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Switch(_Part):
    """The kill switch's first value."""

    state: Literal["on", "off"]


class Modes(_Part):
    """The first mode of each fix."""

    redeploy_worker: Mode
    reconcile_quotas: Mode
    rollback_backend: Mode
    raise_memory: Mode
    scale_worker: Mode
    scale_backend: Mode
    switch_provider: Mode
    redeploy_backend: Mode


class Paging(_Part):
    """Who is told: email addresses or https endpoints."""

    pages: Annotated[list[Subscriber], Field(min_length=1)]
    updates: list[Subscriber]
    second_path: Annotated[list[Subscriber], Field(min_length=1)]


class Network(_Part):
    """Where the Redis probe runs."""

    subnet_ids: Annotated[
        list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]], Field(min_length=1)
    ]
    security_group_ids: Annotated[
        list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]], Field(min_length=1)
    ]


class Cluster(_Part):
    """The ECS cluster."""

    name: Name


class Service(_Part):
    """An ECS service of one essential container, its log group, its image's repository.

    Attributes:
        floor: tasks below which nothing here ever lowers it.
        stop_seconds: the container's stopTimeout.
        pool_size: database connections that one task may open.
    """

    service: Name
    task_family: Name
    container: Name
    log_group: LogGroup
    repository: Repository
    floor: Annotated[int, Field(ge=1, le=1000)] = 1
    stop_seconds: Annotated[int, Field(ge=0, le=120)] = 30
    pool_size: Annotated[int, Field(ge=1, le=1000)] = 10


class Worker(Service):
    """The Celery worker."""

    concurrency: Annotated[int, Field(ge=1, le=1000)]
    prefetch: Annotated[int, Field(ge=0, le=1000)]


class Backend(Service):
    """The web backend.

    Attributes:
        memory_cap_mib: task memory above which nothing here ever raises it.
        deregistration_seconds: the target group's deregistration delay.
    """

    memory_cap_mib: Annotated[int, Field(ge=512, le=122_880)]
    deregistration_seconds: Annotated[int, Field(ge=0, le=3600)] = 300


class LoadBalancer(_Part):
    """The ALB in front of the backend: the last parts of the two ARNs, as CloudWatch names them."""

    name: Annotated[str, Field(pattern=r"^app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$")]
    target_group: Annotated[str, Field(pattern=r"^targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$")]


class Database(_Part):
    """The RDS instance.

    Attributes:
        max_connections: as the parameter group has it.
        reserved: of those, for superusers and RDS itself.
    """

    instance: Name
    max_connections: Annotated[int, Field(ge=10, le=100_000)]
    reserved: Annotated[int, Field(ge=0, le=1000)] = 3


Https = Annotated[
    str, Field(pattern=r"^(https://[A-Za-z0-9.-]+(:\d+)?|http://127\.0\.0\.1:\d+)/[^\s*]*$")
]
"""An https address; plain http is taken for this machine alone, where the rehearsal runs."""
Secret = Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]
Parameter = Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_.-]{1,1010}$")]


class Health(_Part):
    """The public health endpoint: answers JSON with ``status``, ``db`` and ``redis``."""

    url: Https


class Reconcile(_Part):
    """The admin endpoint that rebuilds the AI quotas, and the secret with its bearer token."""

    url: Https
    secret: Secret


class Ai(_Part):
    """The AI gateway's provider.

    Attributes:
        provider_parameter: SSM parameter with the provider's name.
        status_pages: Statuspage summary (``/api/v2/summary.json``) by provider.
        alternate: the provider to switch to; empty when none is configured.
    """

    provider_parameter: Parameter
    status_pages: dict[Name, Https]
    alternate: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.alternate and self.alternate not in self.status_pages:
            raise ValueError(
                f"ai.alternate is {self.alternate!r}; expected one of ai.status_pages: "
                f"{', '.join(self.status_pages)}"
            )
        return self


class Frontend(_Part):
    """The Vercel project, for a rollback by hand.

    Attributes:
        api: Vercel's API.
        team: empty for a personal account.
        secret: with the token.
    """

    api: Https = "https://api.vercel.com/"
    project: Name
    team: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,64}$")] = ""
    secret: Secret


class Migrations(_Part):
    """The one-off ECS task that runs Alembic, for a database rollback by hand.

    Attributes:
        task_family: a task definition whose container has ``alembic`` and the database's address.
    """

    task_family: Name
    container: Name
    subnet_ids: Annotated[
        list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]], Field(min_length=1)
    ]
    security_group_ids: Annotated[
        list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]], Field(min_length=1)
    ]
    task_role: Name
    execution_role: Name


class Redis(_Part):
    """The broker, and where the AI quotas are counted."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool
    replication_group: Name
    queue: Name
    unacked: Name


class Alarms(_Part):
    """Thresholds that depend on the load."""

    queue_depth: Annotated[int, Field(ge=1)] = 100


def _check_overrides(found: Mapping[str, float], limits: type, where: str) -> None:
    known = [field.name for field in fields(limits)]
    for name, value in found.items():
        if name not in known:
            raise ValueError(f"{where}.{name} is unknown; expected one of {', '.join(known)}")
        if isinstance(value, bool) or value <= 0:
            raise ValueError(f"{where}.{name} is {value!r}; expected a number above 0")


class Limits(_Part):
    """Overrides of the named limits; their defaults and reasons are beside the code they limit."""

    worker_stuck: dict[str, int | float] = Field(default_factory=dict)
    gate: dict[str, int | float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        _check_overrides(self.worker_stuck, WorkerStuckLimits, "limits.worker_stuck")
        _check_overrides(self.gate, GateLimits, "limits.gate")
        return self


class Environment(_Part):
    """Everything that differs between two deployments of Nightshift."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    switch: Switch
    modes: Modes
    paging: Paging
    network: Network
    cluster: Cluster
    backend: Backend
    worker: Worker
    load_balancer: LoadBalancer
    database: Database
    redis: Redis
    health: Health
    reconcile: Reconcile
    ai: Ai
    frontend: Frontend
    migrations: Migrations
    alarms: Alarms = Alarms()
    existing_alarms: dict[str, list[Name]] = Field(default_factory=dict)
    limits: Limits = Limits()

    @property
    def prefix(self) -> str:
        """Return what the name of everything that is ours begins with."""
        return f"nightshift-{self.name}"

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN in this account and region; all our names are physical, so no token is needed."""
        partition = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}.get(
            next((one for one in ("cn-", "us-gov-") if self.region.startswith(one)), ""), "aws"
        )
        return f"arn:{partition}:{service}:{self.region}:{self.account}:{resource}"


def path_of(environment: str) -> Path:
    """Return the file of an environment given by name or by path."""
    given = Path(environment)
    return given if given.suffix == ".toml" else FOLDER / f"{environment}.toml"


def load(environment: str, overlay: Mapping[str, Mapping[str, Any]] | None = None) -> Environment:
    """Read an environment.

    Args:
        environment: a name in ``environments/``, or a path to a TOML file.
        overlay: values that replace the file's; only what ``OVERLAY`` lists.

    Raises:
        EnvironmentFileError: there is no such file, it is not TOML, or a key is wrong.
    """
    path = path_of(environment)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        there = ", ".join(sorted(one.stem for one in FOLDER.glob("*.toml")))
        raise EnvironmentFileError(f"{path} does not exist; there are: {there}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnvironmentFileError(f"{path.name} is not TOML: {error}") from error
    for section, values in (overlay or {}).items():
        refused = sorted(set(values) - OVERLAY.get(section, set()))
        if refused:
            raise EnvironmentFileError(f"the overlay may not replace {section}.{refused[0]}")
        found[section] = {**found.get(section, {}), **values}
    try:
        return Environment.model_validate(found)
    except ValidationError as error:
        lines = [_sentence(path.name, one) for one in error.errors()]
        raise EnvironmentFileError("\n".join(lines)) from error


def _sentence(file: str, error: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    shown = "" if error["type"] == "missing" else f" (found {error['input']!r})"
    if error["type"] == "value_error":
        return f"{file}: {error['ctx']['error']}"
    if error["type"] == "extra_forbidden":
        return f"{file}: {key} is unknown: a typo, or a key of another version"
    return f"{file}: {key}: {error['msg']}{shown}"
