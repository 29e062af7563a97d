"""When a person is needed: why, with which numbers, and what to type next."""

from pathlib import Path

import pytest

from night import Night
from runbook.clock import from_text
from seam import Call
from stage import SETTINGS, Stage, event

NOT_VERIFIED = Path(__file__).parent / "messages" / "not_verified.txt"
ROLLBACK = (
    "Next     aws ecs list-task-definitions --region me-south-1 --family-prefix saas-worker "
    "--sort DESC --max-items 5\n"
    "         aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-worker "
    "--task-definition saas-worker:<previous>\n"
)
SCALE_OUT = (
    "Next     aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-worker "
    "--desired-count <more>\n"
)
LOOK = (
    "Next     aws ecs describe-services --region me-south-1 --cluster saas-prod "
    "--services saas-worker\n"
)


def test_a_redeploy_that_does_not_help_is_not_repeated_and_pages_with_the_numbers(
    stage: Stage, night: Night
) -> None:
    night.to("no help")

    night.minutes(10)

    [attempt] = stage.incident()["attempts"]
    assert (attempt["outcome"], stage.incident()["status"]) == ("FAILED", "escalated")
    assert stage.redeploys() == 1
    [page] = stage.pages()
    assert f"{page['Subject']}\n\n{page['Message']}" == NOT_VERIFIED.read_text()
    assert stage.item("occupancy#ecs:saas-prod/saas-worker") == {}
    assert stage.item("cooldown#ecs:saas-prod/saas-worker#redeploy")["verified_at"] == ""


def test_a_crash_loop_that_goes_on_after_the_redeploy_proposes_the_rollback(
    stage: Stage, night: Night
) -> None:
    night.minutes(2)
    night.worker = night.after_redeploy = "crashes"
    while stage.redeploys() == 0:
        night.minute()
    night.minutes(2)
    for _ in range(3):
        stage.ecs.crash()

    night.minute()

    [attempt] = stage.incident()["attempts"]
    assert (stage.redeploys(), attempt["outcome"]) == (1, "FAILED")
    [page] = stage.pages()
    assert ROLLBACK in page["Message"]
    assert "Why      the worker crash-loops again after the redeploy: " in page["Message"]


def test_tasks_that_cannot_start_are_paged_with_the_reason_of_ecs(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    why = "CannotPullContainerError: not found"
    stage.ecs.stop_task(stage.ecs.running()[0], "TaskFailedToStart", reason=why)

    night.minute()

    assert stage.redeploys() == 0
    [page] = stage.pages()
    assert f"Why      worker tasks cannot start: {why}\n" in page["Message"]
    assert LOOK in page["Message"]


def test_a_silent_probe_is_waited_for_twice_and_then_paged_as_blind(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    night.minute()
    night.probe_works = False

    night.until("escalated")

    assert stage.redeploys() == 0
    blind = [record for record in stage.records() if "silent" in record["why"]]
    assert [record["decided"] for record in blind] == ["Wait", "Wait", "Escalate"]
    [told] = stage.told()
    assert told == "PAGE blind: the Redis probe is silent: no datapoint for 5 min, 3 l"


def test_a_backlog_that_busy_workers_do_not_drain_in_30_min_asks_to_scale_out(
    stage: Stage, night: Night
) -> None:
    night.minutes(5)
    night.depth, night.worker = 200, "slow"

    night.until("escalated")

    waited = stage.now() - from_text(stage.incident()["opened_at"])
    assert waited.total_seconds() == 30 * 60
    assert stage.redeploys() == 0
    [page] = stage.pages()
    assert (
        "Why      a backlog: scale out. 360 messages, not falling, but the worker has logged"
        in (page["Message"])
    )
    assert SCALE_OUT in page["Message"]


def test_a_dead_redis_is_handed_over_and_the_worker_is_not_touched(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    night.minute()
    night.redis_run = None

    night.minutes(2)

    handed_over = stage.records()[-1]
    assert handed_over["decided"] == "HandOver"
    assert handed_over["why"] == "Redis is down: the worker cannot consume, and is not touched"
    [other] = [
        item for item in stage.items() if item["pk"].startswith("incident#redis_unavailable")
    ]
    assert (other["open"], other["next_look_at"]) == ("open", handed_over["at"])
    assert stage.redeploys() == 0
    assert stage.told() == []


def test_a_redis_that_is_still_down_10_min_after_the_hand_over_is_paged(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    night.minute()
    night.redis_run = None

    night.minutes(11)
    waiting = stage.incident()["status"]
    night.minute()

    assert (waiting, stage.incident()["status"]) == ("open", "escalated")
    assert stage.redeploys() == 0
    why = "Redis is down: the worker cannot consume, and is not touched; handed over"
    [page] = [one for one in stage.pages() if "] worker_stuck" in one["Subject"]]
    assert f"Why      {why}, and down for 10 min\n" in page["Message"]


def test_while_a_person_has_it_nothing_is_changed_and_looks_are_5_min_apart(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.parameter(SETTINGS.switch_parameter, "off")
    night.minute()
    stage.parameter(SETTINGS.switch_parameter, "on")
    looks = len(stage.records())

    night.minutes(14)

    assert stage.redeploys() == 0
    later = stage.records()[looks:]
    assert [record["at"][11:16] for record in later] == ["02:28", "02:33"]
    assert all(
        record["why"].startswith("a person has it, nothing is changed; ") for record in later
    )


def test_what_a_person_has_still_ends_by_itself_and_says_so(stage: Stage, night: Night) -> None:
    night.to("the fix")
    stage.parameter(SETTINGS.switch_parameter, "off")
    night.minute()

    night.worker = "works"
    night.until("resolved")

    assert stage.redeploys() == 0
    assert len(stage.pages()) == 1
    assert stage.told()[-1] == "resolved"


def test_an_answer_that_cannot_be_understood_pages_is_raised_and_its_effect_is_found(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    usual = stage.hooks.answer

    def garbled(call: Call) -> tuple[int, object] | None:
        answer = usual(call)
        return (200, {}) if call.operation == "UpdateService" else answer

    stage.step(60)
    stage.hooks.answer = garbled
    with pytest.raises(KeyError):
        stage.worker_stuck(event("worker_stuck_look_due"))
    stage.calm()
    night.until("resolved")

    assert {"PAGE the look broke with KeyError: 'service'"} == {
        one for one in stage.told() if one.startswith("PAGE")
    }
    [attempt] = stage.incident()["attempts"]
    assert (stage.redeploys(), attempt["outcome"], attempt["tries"]) == (1, "VERIFIED", 1)


def test_a_worker_scaled_to_nothing_is_paged_and_not_redeployed(stage: Stage, night: Night) -> None:
    night.to("the fix")
    stage.ecs.desired = 0

    night.minute()

    assert stage.redeploys() == 0
    [page] = stage.pages()
    assert "Why      the worker is scaled to 0: nobody consumes the queue\n" in page["Message"]
    assert SCALE_OUT in page["Message"]
