"""Patrol tells: what a dead look left, pages that nobody answered, looks that are overdue."""

from contextlib import suppress

import pytest

from building import SETTINGS
from disturb import At, How, refuse_patrol
from leftovers import some_incident, unsent
from night import Night
from seam import Killed
from stage import Stage


@pytest.mark.parametrize(
    ("age", "sent"), [pytest.param(61, 1, id="left"), pytest.param(59, 0, id="about to be sent")]
)
def test_a_message_that_a_dead_look_left_is_sent_and_removed(
    stage: Stage, age: int, sent: int
) -> None:
    unsent(stage, "2026-11-23T02:00:00.000Z")
    stage.step(age)

    done = stage.patrol()

    assert (done.sent, len(stage.pages()), len(stage.outbox())) == (sent, sent, 1 - sent)


def test_a_message_that_sns_refuses_stays_is_a_problem_and_goes_out_later(stage: Stage) -> None:
    unsent(stage, "2026-11-23T02:00:00.000Z")
    stage.step(90)
    refuse_patrol(stage, "Publish")

    done = stage.patrol()
    stage.calm()
    later = stage.patrol()

    assert done.problems == [
        "SNS refused 2026-11-23T02:00:00.000Z#dedup 2026-11-23T02:00:00.000Z: InternalError"
    ]
    assert (later.sent, stage.outbox()) == (1, [])


def test_a_message_that_cannot_be_removed_is_sent_again_and_the_others_are_sent(
    stage: Stage,
) -> None:
    unsent(stage, "2026-11-23T02:00:00.000Z")
    unsent(stage, "2026-11-23T02:00:01.000Z")
    stage.step(90)
    refuse_patrol(stage, "DeleteItem")

    done = stage.patrol()
    stage.calm()
    stage.patrol()

    assert len(done.problems) == 2
    assert len(stage.pages()) == 4
    dedups = {page["MessageAttributes"]["dedup"]["StringValue"] for page in stage.pages()}
    assert len(dedups) == 2
    assert stage.outbox() == []


def test_a_page_is_repeated_every_15_min_until_the_incident_ends(
    stage: Stage, night: Night
) -> None:
    night.to("no help")

    night.minutes(32)
    pages = stage.pages()
    night.worker = "works"
    night.until("resolved")
    ended = len(stage.pages())
    night.minutes(20)

    # 02:30, 02:45 and 03:00.
    assert len(pages) == 3
    assert len({(page["Subject"], page["Message"]) for page in pages}) == 1
    assert len({page["MessageAttributes"]["dedup"]["StringValue"] for page in pages}) == 3
    assert len(stage.pages()) == ended


def _calls(stage: Stage, at: At) -> list[str]:
    """Let patrol make a pass that is disturbed; return its calls."""
    at.install(stage.hooks)
    with suppress(Killed):
        stage.patrol()
    stage.calm()
    return at.names


@pytest.mark.parametrize("how", ["ended before", "ended after"])
def test_a_pass_that_dies_anywhere_loses_no_page_and_makes_no_second_one(
    stage: Stage, night: Night, how: How
) -> None:
    night.to("no help")
    night.minutes(15)
    stage.step(60)
    page_is_due = night.save()
    calls = _calls(stage, At(actor="patrol"))

    for number, name in enumerate(calls):
        night.go_back(page_is_due)
        _calls(stage, At(number, how, "patrol"))

        night.minutes(2)

        dedups = {page["MessageAttributes"]["dedup"]["StringValue"] for page in stage.pages()}
        assert len(dedups) == 2, f"{how}, call {number} ({name})"
        assert stage.outbox() == [], f"{how}, call {number} ({name})"


def test_an_acknowledged_page_is_not_repeated(stage: Stage, night: Night) -> None:
    night.to("no help")
    night.minute()
    incident = stage.incident()
    stage.change(incident["pk"], incident["sk"], acknowledged_at="2026-11-23T02:31:00.000Z")

    night.minutes(40)

    assert len(stage.pages()) == 1


def test_an_acknowledgement_of_4_h_ago_is_asked_for_once_more(stage: Stage, night: Night) -> None:
    night.to("no help")
    night.minute()
    incident = stage.incident()
    stage.change(incident["pk"], incident["sk"], acknowledged_at="2026-11-22T22:00:00.000Z")

    night.minutes(16)

    assert len(stage.pages()) == 2


def test_a_page_that_cannot_be_written_down_is_a_problem_and_comes_a_minute_later(
    stage: Stage, night: Night
) -> None:
    night.to("no help")
    night.minutes(15)
    stage.step(60)
    refuse_patrol(stage, "TransactWriteItems")

    done = stage.patrol()
    stage.calm()
    later = stage.patrol()

    [problem] = done.problems
    assert problem.startswith(f"page about worker_stuck {SETTINGS.service}: TableError: ")
    assert (done.paged, later.paged, len(stage.pages())) == (0, 1, 2)


@pytest.mark.parametrize(
    ("late", "paged"), [pytest.param(299, 0, id="4:59"), pytest.param(301, 1, id="5:01")]
)
def test_a_look_that_is_overdue_by_5_min_pages(stage: Stage, late: int, paged: int) -> None:
    some_incident(stage, "db_unavailable", next_look_at="2026-11-23T02:00:00.000Z")
    stage.step(late)

    done = stage.patrol()

    assert (done.paged, len(stage.pages())) == (paged, paged)
    for page in stage.pages():
        assert page["Subject"] == "[prod] db_unavailable some-target: PAGE looks are overdue"
        assert "its look was due at 2026-11-23T02:00:00.000Z" in page["Message"]


def test_an_overdue_look_is_paged_again_only_after_15_min(stage: Stage) -> None:
    some_incident(stage, "db_unavailable", next_look_at="2026-11-23T02:00:00.000Z")
    stage.step(301)

    paged = []
    for _ in range(31):
        paged.append(stage.patrol().paged)
        stage.step(60)

    assert [minute for minute, count in enumerate(paged) if count] == [0, 15, 30]


def test_a_message_of_an_unknown_schema_is_a_problem_and_does_not_stop_the_others(
    stage: Stage,
) -> None:
    unsent(stage, "2026-11-23T02:00:00.000Z", schema=2)
    unsent(stage, "2026-11-23T02:00:01.000Z")
    stage.step(90)

    done = stage.patrol()

    assert done.sent == 1
    [problem] = done.problems
    assert "has schema 2; this code knows 1" in problem
    assert len(stage.outbox()) == 1


def test_a_page_that_was_lost_from_its_incident_does_not_stop_the_pass(stage: Stage) -> None:
    some_incident(stage, "ancient", page_again_at="2026-11-23T01:00:00.000Z")
    some_incident(
        stage,
        "db_unavailable",
        page_again_at="2026-11-23T01:00:00.000Z",
        page={"subject": "s", "body": "b"},
    )

    done = stage.patrol()

    assert len(stage.pages()) == 1
    assert len(done.problems) == 1
