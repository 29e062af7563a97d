"""One environment, typed: whatever differs between two deployments is in its file and nowhere else.

A mistake in the file is refused with the file's name, the key and what was expected, before anything
is synthesized.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from infra.fields import (
    AlarmName,
    Https,
    LogGroup,
    Name,
    Parameter,
    Repository,
    Scenario,
    Secret,
    SecurityGroup,
    Subnet,
    Topic,
    like,
    optional,
)
from infra.limits import Limits
from infra.mistakes import clash, sentence
from infra.sections import (
    Alarms,
    Dashboard,
    LoadBalancer,
    Network,
    Paging,
    Redis,
    Triage,
)
from infra.sections import Part as _Part
from runbook.checks.alarms import AUTO_SCALING

FOLDER = Path(__file__).resolve().parent.parent / "environments"

OVERLAY = {
    "redis": {"host", "port", "tls", "secret"},
    "health": {"url"},
    "reconcile": {"url"},
    "ai": {"status_pages"},
    "frontend": {"api"},
}
"""What a rehearsal may replace: addresses of its own machine; TLS and a login, which its Redis has not."""

Mode = Literal["off", "observe", "propose", "act"]


class EnvironmentFileError(Exception):
    """The environment file is wrong; the message names file, key and expectation, a line each."""


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
        task_role, execution_role: of its tasks, by name: passed on with a revision that has more memory.
    """

    memory_cap_mib: Annotated[int, Field(ge=512, le=122_880)]
    deregistration_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    task_role: Name
    execution_role: Name


class Database(_Part):
    """The RDS instance.

    Attributes:
        max_connections: as the parameter group has it.
        reserved: of those, for superusers and RDS itself.
    """

    instance: Name
    max_connections: Annotated[int, Field(ge=10, le=100_000)]
    reserved: Annotated[int, Field(ge=0, le=1000)] = 3


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
        request_filter: CloudWatch Logs filter that matches each request of the gateway in the backend's log.
        error_filter: the same for those that failed.
    """

    provider_parameter: Parameter
    status_pages: dict[Name, Https]
    alternate: Annotated[str, optional(r"[A-Za-z0-9_-]{1,64}", "a provider's name")] = ""
    request_filter: str = '{ $.logger = "ai_gateway" }'
    error_filter: str = '{ ($.logger = "ai_gateway") && ($.level = "ERROR") }'

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
    team: Annotated[str, optional(r"[A-Za-z0-9_]{1,64}", "a team's id")] = ""
    secret: Secret


class Migrations(_Part):
    """The one-off ECS task that runs Alembic, for a database rollback by hand.

    Attributes:
        task_family: a task definition whose container has ``alembic``, ``sh`` and the database's address.
        log_group: where that container writes, by ``awslogs`` with a stream prefix.
    """

    task_family: Name
    container: Name
    log_group: LogGroup
    subnet_ids: Annotated[list[Subnet], Field(min_length=1)]
    security_group_ids: Annotated[list[SecurityGroup], Field(min_length=1)]
    task_role: Name
    execution_role: Name


class Environment(_Part):
    """Everything that differs between two deployments of Nightshift."""

    name: Annotated[
        str,
        like(r"[a-z][a-z0-9-]{0,19}", "1 to 20 lower-case letters, digits and -, a letter first"),
    ]
    account: Annotated[str, like(r"[0-9]{12}", "an AWS account's 12 digits, in quotes")]
    region: Annotated[str, like(r"[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS region's name, as in an ARN")]
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
    existing_alarms: dict[Scenario, list[AlarmName]] = Field(default_factory=dict)
    existing_topics: dict[Scenario, list[Topic]] = Field(default_factory=dict)
    triage: Triage = Triage()
    dashboard: Dashboard
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if f"{self.name}-".startswith("triage-"):
            raise ValueError(
                f"name is {self.name!r}; expected another: alarms that opted in are named so"
            )
        claimed = {one for names in self.existing_alarms.values() for one in names}
        for alarm in self.triage.alarms:
            if alarm in claimed:
                raise ValueError(
                    f"triage.alarms: {alarm} has a scenario in existing_alarms already"
                )
            if alarm.startswith((AUTO_SCALING, f"{self.prefix}/")):
                raise ValueError(
                    f"triage.alarms: {alarm} is auto scaling's or Nightshift's own: never triaged"
                )
        return self

    @model_validator(mode="after")
    def _topics_of_ours(self) -> Self:
        for scenario, topics in self.existing_topics.items():
            key = f"existing_topics.{scenario}"
            if not self.existing_alarms.get(scenario):
                raise ValueError(
                    f"{key}: expected existing_alarms.{scenario} too: a topic wakes it for those alone"
                )
            arns = [self.topic(one) for one in topics]
            for topic, arn in zip(topics, arns, strict=True):
                name = topic.rsplit(":", 1)[-1]
                if arn != self.topic(name):
                    raise ValueError(f"{key}: {topic} is not in this account and region")
                if name.startswith(f"{self.prefix}-"):
                    raise ValueError(
                        f"{key}: {topic} is Nightshift's own: it tells people, not itself"
                    )
                if arns.count(arn) > 1:
                    raise ValueError(f"{key}: {topic} is there twice")
        return self

    @property
    def prefix(self) -> str:
        """Return what the name of everything that is ours begins with."""
        return f"nightshift-{self.name}"

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN in this account and region; all our names are physical, so no token is needed."""
        return f"arn:{self._partition}:{service}:{self.region}:{self.account}:{resource}"

    def topic(self, named: str) -> str:
        """Return the ARN of a topic that is named by its name or its ARN."""
        return named if named.startswith("arn:") else self.arn("sns", named)

    def role(self, name: str) -> str:
        """Return the ARN of a role; IAM has no region."""
        return f"arn:{self._partition}:iam::{self.account}:role/{name}"

    def objects(self, bucket: str, folder: str) -> str:
        """Return the ARN of all objects in a folder of a bucket; S3 names neither region nor account."""
        return f"arn:{self._partition}:s3:::{bucket}/{folder}/*"

    @property
    def _partition(self) -> str:
        return {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}.get(
            next((one for one in ("cn-", "us-gov-") if self.region.startswith(one)), ""), "aws"
        )


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
    except OSError as error:
        raise EnvironmentFileError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnvironmentFileError(f"{path.name} is not TOML: {error}") from error
    _lay_over(found, overlay or {})
    try:
        loaded = Environment.model_validate(found)
    except ValidationError as error:
        lines = [sentence(path.name, one) for one in error.errors()]
        raise EnvironmentFileError("\n".join(lines)) from error
    if mistake := clash(path, loaded.account, loaded.name, loaded.dashboard.name):
        raise EnvironmentFileError(mistake)
    return loaded


def _lay_over(found: dict[str, Any], overlay: Mapping[str, Any]) -> None:
    for section, values in overlay.items():
        if section not in OVERLAY or not isinstance(values, Mapping):
            raise EnvironmentFileError(f"the overlay may not replace {section}")
        refused = sorted(set(values) - OVERLAY[section])
        if refused:
            raise EnvironmentFileError(f"the overlay may not replace {section}.{refused[0]}")
        there = found.get(section, {})
        found[section] = {**there, **values} if isinstance(there, dict) else there
