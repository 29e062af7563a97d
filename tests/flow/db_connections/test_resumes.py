"""A look that dies, or whose answer is lost: the count is set once, and never on an old decision."""

import pytest

from chapter_disturb import lost, silent
from crash_points import CrashPoints
from db_connections_stage import BACKEND, WORKER, ConnectionsNight, ConnectionsStage
from disturb import How, refuse

WHOLE = {WORKER: 4, BACKEND: 6}


def finish(night: ConnectionsNight) -> None:
    night.until_it(lambda stage: ("scale_worker", "VERIFIED") in stage.outcomes())
    night.helps()
    night.until("resolved")


def applied(night: ConnectionsNight) -> None:
    night.until_it(lambda stage: stage.outcomes() == [("scale_worker", "APPLIED")], most=6)
    night.until_it(lambda stage: not stage.rings())


THE_FIX = CrashPoints("the fix", applied)


@pytest.mark.parametrize("how", ["ended before", "ended after"])
def test_whatever_call_the_look_ends_at_the_night_ends_as_if_nothing_had_happened(
    night: ConnectionsNight, how: How
) -> None:
    _, usual = THE_FIX.undisturbed(night)

    for what, end in THE_FIX.ends(night, how):
        assert end.state == usual.state, what
        assert end.several == {}, what


@pytest.mark.parametrize(
    ("moment", "fix"),
    [
        pytest.param("the fix", "scale_worker", id="the-fix"),
        pytest.param("the restore", "restore_worker", id="the-restore"),
    ],
)
def test_a_call_whose_answer_was_lost_is_proved_by_the_count(
    stage: ConnectionsStage, night: ConnectionsNight, moment: str, fix: str
) -> None:
    night.to(moment)
    with lost(stage, "ecs.UpdateService"):
        night.minute()
    assert stage.outcomes()[-1] == (fix, None)

    night.minutes(8)
    night.helps()
    night.until("resolved")

    assert stage.outcomes() == [("scale_worker", "UNDONE"), ("restore_worker", "APPLIED")]
    assert len(stage.changes()) == 2
    assert [one["tries"] for one in stage.incident()["attempts"]] == [1, 1]


def test_a_call_that_never_arrived_is_made_once_more(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the fix")
    with silent(stage, "ecs.UpdateService"):
        night.minute()

    finish(night)

    assert (len(stage.changes()), stage.tasks) == (2, WHOLE)
    assert [one["tries"] for one in stage.incident()["attempts"]] == [2, 1]


def test_connections_that_are_free_again_meanwhile_lead_to_no_stale_call(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the fix")
    with silent(stage, "ecs.UpdateService"):
        night.minute()
    night.helps()

    night.until("resolved")

    assert (stage.changes(), stage.tasks, stage.ledger()) == ([], WHOLE, [])
    assert stage.outcomes() == [("scale_worker", "REFUSED")]


def test_an_undo_that_never_arrived_is_not_made_once_an_engineer_set_the_count(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the restore")
    with silent(stage, "ecs.UpdateService"):
        night.minute()
    stage.tasks[WORKER] = 2

    night.minutes(8)

    assert stage.tasks[WORKER] == 2
    assert stage.changes() == ["UpdateService"]
    assert len(stage.pages()) == 1


def test_connections_that_cannot_be_counted_after_the_fix_page_and_undo_nothing_blindly(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the fix")
    night.minute()
    stage.hooks.before.append(refuse("cloudwatch.GetMetricData", actor=stage.name))

    night.until("escalated", most=6)

    assert stage.changes() == ["UpdateService"]
    assert stage.ledger() == ["scale_worker"]
