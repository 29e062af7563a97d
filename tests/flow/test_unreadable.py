"""What cannot be read: facts become ``Unknown`` and their rows wait; without the table nothing is done."""

from collections.abc import Callable

import pytest

from disturb import refuse, silent
from night import Night
from runbook.errors import TableError
from stage import SETTINGS, Stage, event

Fail = Callable[[Stage, str], None]

HOW: dict[str, Fail] = {
    "throttled": lambda stage, name: stage.hooks.before.append(refuse(name, "ThrottlingException")),
    "denied": lambda stage, name: stage.hooks.before.append(refuse(name)),
    "slow": lambda stage, name: stage.hooks.sending.append(silent(name)),
}
NEEDED: dict[str, tuple[str, str, str]] = {
    "queue, Redis, CPU": ("cloudwatch.GetMetricData", "the fix", "metrics"),
    "service": ("ecs.DescribeServices", "the fix", "service"),
    "stopped tasks": ("ecs.ListTasks", "the fix", "stopped"),
    "why they stopped": ("ecs.DescribeTasks", "the proof", "stopped"),
    "last log line": ("cloudwatchlogs.FilterLogEvents", "the fix", "quiet"),
    "alarms": ("cloudwatch.DescribeAlarms", "the end", "alarms"),
}
"""By fact: the call that reads it, a moment that needs it, and how the check is called."""
ANSWERS = {
    "throttled": "AWS answered ThrottlingException",
    "denied": "AWS answered AccessDeniedException",
    "slow": "ReadTimeoutError, AWS did not answer",
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("call", "moment", "check"), NEEDED.values(), ids=[*NEEDED])
def test_a_fact_that_is_needed_is_waited_for_twice_and_paged_as_blind_the_third_time(
    stage: Stage, night: Night, call: str, moment: str, check: str, how: str
) -> None:
    night.to(moment)
    redeploys, looks = stage.redeploys(), len(stage.records())
    HOW[how](stage, call)

    night.minutes(3)

    records = stage.records()[looks:]
    assert [record["decided"] for record in records] == ["Wait", "Wait", "Escalate"]
    assert all(f"{check}: {ANSWERS[how]}" in record["why"] for record in records)
    assert stage.redeploys() == redeploys
    [page] = stage.pages()
    assert "Why      blind: " in page["Message"]
    assert f"unknown: {check}: {ANSWERS[how]}" in page["Message"]
    assert page["Message"].count(ANSWERS[how]) >= 2


@pytest.mark.parametrize("how", HOW)
def test_a_fact_that_can_be_read_again_ends_the_blindness(
    stage: Stage, night: Night, how: str
) -> None:
    night.to("the fix")
    HOW[how](stage, "cloudwatchlogs.FilterLogEvents")
    night.minutes(2)

    stage.calm()
    night.minute()

    assert stage.redeploys() == 1
    assert stage.pages() == []


@pytest.mark.parametrize("how", HOW)
def test_an_image_that_cannot_be_resolved_is_not_deployed(
    stage: Stage, night: Night, how: str
) -> None:
    night.to("the fix")
    HOW[how](stage, "ecr.DescribeImages")

    night.minute()

    assert stage.redeploys() == 0
    why = f"cannot prove that the same image comes back: next image: {ANSWERS[how]}"
    assert stage.records()[-1]["refusal"]["reason"].startswith(why)
    assert len(stage.pages()) == 1


@pytest.mark.parametrize("how", HOW)
def test_a_running_image_that_cannot_be_read_is_not_deployed_over(
    stage: Stage, night: Night, how: str
) -> None:
    night.to("the fix")
    HOW[how](stage, "ecs.DescribeTasks")

    night.minute()

    assert stage.redeploys() == 0
    why = f"cannot prove that the same image comes back: running image: {ANSWERS[how]}"
    assert stage.records()[-1]["refusal"]["reason"].startswith(why)
    assert len(stage.pages()) == 1


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("call", "doing"),
    [
        pytest.param(
            "dynamodb.UpdateItem", "writing incident#worker_stuck#saas-worker", id="claim"
        ),
        pytest.param("dynamodb.BatchGetItem", "reading", id="limits"),
        pytest.param("dynamodb.TransactWriteItems", "writing a transaction", id="intent"),
    ],
)
def test_without_the_table_nothing_is_fixed_people_are_paged_and_the_error_is_raised(
    stage: Stage, night: Night, call: str, doing: str, how: str
) -> None:
    night.to("the fix")
    stage.step(60)
    HOW[how](stage, call)

    with pytest.raises(TableError, match=doing):
        stage.worker_stuck(event("worker_stuck_look_due"))

    assert stage.redeploys() == 0
    [page] = stage.pages()
    assert f"while {doing}" in page["Message"]


def test_without_the_table_the_page_goes_out_directly(stage: Stage) -> None:
    HOW["denied"](stage, "dynamodb.UpdateItem")

    with pytest.raises(TableError):
        stage.worker_stuck(event("worker_stuck_alarm"))

    [page] = stage.pages()
    assert page["Subject"] == (
        f"[prod] worker_stuck {SETTINGS.service}: PAGE Nightshift cannot work"
    )
    assert page["Message"] == (
        f"worker_stuck on {SETTINGS.service}: a person is needed.\n\n"
        "Why      the table cannot be reached, nothing was changed: the table refused while writing "
        "incident#worker_stuck#saas-worker: AccessDeniedException\n"
        "Done     nothing was changed by this look\n"
    )
    assert stage.items() == []


def test_without_table_and_topic_the_error_is_still_raised(stage: Stage) -> None:
    HOW["denied"](stage, "dynamodb.UpdateItem")
    HOW["denied"](stage, "sns.Publish")

    with pytest.raises(TableError):
        stage.worker_stuck(event("worker_stuck_alarm"))

    assert stage.pages() == []


def test_when_the_table_is_back_the_incident_goes_on_where_it_was(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    HOW["slow"](stage, "dynamodb.UpdateItem")
    night.minutes(3)

    stage.calm()
    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (attempt["outcome"], stage.redeploys()) == ("VERIFIED", 1)
