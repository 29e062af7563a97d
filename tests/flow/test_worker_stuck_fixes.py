"""The whole way: alarm, waiting, redeploy, settling, proof, end; and the nights that need no fix."""

from pathlib import Path
from typing import Any

import pytest

from night import Night
from stage import SETTINGS, Stage, event

MESSAGES = Path(__file__).parent / "messages"
RESOURCE = "ecs:saas-prod/saas-worker"


def _said(message: dict[str, Any]) -> str:
    return f"{message['Subject']}\n\n{message['Message']}"


def _written(name: str) -> str:
    return (MESSAGES / f"{name}.txt").read_text()


def test_a_frozen_worker_is_redeployed_once_proved_and_resolved(stage: Stage, night: Night) -> None:
    night.minutes(12)
    night.worker = "frozen"

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (attempt["fix"], attempt["outcome"], attempt["tries"]) == ("redeploy", "VERIFIED", 1)
    assert stage.redeploys() == 1
    assert stage.outbox() == []
    assert stage.pages() == []
    assert [_written("redeploy_applied"), _written("fix_verified"), _written("resolved")] == [
        _said(update) for update in stage.updates()
    ]


def test_the_record_tells_what_was_intended_before_it_tells_what_was_done(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")

    night.minute()

    intent, outcome = stage.records()[-2:]
    [attempt] = stage.incident()["attempts"]
    assert intent["decided"] == "Apply"
    assert attempt["intent_id"] == intent["intent"] == outcome["intent"]
    assert (
        intent["prior"]["depth"],
        intent["prior"]["deployment"],
    ) == (420, "ecs-svc/0000000000000000001")
    assert (outcome["outcome"], outcome["request_id"]) == ("APPLIED", "id-of-ecs.UpdateService")
    assert stage.ecs.redeploys == [attempt["left"]["deployment"]]
    assert intent["why"] == attempt["reason"]
    assert intent["seen"] == outcome["seen"]


def test_every_look_leaves_one_record_with_its_trigger_and_its_reason(
    stage: Stage, night: Night
) -> None:
    night.to("the end")

    night.minute()

    records = stage.records()
    assert {"trigger", "event_id", "decided", "why", "seen", "facts", "at"} <= set(records[0])
    assert f"alarm {SETTINGS.alarms[0]} went to ALARM" == records[0]["trigger"]
    assert {"patrol: due"} == {record["trigger"] for record in records[1:]}
    # 02:16 to 02:34, one a minute; the look of the fix leaves its intent as well.
    assert len(records) == 20
    assert records[-1]["decided"] == "Resolve"


def test_a_fix_spends_the_budget_starts_the_cooldown_and_frees_the_resource_when_judged(
    stage: Stage, night: Night
) -> None:
    night.to("the end")

    night.minute()

    spent_at = ["2026-11-23T02:23:00.000Z"]
    assert spent_at == stage.item(f"budget#{RESOURCE}")["spent_at"]
    assert spent_at == stage.item("budget#environment")["spent_at"]
    cooldown = stage.item(f"cooldown#{RESOURCE}#redeploy")
    assert (
        cooldown["until"],
        cooldown["verified_at"],
    ) == ("2026-11-23T03:23:00.000Z", "2026-11-23T02:30:00.000Z")
    assert stage.item(f"occupancy#{RESOURCE}") == {}


def test_while_the_fix_is_not_judged_it_occupies_its_resource(stage: Stage, night: Night) -> None:
    night.to("the fix")

    night.minutes(3)

    held = stage.item(f"occupancy#{RESOURCE}")
    assert stage.incident()["incident_id"] == held["incident_id"]
    # 15 min for ECS, 5 min to settle.
    assert held["until"] == "2026-11-23T02:43:00.000Z"


def test_a_resource_that_is_another_incidents_by_now_loses_no_verdict(
    stage: Stage, night: Night
) -> None:
    night.to("the proof")
    stage.change(f"occupancy#{RESOURCE}", "-", incident_id="another")

    night.minute()

    assert stage.incident()["attempts"][0]["outcome"] == "VERIFIED"
    assert stage.item(f"occupancy#{RESOURCE}")["incident_id"] == "another"
    assert stage.item(f"cooldown#{RESOURCE}#redeploy")["verified_at"]


def test_does_nothing_when_it_cleared_by_itself(stage: Stage, night: Night) -> None:
    night.minutes(12)

    night.deliver(event("worker_stuck_alarm"))
    night.until("resolved")

    assert stage.redeploys() == 0
    assert stage.incident()["attempts"] == []
    assert stage.told() == []


def test_a_queue_that_busy_workers_drain_is_only_watched(stage: Stage, night: Night) -> None:
    night.minutes(5)
    night.depth, night.worker = 1800, "works"
    night.minutes(3)

    night.until("resolved")

    assert any(
        "falling by 200 a minute: a backlog, not a stuck worker" in record["why"]
        for record in stage.records()
    )
    assert stage.redeploys() == 0
    assert stage.told() == []


def test_a_crash_loop_is_redeployed_and_proved(stage: Stage, night: Night) -> None:
    night.minutes(2)
    night.worker = "crashes"

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (attempt["fix"], attempt["outcome"]) == ("redeploy", "VERIFIED")
    assert attempt["reason"].startswith("the worker crash-loops: ")
    assert stage.redeploys() == 1
    assert stage.pages() == []


def test_is_superseded_when_an_engineer_deployed_after_our_redeploy(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    night.minutes(2)

    theirs = stage.ecs.deploy()
    night.minute()

    [attempt] = stage.incident()["attempts"]
    assert attempt["outcome"] == "SUPERSEDED"
    assert stage.item(f"occupancy#{RESOURCE}") == {}
    assert stage.told()[-1] == "fix superseded"
    why = f"Why      somebody deployed {theirs} after our {attempt['left']['deployment']}"
    assert why in stage.updates()[-1]["Message"]
    assert "verified" not in stage.updates()[-1]["Message"]


def test_a_superseded_fix_is_not_repeated_and_the_incident_still_ends(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    night.minutes(4)

    stage.ecs.deploy()
    night.until("resolved")

    assert stage.redeploys() == 1
    assert stage.told() == ["redeploy applied", "fix superseded", "resolved"]


def test_a_fix_that_helps_twice_in_a_day_is_paged_as_recurring(stage: Stage, night: Night) -> None:
    night.to("the end")
    night.minutes(60)
    night.worker = "frozen"

    night.until("open")
    night.until("resolved")

    assert stage.redeploys() == 2
    assert [page["Subject"].split(": ", 1)[1] for page in stage.pages()] == [
        "PAGE recurring: redeploy helped twice in 24 h"
    ]


@pytest.mark.parametrize("moment", ["the fix", "the end"])
def test_a_look_by_hand_says_what_it_would_do_and_touches_nothing(
    stage: Stage, night: Night, moment: str
) -> None:
    night.to(moment)
    stage.step(60)
    before, seen = stage.items(), len(stage.calls)

    answer = stage.worker_stuck(event("worker_stuck_by_hand"))

    assert before == stage.items()
    assert not {"UpdateItem", "TransactWriteItems", "UpdateService", "Publish", "DeleteItem"} & {
        call.operation for call in stage.calls[seen:]
    }
    would = {
        "the fix": "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-worker "
        "--force-new-deployment",
        "the end": "nothing",
    }
    assert would[moment] == answer["would_change"]


def test_an_apply_by_hand_passes_mode_and_cooldown_and_spends_the_budget(
    stage: Stage, night: Night
) -> None:
    stage.parameter(SETTINGS.mode_parameters["redeploy_worker"], "observe")
    night.to("the fix")
    stage.step(60)
    until = "2026-11-23T03:00:00.000Z"
    stage.put(f"cooldown#{RESOURCE}#redeploy", until=until, applied_at=until, incident_id="other")

    answer = stage.worker_stuck(event("worker_stuck_by_hand_apply"))

    assert f"redeploy of {RESOURCE}" == answer["changed"]
    assert stage.redeploys() == 1
    assert len(stage.item(f"budget#{RESOURCE}")["spent_at"]) == 1
