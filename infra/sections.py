"""Sections of an environment file: what each holds, and what is expected of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from infra.fields import (
    AlarmName,
    Name,
    OptionalSecret,
    SecurityGroup,
    Subnet,
    Subscriber,
    like,
)


class Part(BaseModel):
    """A section: strict, and a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Dashboard(Part):
    """The dashboard.

    Attributes:
        name: an account has one list of dashboards for all its regions, so two environments need two.
    """

    name: Annotated[
        str, like(r"[A-Za-z0-9_-]{1,255}", "a dashboard's name: 1 to 255 letters, digits, - and _")
    ]


class Paging(Part):
    """Who is told: email addresses or https endpoints."""

    pages: Annotated[list[Subscriber], Field(min_length=1)]
    updates: list[Subscriber]
    second_path: Annotated[list[Subscriber], Field(min_length=1)]


class Network(Part):
    """Where the Redis probe runs."""

    subnet_ids: Annotated[list[Subnet], Field(min_length=1)]
    security_group_ids: Annotated[list[SecurityGroup], Field(min_length=1)]


class LoadBalancer(Part):
    """The ALB in front of the backend: the last parts of the two ARNs, as CloudWatch names them."""

    name: Annotated[
        str, like(r"app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}", "app/<name>/<16 hexadecimal digits>")
    ]
    target_group: Annotated[
        str,
        like(
            r"targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}",
            "targetgroup/<name>/<16 hexadecimal digits>",
        ),
    ]


class Redis(Part):
    """The broker, and where the AI quotas are counted.

    Attributes:
        secret: with the probe's token, or its username and password as JSON; empty where Redis wants none.
    """

    host: Annotated[str, like(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", "a host name, without a port")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool
    secret: OptionalSecret = ""
    replication_group: Name
    queue: Name
    unacked: Name
    quota_pattern: Annotated[
        str, like(r"[A-Za-z0-9_:{}.-]+[*]?", "a Redis key, or the beginning of keys and one *")
    ]


class Alarms(Part):
    """What differs between alarms of two environments.

    Attributes:
        queue_depth: messages, a threshold that depends on the load.
        warm_up: whether alarms for which silence is bad wait for their first data; not each region may
            know it.
    """

    queue_depth: Annotated[int, Field(ge=1)] = 100
    warm_up: bool = False


class Triage(Part):
    """Alarms without a scenario that are told of with the quick diagnostics.

    Attributes:
        alarms: names, besides those that begin with ``nightshift-triage-<environment>/``.
    """

    alarms: list[AlarmName] = Field(default_factory=list)
