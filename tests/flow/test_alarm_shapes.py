"""A team's own alarm in each of its three shapes leads to the same look; one that is not listed to none."""

import json
from typing import Any

import pytest

from stage import Stage, event

SHAPES = ["worker_stuck_alarm", "worker_stuck_alarm_by_topic", "worker_stuck_alarm_direct"]
FOREIGN = "saas-disk-full"


def of_another_alarm(shape: str) -> dict[str, Any]:
    text = json.dumps(event(shape)).replace("nightshift-prod/worker_stuck/queue-depth", FOREIGN)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_an_alarm_leads_to_a_look_in_whatever_shape_it_comes(stage: Stage, shape: str) -> None:
    answer = stage.worker_stuck(event(shape))

    [record] = stage.records()
    assert stage.incident()["incident_id"] == answer["incident"]
    assert record["trigger"] == "alarm nightshift-prod/worker_stuck/queue-depth went to ALARM"
    assert stage.dead_letters() == []


def test_an_alarm_that_comes_in_all_three_shapes_is_one_incident(stage: Stage) -> None:
    for shape in SHAPES:
        stage.worker_stuck(event(shape))

    opened = [item for item in stage.items() if item["pk"].startswith("incident#")]
    assert [item["triggers"] for item in opened] == [3]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_alarm_that_is_not_listed_is_refused_and_kept(stage: Stage, shape: str) -> None:
    answer = stage.worker_stuck(of_another_alarm(shape))

    [letter] = stage.dead_letters()
    assert answer["refused"].startswith(f"event.detail.alarmName is '{FOREIGN}'; expected one of ")
    assert letter["why"] == answer["refused"]
    assert stage.items() == []
