"""RDS: one DB instance's status and its recent events. Nothing here, or anywhere, writes to RDS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (
    Need("rds:DescribeDBInstances", "database"),
    Need("rds:DescribeEvents", "any"),
)

UP = frozenset(
    {
        "available", "backing-up", "configuring-enhanced-monitoring", "configuring-iam-database-auth",
        "configuring-log-exports", "resetting-master-credentials", "storage-config-upgrade",
        "storage-initialization", "storage-optimization",
    }
)  # fmt: skip
"""Statuses in which the database answers, whatever RDS does beside it."""
MAY_ANSWER = frozenset({"maintenance", "modifying"})
"""Statuses that say nothing of it: it answers, and is away for a moment or not at all."""

MOST_EVENTS = 100
"""DescribeEvents gives at most 100 a page; an instance that makes more in half an hour is seen in them."""


@dataclass(frozen=True)
class Instance:
    """A DB instance at one moment.

    Attributes:
        identifier: as asked for.
        status: RDS's own word, for example ``available``.
        multi_az: whether a standby exists.
        instance_class: for example ``db.t4g.medium``.
        allocated_gib: of storage.
    """

    identifier: str
    status: str
    multi_az: bool
    instance_class: str
    allocated_gib: int


@dataclass(frozen=True)
class Event:
    """What RDS says has happened.

    Attributes:
        categories: for example ``failover``, ``availability``; DescribeEvents gives no event id.
    """

    at: datetime
    categories: tuple[str, ...]
    message: str


def instance(rds: Any, identifier: str) -> Instance | Unknown:
    """Describe one DB instance by its exact identifier."""
    found = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    if len(found) != 1:
        return Unknown(f"database {identifier}: RDS describes {len(found)} instances, expected 1")
    one = found[0]
    return Instance(
        identifier=one["DBInstanceIdentifier"],
        status=one.get("DBInstanceStatus", "none"),
        multi_az=bool(one.get("MultiAZ", False)),
        instance_class=one.get("DBInstanceClass", "unknown class"),
        allocated_gib=int(one.get("AllocatedStorage", 0)),
    )


def events(rds: Any, identifier: str, now: datetime, span: timedelta) -> tuple[Event, ...]:
    """Return the instance's events of the last ``span``, newest first."""
    found = rds.describe_events(
        SourceIdentifier=identifier,
        SourceType="db-instance",
        StartTime=now - span,
        EndTime=now,
        MaxRecords=MOST_EVENTS,
    )["Events"]
    return tuple(sorted((_event(one) for one in found), key=lambda one: one.at, reverse=True))


def _event(found: Mapping[str, Any]) -> Event:
    return Event(
        at=found["Date"],
        categories=tuple(found.get("EventCategories", ())),
        message=found.get("Message", ""),
    )


def line(fact: Instance | Unknown) -> str:
    """Return the instance as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    standby = "Multi-AZ" if fact.multi_az else "no standby"
    return f"{fact.identifier} is {fact.status}, {fact.instance_class}, {standby}"
