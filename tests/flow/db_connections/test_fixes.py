"""The whole way: the worker is lowered, connections fall, the count is put back; and what is left alone."""

from collections.abc import Callable

import pytest

from db_connections_stage import BACKEND, WORKER, ConnectionsNight, ConnectionsStage
from stage import event

WHOLE = {WORKER: 4, BACKEND: 6}
SCALE_MODE = "scale_worker"


def test_the_worker_is_lowered_proved_put_back_and_resolved(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the restore")

    night.until("resolved")

    assert stage.outcomes() == [("scale_worker", "UNDONE"), ("restore_worker", "APPLIED")]
    assert stage.changes() == ["UpdateService", "UpdateService"]
    assert (stage.tasks, stage.ledger(), stage.pages()) == (WHOLE, [], [])
    assert stage.told() == [
        "scale_worker applied",
        "fix verified",
        "restore_worker applied",
        "resolved",
    ]


def test_a_lowered_count_is_in_the_ledger_with_the_command_that_puts_it_back(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("the fix")

    night.minute()

    [entry] = [item for item in stage.items() if item["pk"] == "ledger"]
    assert entry["fix"] == "scale_worker"
    assert entry["revert"].endswith("--service saas-worker --desired-count 4")


def test_the_backend_follows_where_the_worker_did_not_help(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.to("both")
    night.minute()
    assert stage.tasks == {WORKER: 3, BACKEND: 4}

    night.helps()
    night.until("resolved")

    assert [fix for fix, _ in stage.outcomes()] == [
        "scale_worker", "scale_backend", "restore_backend", "restore_worker",
    ]  # fmt: skip
    assert (stage.tasks, stage.ledger(), stage.pages()) == (WHOLE, [], [])


def test_full_connections_that_no_user_sees_are_only_watched(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.failing = 0
    night.fills()

    night.minutes(6)

    assert (stage.tasks, stage.changes(), stage.pages()) == (WHOLE, [], [])
    assert "no user sees errors: nothing is changed" in night.answers[-1]["why"]


def test_tasks_that_could_not_carry_the_load_with_one_less_are_a_persons(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.cpu = 60.0
    night.fills()

    night.until("escalated")

    assert (stage.tasks, stage.changes()) == (WHOLE, [])
    assert "at most 70 % is allowed" in stage.reasons()


def scales_out(stage: ConnectionsStage) -> None:
    stage.world["scaling"] = ["target-tracking-cpu"]


def deploys_by_code_deploy(stage: ConnectionsStage) -> None:
    stage.world["controller"] = "CODE_DEPLOY"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(scales_out, "auto scaling may scale out again", id="auto-scaling"),
        pytest.param(deploys_by_code_deploy, "is deployed by CODE_DEPLOY", id="code-deploy"),
    ],
)
def test_a_service_that_something_else_sets_is_not_touched(
    stage: ConnectionsStage,
    night: ConnectionsNight,
    change: Callable[[ConnectionsStage], None],
    why: str,
) -> None:
    change(stage)
    night.fills()

    night.until("escalated")

    assert why in stage.reasons()
    assert stage.changes() == []


def test_somebodys_deployment_is_waited_for(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    stage.world["rollout"] = "IN_PROGRESS"
    night.fills()
    night.minutes(5)
    assert (stage.changes(), stage.incident()["status"]) == ([], "open")

    stage.world["rollout"] = "COMPLETED"
    night.minutes(1)

    assert stage.changes() == ["UpdateService"]


def test_does_nothing_when_it_cleared_by_itself(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.deliver(event("db_connections_alarm"))

    assert stage.incident()["status"] == "resolved"
    assert (stage.changes(), stage.told()) == ([], [])


def test_an_alarm_whose_event_was_lost_is_looked_at_within_a_minute(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.fills()
    night.minutes(2)
    stage.ring(bad=True)

    night.minute()

    assert stage.changes() == ["UpdateService"]


# By hand


def test_a_look_by_hand_says_what_it_would_do_and_writes_nothing(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    stage.parameter(stage.settings.mode_parameters[SCALE_MODE], "propose")
    night.fills()
    night.minutes(2)
    before = stage.items()

    night.deliver(event("db_connections_by_hand"))

    answer = night.answers[-1]
    assert answer["would_change"].endswith("--service saas-worker --desired-count 3")
    assert answer["undo"].endswith("--service saas-worker --desired-count 4")
    assert (stage.items(), stage.effects) == (before, [])


def test_a_person_who_asks_for_the_change_passes_its_mode(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    stage.parameter(stage.settings.mode_parameters[SCALE_MODE], "propose")
    night.fills()
    night.minutes(2)

    night.deliver(event("db_connections_by_hand_apply"))

    assert night.answers[-1]["changed"] == "scale_worker of ecs:saas-prod/saas-worker"
    assert stage.tasks[WORKER] == 3


def test_the_kill_switch_refuses_also_a_person(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    stage.parameter(stage.settings.switch_parameter, "off")
    night.fills()
    night.minutes(2)

    night.deliver(event("db_connections_by_hand_apply"))

    assert "Nightshift is switched off" in night.answers[-1]["why"]
    assert stage.changes() == []


@pytest.mark.parametrize("mode", ["off", "observe", "propose"])
def test_a_mode_that_is_not_act_pages_with_the_exact_change(
    stage: ConnectionsStage, night: ConnectionsNight, mode: str
) -> None:
    stage.parameter(stage.settings.mode_parameters[SCALE_MODE], mode)
    night.fills()

    night.until("escalated")

    [page] = stage.pages()
    assert "--service saas-worker --desired-count 3\n" in page["Message"]
    assert stage.changes() == []


# Handed over


def test_a_hand_over_opens_the_incident_and_leads_to_a_look(
    stage: ConnectionsStage, night: ConnectionsNight
) -> None:
    night.fills()
    night.minutes(2)
    stage.handed_over()

    night.deliver(stage.hand_over_event())

    assert stage.changes() == ["UpdateService"]
    assert stage.incident()["status"] == "open"
