"""A count that did not help is put back, unless somebody has changed it since or AWS does not take it."""

import pytest

from db_connections_stage import BACKEND, WORKER, ConnectionsNight, ConnectionsStage
from disturb import refuse

NAME = "db_connections"


def does_not_help(night: ConnectionsNight) -> None:
    """Be where the worker is lowered, and somebody else takes what it gives back."""
    night.to("the fix")
    night.minute()
    night.grabs = True


def test_what_did_not_help_is_put_back_and_paged_with_who_takes_how_many(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    does_not_help(night)

    night.until("escalated")

    assert stage.outcomes() == [
        ("scale_worker", "UNDONE"), ("scale_backend", "UNDONE"),
        ("restore_backend", "APPLIED"), ("restore_worker", "APPLIED"),
    ]  # fmt: skip
    assert (stage.tasks, stage.ledger()) == ({WORKER: 4, BACKEND: 6}, [])
    [page] = stage.pages()
    assert "worker: 4 tasks x pool of 5 = 20, from 10.0.0." in page["Message"]
    assert "pg_stat_activity" in page["Message"]


def test_what_an_engineer_set_meanwhile_is_not_overwritten(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the restore")
    stage.tasks[WORKER] = 2

    night.until("resolved")

    assert stage.outcomes() == [("scale_worker", "SUPERSEDED")]
    assert (stage.tasks[WORKER], stage.changes(), stage.ledger()) == (2, ["UpdateService"], [])
    assert "superseded, not undone" in stage.told()


@pytest.mark.parametrize("moment", ["helped", "did not help"])
def test_an_undo_that_aws_refuses_is_tried_three_times_and_then_a_persons(
    stage: ConnectionsStage, night: ConnectionsNight, moment: str
) -> None:
    if moment == "helped":
        night.to("the restore")
    else:
        does_not_help(night)
        night.until_it(lambda _: stage.tasks[BACKEND] == 4)
    stage.hooks.before.append(refuse("ecs.UpdateService", "InvalidParameterException", NAME))
    kept = list(stage.ledger())

    night.until("escalated")
    night.minutes(16)

    tried = [one for one in stage.incident()["attempts"] if one.get("undoes")]
    assert [(one["outcome"], one["tries"]) for one in tried] == [("FAILED", 1)] * 3
    assert "UNDONE" not in [outcome for _, outcome in stage.outcomes()]
    assert stage.ledger() == kept
    assert stage.tasks[WORKER] == 3
    assert stage.incident()["status"] == "escalated"
    assert "AWS refused restore_" in stage.pages()[0]["Message"]
    assert night.errors == []


def test_the_kill_switch_stops_an_undo_too_and_patrol_pages_what_is_left(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    does_not_help(night)
    stage.parameter(stage.settings.switch_parameter, "off")

    night.until("escalated")

    assert stage.tasks[WORKER] == 3
    assert stage.ledger() == ["scale_worker"]
    assert any("switched off with 1 temporary change" in one["Subject"] for one in stage.pages())


def test_a_worker_that_did_not_help_is_put_back_also_where_the_backend_may_not_be_lowered(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    does_not_help(night)
    stage.parameter(stage.settings.mode_parameters["scale_worker"], "off")
    stage.parameter(stage.settings.mode_parameters["scale_backend"], "propose")

    night.until("escalated")
    night.minutes(11)

    assert stage.outcomes() == [("scale_worker", "UNDONE"), ("restore_worker", "APPLIED")]
    assert (stage.tasks, stage.ledger()) == ({WORKER: 4, BACKEND: 6}, [])
    assert "mode of scale_backend is propose" in stage.reasons()


def test_restoring_stops_where_connections_climb_again(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("both")
    night.minute()
    night.helps()
    night.until_it(lambda _: stage.tasks[BACKEND] == 6)

    night.leak = 75
    night.until("escalated")

    assert stage.tasks == {WORKER: 3, BACKEND: 6}
    assert stage.ledger() == ["scale_worker"]
    assert "still lowered: worker" in stage.pages()[0]["Message"]
