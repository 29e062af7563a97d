"""A service is rolled back by one call that a person asked for, and proved by later looks."""

from dataclasses import replace
from typing import Any

import pytest

from rollback.answer import RollBack
from rollback.services_request import Wish
from rollback_stage import RollbackStage, revision
from seam import Call, LostAnswer, aws
from stage import event

DRY, REAL = event("rollback_backend_by_hand"), event("rollback_backend_by_hand_apply")


def rolls_on(stage: RollbackStage) -> None:
    """Let ECS finish the deployment within the next minute."""
    stage.step(60)
    stage.backend.roll_on()


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(stage: RollbackStage) -> None:
    before = stage.items()

    answer = stage.ask(DRY)

    assert (answer["part"], answer["dry_run"], answer["decided"]) == ("backend", True, "Apply")
    assert answer["would_change"].endswith("--task-definition saas-backend:6")
    assert answer["seen"]["revisions"] == "saas-backend:7, saas-backend:6"
    assert "saas-worker:3" in answer["seen"]["left behind"]
    assert "ships the version that was rolled back again" in answer["undone_by"]
    assert stage.writes() == []
    assert stage.items() == before


def test_is_applied_by_one_call_and_proved_by_second_looks(stage: RollbackStage) -> None:
    answer = stage.ask(REAL)
    rolls_on(stage)
    stage.until("resolved")

    assert answer["changed"] == "rollback of ecs:saas-prod/saas-backend"
    assert answer["dry_run"] is False
    assert "ships the version" in answer["undone_by"]
    assert stage.changes() == ["UpdateService"]
    assert stage.backend.version == 6
    assert stage.case()["attempts"][0]["outcome"] == "VERIFIED"
    assert stage.told() == ["saas-backend: rollback applied", "saas-backend: resolved"]
    assert stage.pages() == []
    assert "ships the version" in stage.updates()[-1]["Message"]
    assert [one["sk"] for one in stage.drafts_due()] == [stage.case()["incident_id"]]


def test_passes_mode_cooldown_and_budget_and_spends_them(stage: RollbackStage) -> None:
    stage.backend.register(5)
    stage.ask(REAL)
    rolls_on(stage)
    stage.until("resolved")
    stage.step(60)

    answer = stage.ask({**REAL, "to": "saas-backend:5"})

    assert answer["changed"] == "rollback of ecs:saas-prod/saas-backend"
    spent = stage.item("budget#ecs:saas-prod/saas-backend")["spent_at"]
    assert len(spent) == 2
    assert stage.backend.version == 5


def test_a_named_revision_that_ecs_does_not_remember_is_deployed(stage: RollbackStage) -> None:
    stage.backend.register(5)

    answer = stage.ask({**REAL, "to": "saas-backend:5"})

    assert "ECS has no record that it ran for 60 min" in answer["why"]
    assert stage.backend.version == 5


def test_a_rollout_under_way_is_stopped_with_rollback(stage: RollbackStage) -> None:
    stage.backend.register(8)
    stage.backend.deploy(8)
    stage.step(60)

    stage.ask(REAL)
    rolls_on(stage)
    stage.until("resolved")

    assert stage.changes() == ["StopServiceDeployment"]
    assert stage.backend.version == 7


def moves_tag(stage: RollbackStage) -> None:
    stage.backend.tags["v6"] = stage.backend.tags["v7"]


def is_foreign(stage: RollbackStage) -> None:
    stage.backend.controller = "CODE_DEPLOY"


def deregisters(stage: RollbackStage) -> None:
    stage.backend.definitions[revision(6)]["status"] = "INACTIVE"


def switches_off(stage: RollbackStage) -> None:
    stage.parameter(stage.rollback_settings.switch_parameter, "off")


def breaks_switch(stage: RollbackStage) -> None:
    stage.parameter(stage.rollback_settings.switch_parameter, "maybe")


def occupies(stage: RollbackStage) -> None:
    until = "2026-11-24T00:00:00.000Z"
    stage.put("occupancy#ecs:saas-prod/saas-backend", until=until, incident_id="backend_5xx-1")


def exhausts_connections(stage: RollbackStage) -> None:
    stage.put(
        "incident#db_connections#saas-prod-db",
        "current",
        open="open",
        status="open",
        incident_id="db_connections-1",
        opened_at="2026-11-23T02:50:00.000Z",
    )


def schedules(stage: RollbackStage) -> None:
    stage.backend.register(8)
    stage.backend.deploy(8)


@pytest.mark.parametrize(
    ("happens", "more", "expected"),
    [
        pytest.param(switches_off, {}, "Nightshift is switched off", id="switch-off"),
        pytest.param(breaks_switch, {}, "expected on or off", id="switch-unreadable"),
        pytest.param(moves_tag, {}, "would ship another image", id="tag-moved"),
        pytest.param(is_foreign, {}, "no primary deployment", id="foreign-controller"),
        pytest.param(deregisters, {}, "was deregistered", id="deregistered"),
        pytest.param(
            deregisters, {"to": "saas-backend:6"}, "was deregistered", id="named-and-deregistered"
        ),
        pytest.param(moves_tag, {"to": "saas-backend:6"}, "another image", id="named-tag-moved"),
        pytest.param(schedules, {"to": "saas-backend:6"}, "is being deployed", id="named-and-busy"),
        pytest.param(occupies, {}, "unsettled change of backend_5xx-1", id="occupied"),
        pytest.param(exhausts_connections, {}, "no deployment while", id="connections-run-out"),
        pytest.param(
            lambda _: None, {"from": "saas-backend:6"}, "is at saas-backend:7", id="another-version"
        ),
    ],
)
def test_what_cannot_be_done_is_answered_and_leaves_no_trace(
    stage: RollbackStage, happens: Any, more: dict[str, Any], expected: str
) -> None:
    happens(stage)

    answer = stage.ask({**REAL, **more})

    assert expected in answer["refused"]
    assert answer["would_change"] == "nothing"
    assert stage.writes() == []
    assert stage.case() == {}


def engineer_deploys(stage: RollbackStage, at: str, nth: int) -> None:
    """Let an engineer deploy revision 8 right before a call of ours, the n-th of its kind."""
    seen = []

    def deploy(call: Call) -> None:
        if call.operation == at:
            seen.append(call)
            if len(seen) == nth:
                schedules(stage)

    stage.hooks.sending.append(deploy)


def test_an_engineers_deployment_between_preview_and_look_stops_it(stage: RollbackStage) -> None:
    engineer_deploys(stage, "DescribeServices", 4)

    answer = stage.ask(REAL)

    assert answer["why"] == "saas-backend is not as it was a moment ago: ask again"
    assert answer["changed"] == "nothing"
    assert stage.changes() == []


def test_an_engineers_deployment_between_decision_and_call_stops_it(stage: RollbackStage) -> None:
    engineer_deploys(stage, "ListServiceDeployments", 4)

    answer = stage.ask(REAL)

    assert "newest deployment of saas-backend is IN_PROGRESS" in answer["refusal"]
    assert stage.changes() == []


def test_what_was_refused_in_the_last_moment_is_not_taken_up_again(stage: RollbackStage) -> None:
    engineer_deploys(stage, "ListServiceDeployments", 4)
    stage.ask(REAL)
    rolls_on(stage)

    stage.until("resolved")

    assert stage.changes() == []
    assert stage.pages() == []


def test_nothing_passes_the_gate_of_a_second_look_whatever_is_decided(stage: RollbackStage) -> None:
    engineer_deploys(stage, "ListServiceDeployments", 4)
    stage.ask(REAL)
    rolls_on(stage)
    rollback = RollBack(aws(), stage.rollback_settings, stage)
    backend = rollback.parts["backend"]
    eager = replace(backend, scenario=lambda _: backend.scenario(Wish("saas-backend:6")))
    vars(rollback)["parts"] = {"backend": eager}

    answer = rollback.answer(event("rollback_look_due"))

    assert "only a person's request starts a rollback" in answer["refusal"]
    assert stage.changes() == []


def test_a_lost_answer_is_looked_for_and_the_call_is_made_once(stage: RollbackStage) -> None:
    stage.hooks.sending.append(loses("UpdateService"))

    answer = stage.ask(REAL)
    rolls_on(stage)
    stage.until("resolved")

    assert "the answer of rollback was lost" in answer["why"]
    assert stage.changes() == ["UpdateService"]
    assert [one.operation for one in stage.calls].count("UpdateService") == 1
    assert stage.case()["attempts"][0]["outcome"] == "VERIFIED"


def loses(operation: str) -> Any:
    def lose(call: Call) -> None:
        if call.operation == operation:
            raise LostAnswer

    return lose


def test_a_call_that_never_arrived_is_not_made_again_by_a_look(stage: RollbackStage) -> None:
    stage.parameter(stage.rollback_settings.mode_parameters["rollback_backend"], "act")
    stage.hooks.sending.append(never_arrives)

    stage.ask(REAL)
    stage.until("escalated")
    stage.until("resolved")

    assert [one.operation for one in stage.calls].count("UpdateService") == 1
    assert stage.changes() == []
    [page] = stage.pages()
    assert "only a person's request starts a rollback" in page["Message"]


def never_arrives(call: Call) -> None:
    from botocore.exceptions import ConnectTimeoutError  # noqa: PLC0415

    if call.operation == "UpdateService":
        raise ConnectTimeoutError(endpoint_url="https://ecs")


def test_an_older_version_that_crash_loops_too_pages(stage: RollbackStage) -> None:
    stage.ask(REAL)
    rolls_on(stage)
    for _ in range(3):
        stage.backend.crash()

    stage.until("escalated")

    [page] = stage.pages()
    assert "3 crashes in one deployment" in page["Message"]
    assert "--task-definition saas-backend:<number>" in page["Message"]
    assert stage.changes() == ["UpdateService"]


def test_a_deployment_after_it_supersedes_it(stage: RollbackStage) -> None:
    stage.ask(REAL)
    rolls_on(stage)
    schedules(stage)

    stage.until("resolved")

    assert stage.case()["attempts"][0]["outcome"] == "SUPERSEDED"
    assert stage.changes() == ["UpdateService"]
    assert stage.pages() == []


def test_a_second_request_waits_for_the_first(stage: RollbackStage) -> None:
    stage.ask(REAL)
    before = stage.items()

    answer = stage.ask(REAL)

    assert "the rollback of" in answer["refused"]
    assert stage.items() == before
    assert stage.changes() == ["UpdateService"]
