"""One RDS snapshot by its exact name, as RDS answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runbook.checks import snapshots
from runbook.checks.snapshots import Snapshot
from runbook.model import Unknown

TAKEN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
COPIED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def described(**changes: Any) -> dict[str, Any]:
    usual = {
        "DBSnapshotIdentifier": "before",
        "DBInstanceIdentifier": "db",
        "Status": "available",
        "SnapshotCreateTime": TAKEN,
    }
    return {"DBSnapshots": [{**usual, **changes}]}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("before", {}),
        ("rds:db-2026-11-23", {"SnapshotType": "automated"}),
        ("awsbackup:job-1", {"SnapshotType": "awsbackup"}),
    ],
    ids=["a person's", "an automatic one", "one of AWS Backup"],
)
def test_asks_for_one_snapshot_by_its_name(stubbed: Any, name: str, asked: dict[str, str]) -> None:
    client, stub = stubbed("rds")
    expected = {"DBSnapshotIdentifier": name, **asked}
    stub.add_response("describe_db_snapshots", described(DBSnapshotIdentifier=name), expected)

    assert snapshots.snapshot(client, name) == Snapshot(name, "db", "available", TAKEN)


def test_a_copy_is_as_old_as_its_data(stubbed: Any) -> None:
    client, stub = stubbed("rds")
    answer = described(SnapshotCreateTime=COPIED, OriginalSnapshotCreateTime=TAKEN)
    stub.add_response("describe_db_snapshots", answer)

    found = snapshots.snapshot(client, "before")

    assert isinstance(found, Snapshot)
    assert found.taken_at == TAKEN


def test_a_snapshot_that_is_not_there_is_unknown(stubbed: Any) -> None:
    client, stub = stubbed("rds")
    stub.add_client_error("describe_db_snapshots", "DBSnapshotNotFound")

    found = snapshots.snapshot(client, "before")

    assert found == Unknown("snapshot before: RDS knows none of this name")


def test_an_answer_without_it_is_unknown(stubbed: Any) -> None:
    client, stub = stubbed("rds")
    stub.add_response("describe_db_snapshots", {"DBSnapshots": []})

    assert isinstance(snapshots.snapshot(client, "before"), Unknown)


def test_is_one_line_for_people() -> None:
    making = Snapshot("before", "db", "creating", None)

    assert snapshots.line(making) == "before of db is creating, taken not yet"
    assert snapshots.line(Unknown("RDS did not answer")) == "unknown: RDS did not answer"
