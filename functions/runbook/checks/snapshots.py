"""RDS: one snapshot, before something is done that only a snapshot could bring back. Makes none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("rds:DescribeDBSnapshots", "snapshots"),)

TYPES = {"rds:": "automated", "awsbackup:": "awsbackup"}
"""How names of snapshots that AWS makes begin, and what RDS calls these; a person's own need no type."""


@dataclass(frozen=True)
class Snapshot:
    """A DB snapshot.

    Attributes:
        instance: identifier of the DB instance that it is of.
        status: RDS's own word, for example ``available``.
        taken_at: the moment of its data; None while it is being made.
    """

    identifier: str
    instance: str
    status: str
    taken_at: datetime | None


def snapshot(rds: Any, identifier: str) -> Snapshot | Unknown:
    """Describe one snapshot by its exact identifier."""
    kind = next((TYPES[one] for one in TYPES if identifier.startswith(one)), "")
    asked = {"SnapshotType": kind} if kind else {}
    try:
        answer = rds.describe_db_snapshots(DBSnapshotIdentifier=identifier, **asked)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("DBSnapshotNotFound", "DBSnapshotNotFoundFault"):
            return Unknown(f"snapshot {identifier}: RDS knows none of this name")
        raise
    found = answer["DBSnapshots"]
    if len(found) != 1:
        return Unknown(f"snapshot {identifier}: RDS describes {len(found)}, expected 1")
    one = found[0]
    return Snapshot(
        identifier=one["DBSnapshotIdentifier"],
        instance=one["DBInstanceIdentifier"],
        status=one.get("Status", "none"),
        taken_at=one.get("OriginalSnapshotCreateTime") or one.get("SnapshotCreateTime"),
    )


def line(fact: Snapshot | Unknown) -> str:
    """Return the snapshot as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    taken = f"{fact.taken_at:%Y-%m-%d %H:%M} UTC" if fact.taken_at else "not yet"
    return f"{fact.identifier} of {fact.instance} is {fact.status}, taken {taken}"
