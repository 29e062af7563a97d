"""What a fix takes of occupancy, cooldown and budget, each on the condition that it is free."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from runbook import limits
from runbook.clock import to_text
from runbook.limits import Limits, Spent
from runbook.table import from_aws
from worker_facts import NOW, ago

RESOURCE = "ecs:saas-prod/saas-worker"
OURS, THEIRS = "worker_stuck-1", "backend_5xx-1"
HOLDS = timedelta(minutes=20)


def at(minutes: float) -> str:
    """Return a moment before now as it stands in the table."""
    return to_text(ago(minutes))


def spent(**rows: dict[str, Any]) -> Spent:
    keys = {
        "occupancy": f"occupancy#{RESOURCE}",
        "cooldown": f"cooldown#{RESOURCE}#redeploy",
        "resource": f"budget#{RESOURCE}",
        "environment": "budget#environment",
    }
    return Spent({keys[name]: row for name, row in rows.items()}, RESOURCE, "redeploy")


def held(until: float, by: str = THEIRS) -> dict[str, Any]:
    return {"until": at(until), "incident_id": by}


def budget(*minutes: float) -> dict[str, Any]:
    return {"spent_at": [at(one) for one in minutes], "version": len(minutes)}


def taken(rows: Spent, *, by_hand: bool = False) -> list[dict[str, Any]]:
    writes = limits.writes(rows, Limits(), OURS, NOW, HOLDS, by_hand=by_hand)
    return [one["Put"] for one in writes]


def test_a_first_fix_takes_the_four_rows() -> None:
    items = [from_aws(one["Item"]) for one in taken(spent())]

    week = 7 * 24 * 60
    common = {"sk": "-", "schema": 1}
    assert items == [
        {
            **common,
            "pk": f"occupancy#{RESOURCE}",
            "until": at(-20),
            "incident_id": OURS,
            "expires_at": _seconds(-20 - week),
        },
        {
            **common,
            "pk": f"cooldown#{RESOURCE}#redeploy",
            "until": at(-60),
            "applied_at": at(0),
            "incident_id": OURS,
            "verified_at": "",
            "expires_at": _seconds(-60 - week),
        },
        {
            **common,
            "pk": f"budget#{RESOURCE}",
            "spent_at": [at(0)],
            "version": 1,
            "expires_at": _seconds(-60 * 24 - week),
        },
        {
            **common,
            "pk": "budget#environment",
            "spent_at": [at(0)],
            "version": 1,
            "expires_at": _seconds(-60 * 24 - week),
        },
    ]


def _seconds(minutes: float) -> int:
    return int(ago(minutes).timestamp())


def test_a_fix_takes_each_row_on_the_condition_that_it_is_still_free() -> None:
    rows = spent(resource=budget(70), environment=budget(70, 80))

    conditions = [one["ConditionExpression"] for one in taken(rows)]
    versions = [one["ExpressionAttributeValues"].get(":held") for one in taken(rows)]
    names = [one["ExpressionAttributeNames"] for one in taken(rows)]

    assert conditions == [
        "attribute_not_exists(pk) OR #until <= :now OR incident_id = :incident",
        "attribute_not_exists(pk) OR #until <= :now",
        "#version = :held",
        "#version = :held",
    ]
    assert versions == [None, None, {"N": "1"}, {"N": "2"}]
    assert names == [{"#until": "until"}] * 2 + [{"#version": "version"}] * 2


def test_a_fix_by_hand_takes_all_rows_and_passes_only_the_cooldown() -> None:
    rows = taken(spent(), by_hand=True)

    assert [one.get("ConditionExpression", "") for one in rows] == [
        "attribute_not_exists(pk) OR #until <= :now OR incident_id = :incident",
        "",
        "attribute_not_exists(pk)",
        "attribute_not_exists(pk)",
    ]


def test_a_budget_forgets_what_is_older_than_24_h() -> None:
    rows = spent(resource=budget(60 * 25, 60 * 24, 60 * 23))

    item = from_aws(taken(rows)[2]["Item"])

    assert item["spent_at"] == [at(60 * 23), at(0)]
    assert item["version"] == 4


def test_the_cooldown_keeps_when_the_fix_last_helped() -> None:
    rows = spent(cooldown={"until": at(5), "applied_at": at(65), "verified_at": at(50)})

    item = from_aws(taken(rows)[1]["Item"])

    assert item["verified_at"] == at(50)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param({}, "", id="never applied"),
        pytest.param({"cooldown": {"until": at(5)}}, "", id="applied, never helped"),
        pytest.param({"cooldown": {"verified_at": at(50)}}, at(50), id="helped"),
    ],
)
def test_knows_when_the_same_fix_last_helped(rows: dict[str, Any], expected: str) -> None:
    assert expected == limits.verified_before(spent(**rows).items, RESOURCE, "redeploy")


def test_frees_a_resource_only_where_the_incident_still_holds_it() -> None:
    write = limits.release(RESOURCE, OURS)["Delete"]

    assert write["Key"]["pk"] == {"S": f"occupancy#{RESOURCE}"}
    assert write["ConditionExpression"] == "attribute_not_exists(pk) OR incident_id = :incident"
    assert write["ExpressionAttributeValues"] == {":incident": {"S": OURS}}


def test_remembers_when_a_fix_helped_beside_its_cooldown() -> None:
    moment: datetime = ago(0)

    write = limits.mark_verified(RESOURCE, "redeploy", moment)["Update"]

    assert write["Key"]["pk"] == {"S": f"cooldown#{RESOURCE}#redeploy"}
    assert write["UpdateExpression"] == "SET verified_at = :now, #schema = :schema"
    assert write["ExpressionAttributeValues"][":now"] == {"S": at(0)}
