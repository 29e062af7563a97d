"""One trouble rings many times: one incident, one fix, every ring counted, and what a ring costs."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from disturb import then_do
from night import Night
from seam import aws, in_threads_of
from stage import Stage, event

WRITES = {"UpdateItem", "TransactWriteItems", "PutItem", "DeleteItem", "UpdateService", "Publish"}
READS_OF_A_LOOK = {
    "cloudwatch.DescribeAlarms": 1,
    "cloudwatch.GetMetricData": 1,
    "cloudwatchlogs.FilterLogEvents": 1,
    "ecs.DescribeServices": 1,
    "ecs.DescribeTaskDefinition": 1,
    "ecs.ListTasks": 2,
}


def _incidents(stage: Stage) -> list[str]:
    found = [item for item in stage.items() if item["pk"].startswith("incident#")]
    return [item["incident_id"] for item in found]


def test_a_duplicate_that_comes_while_a_look_is_at_it_joins_and_is_counted(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    answers: list[dict[str, object]] = []
    stage.hooks.before.append(
        then_do(
            "cloudwatch.GetMetricData",
            1,
            lambda: answers.append(stage.worker_stuck(event("worker_stuck_alarm"), "duplicate")),
        )
    )

    night.minute()

    [answer] = answers
    assert answer["decided"] == "joined"
    assert answer["why"] == "another look is at it now; joined"
    assert stage.incident()["triggers"] == 2
    assert len(stage.records()) == 1


def test_a_duplicate_that_comes_before_the_next_look_joins_and_says_when_it_will_be(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    night.minute()
    stage.step(20)

    answer = stage.worker_stuck(event("worker_stuck_alarm"))

    assert answer == {
        "incident": stage.incident()["incident_id"],
        "decided": "joined",
        "why": "already open, next look at 2026-11-23T02:16:45.000Z; joined",
    }
    assert stage.incident()["triggers"] == 2


def test_a_duplicate_that_comes_when_a_look_is_due_is_the_look(stage: Stage, night: Night) -> None:
    night.to("the alarm")
    night.minute()
    stage.step(45)

    answer = stage.worker_stuck(event("worker_stuck_alarm"))

    assert answer["decided"] == "Wait"
    assert (stage.incident()["triggers"], len(stage.records())) == (2, 2)


def test_a_duplicate_in_the_minute_of_the_fix_is_counted_and_fixes_nothing_twice(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    night.minute()

    night.deliver(event("worker_stuck_alarm"))
    night.minutes(2)

    assert stage.redeploys() == 1
    assert stage.incident()["triggers"] == 2
    assert len(stage.incident()["attempts"]) == 1


def test_a_late_second_look_finds_nothing_open_and_opens_nothing(
    stage: Stage, night: Night
) -> None:
    night.to("the end")
    night.minute()
    before = stage.items()

    answer = stage.worker_stuck(event("worker_stuck_look_due"))

    assert (answer["incident"], answer["decided"]) == ("", "joined")
    assert stage.items() == before


def test_a_hundred_alarms_within_a_minute_are_one_incident_and_one_fix(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    night.minute()

    for _ in range(99):
        stage.step(0.6)
        night.deliver(event("worker_stuck_alarm"))

    assert len(_incidents(stage)) == 1
    assert stage.incident()["triggers"] == 100
    decided = Counter(answer["decided"] for answer in night.answers)
    # The first one, and the one after 45 s, when the next look is due.
    assert decided == {"Wait": 2, "joined": 98}

    night.until("resolved")

    assert len(_incidents(stage)) == 1
    assert stage.redeploys() == 1


def test_a_duplicate_costs_a_refused_claim_one_counting_write_and_the_reads_of_a_look(
    stage: Stage, night: Night
) -> None:
    night.to("the alarm")
    night.minute()
    before = len(stage.calls)

    night.deliver(event("worker_stuck_alarm"))

    made = Counter(call.name for call in stage.calls[before:])
    writes = {name: count for name, count in made.items() if name.split(".")[1] in WRITES}
    assert writes == {"dynamodb.UpdateItem": 2}
    assert {name: made[name] for name in made if name not in writes} == READS_OF_A_LOOK


@pytest.mark.parametrize(
    ("moment", "redeploys"), [pytest.param("the alarm", 0), pytest.param("the fix", 1)]
)
def test_of_20_alarms_at_the_same_moment_exactly_one_claims_and_all_are_counted(
    stage: Stage, night: Night, moment: str, redeploys: int
) -> None:
    night.to(moment)
    stage.step(60)
    before, looks = stage.incident().get("triggers", 0), len(stage.records())
    clients = aws(in_threads_of("worker_stuck")).warm("dynamodb", "ecs", "sqs", fix="ecs")
    together = threading.Barrier(20)

    def ring(_: int) -> dict[str, object]:
        together.wait()
        return stage.worker_stuck(event("worker_stuck_alarm"), clients=clients)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ring, range(20)))

    assert Counter(answer["decided"] for answer in answers) == {"Wait": 1, "joined": 19}
    assert {answer["incident"] for answer in answers} <= {stage.incident()["incident_id"], ""}
    assert stage.incident()["triggers"] == before + 20
    assert stage.redeploys() == redeploys
    # The look of the fix leaves its intent as well.
    assert len(stage.records()) == looks + 1 + redeploys
