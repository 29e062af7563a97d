"""The whole way: a bad deployment goes back, memory is raised, a failing database is handed over."""

import pytest

from backend_ecs import definition
from backend_night import BackendNight, Kind
from backend_stage import SETTINGS, BackendStage
from runbook.clock import to_text
from stage import event

RESOURCE = "ecs:saas-prod/saas-backend"


@pytest.mark.parametrize("kind", ["crashes", "fills", "misses the database"])
def test_a_bad_fresh_deployment_is_rolled_back_proved_and_resolved(
    stage: BackendStage, night: BackendNight, kind: Kind
) -> None:
    night.minutes(2)
    night.deploy(8, kind)

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (attempt["fix"], attempt["outcome"], attempt["tries"]) == ("rollback", "VERIFIED", 1)
    assert attempt["left"]["task_definition"] == definition(7)
    assert stage.changes() == ["UpdateService"]
    assert stage.backend.version == 7
    assert stage.told() == ["rollback applied", "fix verified", "resolved"]
    assert stage.outbox() == []


def test_the_update_names_the_change_its_undo_and_what_stays_on_the_other_version(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    night.deploy(8, "crashes")

    night.until_changed()

    [update] = stage.updates()
    assert "--service saas-backend --task-definition saas-backend:7" in update["Message"]
    assert (
        "(saas-worker stays on saas-worker:3; whether the deployment migrated the database "
        "cannot be seen)"
    ) in update["Message"]
    assert "Undo     by hand: aws ecs update-service" in update["Message"]


def test_a_deployment_that_is_still_rolling_out_is_stopped_with_rollback(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    night.deploy(8, "crashes", complete=False)
    night.until_changed()

    night.rolls = True
    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (attempt["fix"], attempt["outcome"]) == ("rollback", "VERIFIED")
    assert stage.changes() == ["StopServiceDeployment"]
    assert stage.backend.history[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert stage.backend.version == 7


def test_a_wrong_password_is_rolled_back_and_not_handed_over_though_scenario_c_is_open(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    night.deploy(8, "misses the database")
    night.minutes(2)
    stage.put(
        f"incident#db_unavailable#{SETTINGS.instance}",
        "current",
        open="open",
        status="escalated",
        incident_id="db_unavailable-1",
        opened_at=to_text(stage.now()),
    )

    night.until("resolved")

    assert stage.changes() == ["UpdateService"]
    assert stage.bus == []


def test_out_of_memory_is_answered_with_the_next_size_and_kept_in_the_ledger(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    night.kinds[7] = "fills"

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    registered = stage.backend.definitions[definition(8)]
    [entry] = [item for item in stage.items() if item["pk"] == "ledger"]
    assert (attempt["fix"], attempt["outcome"]) == ("raise_memory", "VERIFIED")
    assert stage.changes() == ["RegisterTaskDefinition", "UpdateService"]
    assert (registered["memory"], registered["cpu"]) == ("2048", "512")
    assert (
        registered["containerDefinitions"]
        == (stage.backend.definitions[definition(7)]["containerDefinitions"])
    )
    assert entry["revert"].endswith("--task-definition saas-backend:7")
    assert entry["due_at"] == "2026-11-30T03:05:00.000Z"
    assert stage.told() == ["raise_memory applied", "fix verified", "resolved"]


def test_the_second_task_that_runs_out_of_memory_is_acted_on_before_an_alarm_rings(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(10)
    stage.backend.crash(137, "OutOfMemoryError: killed")
    night.deliver(event("backend_5xx_out_of_memory"))
    assert stage.incident()["status"] == "resolved"

    stage.step(300)
    stage.backend.crash(137, "OutOfMemoryError: killed")
    night.deliver(event("backend_5xx_out_of_memory"))

    assert stage.changes() == ["RegisterTaskDefinition", "UpdateService"]
    assert night.answers[-1]["changed"] == f"raise_memory of {RESOURCE}"


def test_a_failed_deployment_that_ecs_takes_back_is_only_watched(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(10)
    night.deploy(8, "crashes", complete=False)
    stage.backend.history[0]["status"] = "ROLLBACK_IN_PROGRESS"

    night.deliver(event("backend_5xx_deployment_failed"))

    assert stage.changes() == []
    assert stage.told() == []


def test_does_nothing_when_it_cleared_by_itself(stage: BackendStage, night: BackendNight) -> None:
    night.minutes(10)

    night.deliver(event("backend_5xx_alarm"))

    assert stage.incident()["status"] == "resolved"
    assert (stage.changes(), stage.incident()["attempts"], stage.told()) == ([], [], [])


def test_a_database_at_fault_is_handed_over_in_one_transaction_and_nothing_is_changed(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    stage.database("failing-over")
    night.deploy(8, "crashes")

    night.minutes(8)

    other = stage.item(f"incident#db_unavailable#{SETTINGS.instance}", "current")
    [look] = stage.bus
    assert (other["open"], other["scenario"]) == ("open", "db_unavailable")
    assert look["detail"]["scenario"] == "db_unavailable"
    assert look["detail"]["why"] == "handed over"
    assert stage.changes() == []
    assert stage.incident()["handed_over_at"] == "2026-11-23T03:05:00.000Z"


def test_a_database_that_stays_away_for_ten_minutes_is_a_persons(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    stage.database("failing-over")
    night.kinds[7] = "errors"

    night.until("escalated")

    [page] = stage.told()
    assert page.startswith("PAGE RDS saas-prod-db is failing-over; handed over")
    assert stage.changes() == []


def test_a_database_that_came_back_leaves_the_rest_to_the_end(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(2)
    stage.database("failing-over")
    night.kinds[7] = "errors"
    night.minutes(6)

    stage.database("available")
    night.kinds[7] = "works"
    night.until("resolved")

    assert (stage.changes(), stage.pages()) == ([], [])
