"""Items that another version wrote: refused and raised or paged, never overwritten."""

from typing import Any

import pytest

from night import Night
from runbook.errors import SchemaError
from stage import SETTINGS, Stage, event

RESOURCE = "ecs:saas-prod/saas-worker"
INCIDENT = f"incident#worker_stuck#{SETTINGS.service}"


@pytest.mark.parametrize(
    "name",
    [
        "worker_stuck_alarm",
        "worker_stuck_look_due",
        "worker_stuck_look_missed_alarm",
        "worker_stuck_by_hand_apply",
        "worker_stuck_by_hand",
    ],
)
def test_an_incident_of_an_unknown_schema_is_refused_raised_and_left_as_it_is(
    stage: Stage, night: Night, name: str
) -> None:
    night.to("the fix")
    stage.step(60)
    stage.change(INCIDENT, "current", schema=2)
    before = stage.items()

    with pytest.raises(SchemaError, match="has schema 2; this code knows 1"):
        stage.worker_stuck(event(name))

    assert stage.items() == before
    assert stage.redeploys() == 0


def test_while_an_incident_is_of_an_unknown_schema_the_heartbeat_is_missing(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.change(INCIDENT, "current", schema=2)
    before, heartbeats = stage.item(INCIDENT, "current"), stage.heartbeats

    night.minutes(3)

    assert stage.heartbeats == heartbeats
    assert stage.item(INCIDENT, "current") == before
    assert {type(error) for error in night.errors} == {SchemaError}


@pytest.mark.parametrize(
    ("pk", "values"),
    [
        pytest.param(f"budget#{RESOURCE}", {"spent_at": [], "version": 1}, id="budget"),
        pytest.param("budget#environment", {"spent_at": [], "version": 1}, id="environment"),
        pytest.param(f"cooldown#{RESOURCE}#redeploy", {"until": ""}, id="cooldown"),
        pytest.param(f"occupancy#{RESOURCE}", {"until": ""}, id="occupancy"),
    ],
)
def test_a_limit_of_an_unknown_schema_pages_and_nothing_is_changed(
    stage: Stage, night: Night, pk: str, values: dict[str, Any]
) -> None:
    night.to("the fix")
    stage.put(pk, schema=2, **values)

    night.minute()

    assert stage.redeploys() == 0
    assert stage.item(pk) == {"pk": pk, "sk": "-", "schema": 2, **values}
    [page] = stage.pages()
    assert f"the look broke with SchemaError: item '{pk}' '-' has schema 2" in page["Message"]
    assert {type(error) for error in night.errors} == {SchemaError}
