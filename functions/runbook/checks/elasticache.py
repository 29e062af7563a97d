"""ElastiCache: a replication group's status, its primary and its recent events. Never TestFailover.

Node-based ElastiCache sends no events to EventBridge; what has happened is asked for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (
    Need("elasticache:DescribeEvents", "any"),
    Need("elasticache:DescribeReplicationGroups", "replication_group"),
)

MOST_EVENTS = 100
"""DescribeEvents gives at most 100 a page; more in half an hour would not be read by anybody."""


@dataclass(frozen=True)
class Group:
    """A replication group at one moment.

    Attributes:
        name: its id.
        status: ElastiCache's own word, for example ``available``.
        primary: the cluster that is primary; empty where none is shown (as with cluster mode).
        members: all clusters of the group: their metrics are under these names.
    """

    name: str
    status: str
    primary: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """What ElastiCache says has happened."""

    at: datetime
    message: str


def group(elasticache: Any, name: str) -> Group | Unknown:
    """Describe one replication group by its exact id."""
    found = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    if len(found) != 1:
        return Unknown(f"Redis {name}: ElastiCache describes {len(found)} groups, expected 1")
    members = [
        member for node in found[0].get("NodeGroups", []) for member in node["NodeGroupMembers"]
    ]
    primaries = [
        member["CacheClusterId"] for member in members if member.get("CurrentRole") == "primary"
    ]
    return Group(
        name=found[0]["ReplicationGroupId"],
        status=found[0]["Status"],
        primary=primaries[0] if len(primaries) == 1 else "",
        members=tuple(member["CacheClusterId"] for member in members),
    )


def events(elasticache: Any, name: str, now: datetime, span: timedelta) -> tuple[Event, ...]:
    """Return the group's events of the last ``span``, newest first."""
    found = elasticache.describe_events(
        SourceIdentifier=name,
        SourceType="replication-group",
        StartTime=now - span,
        EndTime=now,
        MaxRecords=MOST_EVENTS,
    )["Events"]
    made = (Event(one["Date"], one.get("Message", "")) for one in found)
    return tuple(sorted(made, key=lambda one: one.at, reverse=True))


def line(fact: Group | Unknown) -> str:
    """Return the group as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    return f"{fact.name} is {fact.status}, primary {fact.primary or 'not shown'}"
