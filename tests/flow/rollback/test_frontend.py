"""The front end is rolled back by one request to Vercel, and proved by what production shows."""

import json

import pytest

from rehearsal.saas.balancer import Reply
from rehearsal.saas.outside import TOKEN
from rollback_stage import SECRET, RollbackStage
from stage import event

DRY, REAL = event("rollback_frontend_by_hand"), event("rollback_frontend_by_hand_apply")
FRONT = "vercel:prj_saas"
ONE_POST = ["/vercel/v1/projects/prj_saas/rollback/dpl_2"]


def test_a_dry_run_asks_and_changes_nothing(stage: RollbackStage) -> None:
    before = stage.items()

    answer = stage.ask(DRY)

    assert "/rollback/dpl_2" in answer["would_change"]
    assert answer["seen"]["production"].startswith("dpl_3")
    assert "no new deployment until one is promoted" in answer["undone_by"]
    assert (stage.vercel.posts(), stage.writes()) == ([], [])
    assert stage.items() == before


def test_is_applied_by_one_request_and_proved(stage: RollbackStage) -> None:
    answer = stage.ask(REAL)
    stage.until("resolved", FRONT)

    assert answer["changed"] == "rollback_frontend of vercel:prj_saas"
    assert stage.vercel.posts() == ONE_POST
    assert stage.vercel.outside.production == "dpl_2"
    assert stage.case(FRONT)["attempts"][0]["outcome"] == "VERIFIED"
    assert stage.told() == [f"{FRONT}: rollback_frontend applied", f"{FRONT}: resolved"]
    assert "until one is promoted" in stage.updates()[-1]["Message"]


def test_the_token_appears_nowhere(stage: RollbackStage) -> None:
    answers = [stage.ask(DRY), stage.ask(REAL)]
    stage.until("resolved", FRONT)

    told = json.dumps([answers, stage.items(), stage.pages(), stage.updates()], default=str)

    assert "vercel-token" not in told.replace(SECRET, "")


def test_a_lost_answer_is_looked_for_and_the_request_is_made_once(stage: RollbackStage) -> None:
    stage.vercel.loses = True

    answer = stage.ask(REAL)
    stage.until("resolved", FRONT)

    assert "the answer of rollback_frontend was lost" in answer["why"]
    assert stage.vercel.posts() == ONE_POST
    assert stage.case(FRONT)["attempts"][0]["outcome"] == "VERIFIED"


def test_a_request_that_never_arrived_is_not_made_again_by_a_look(stage: RollbackStage) -> None:
    stage.vercel.takes = False

    stage.ask(REAL)
    stage.until("escalated", FRONT)

    assert stage.vercel.posts() == ONE_POST
    [page] = stage.pages()
    assert "only a person's request starts a rollback" in page["Message"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_accepted_is_answered_with_the_secrets_name(
    stage: RollbackStage, status: int
) -> None:
    stage.vercel.instead = Reply(status, [], b"{}", by_target=True)

    answer = stage.ask(REAL)

    assert f"the token in the secret {SECRET} is not accepted" in answer["refused"]
    assert stage.writes() == []


def test_a_missing_secret_is_answered(stage: RollbackStage) -> None:
    secrets = stage.admin("secretsmanager")
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    try:
        answer = stage.ask(REAL)
    finally:
        secrets.create_secret(Name=SECRET, SecretString=TOKEN)

    assert "ResourceNotFoundException" in answer["refused"]
    assert (stage.vercel.asked, stage.writes()) == ([], [])


def test_does_nothing_while_the_switch_is_off(stage: RollbackStage) -> None:
    stage.parameter(stage.rollback_settings.switch_parameter, "off")

    answer = stage.ask(REAL)

    assert "switched off" in answer["refused"]
    assert (stage.vercel.posts(), stage.writes()) == ([], [])


def test_a_refusal_by_vercel_pages_with_what_to_type(stage: RollbackStage) -> None:
    vercel = stage.vercel
    usual = vercel.answer

    def refuses(method: str, path: str, bearer: str) -> Reply | None:
        if method == "POST":
            return Reply(402, [], b'{"error": {"code": "payment_required"}}', by_target=True)
        return usual(method, path, bearer)

    vercel.answer = refuses  # type: ignore[method-assign]  # only here, and put back
    try:
        answer = stage.ask(REAL)
    finally:
        del vercel.answer

    assert answer["decided"] == "Escalate"
    [page] = stage.pages()
    assert "Vercel answered 402 (payment_required)" in page["Message"]
    assert "curl -X POST" in page["Message"]


def test_somebody_elses_choice_supersedes_it(stage: RollbackStage) -> None:
    stage.ask(REAL)
    stage.vercel.outside.production = "dpl_1"
    stage.vercel.outside.asked_to_move = None

    stage.until("resolved", FRONT)

    assert stage.case(FRONT)["attempts"][0]["outcome"] == "SUPERSEDED"
    assert stage.vercel.posts() == ONE_POST
