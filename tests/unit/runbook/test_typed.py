"""What a person would type: the fix's own words, or the exact ones of this change."""

import pytest

from fake_gate import FakeFix
from runbook import explains
from runbook.gate import new_attempt
from runbook.held import typed
from runbook.model import Apply
from worker_facts import NOW

EXACT = Apply("redeploy", "it crashes", command="deploy revision 7", undo="deploy revision 8")
ANSWERS = {"fake.target": "ecs-svc/1", "gate.spent": {}}


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        pytest.param(EXACT, "deploy revision 7", id="the decision's"),
        pytest.param(Apply("redeploy", "it crashes"), "redeploy it", id="the fix's own"),
    ],
)
def test_names_the_change_as_exactly_as_it_is_known(decision: Apply, expected: str) -> None:
    assert expected == typed(decision, FakeFix())


def test_an_attempt_keeps_the_exact_words_of_its_decision() -> None:
    attempt = new_attempt("intent-1", FakeFix(), EXACT, ANSWERS, NOW)

    assert (typed(attempt, FakeFix()), attempt.undo) == ("deploy revision 7", "deploy revision 8")


DATABASE = {"db_unavailable": "saas-db", "db_connections": "saas-db"}


@pytest.mark.parametrize(
    ("cause", "fix", "silenced"),
    [
        pytest.param("db_unavailable", "rollback", False, id="a-rollback-has-its-own-evidence"),
        pytest.param("db_unavailable", "raise_memory", True, id="more-memory-has-none"),
        pytest.param("db_connections", "rollback", True, id="no-deployment-without-connections"),
    ],
)
def test_a_database_incident_silences_what_it_explains(
    cause: str, fix: str, silenced: bool
) -> None:
    item = {
        "open": "open",
        "status": "open",
        "incident_id": f"{cause}-1",
        "opened_at": "2026-11-23T02:58:00.000Z",
    }
    items = {f"incident#{cause}#saas-db": item}

    why = explains.explained("backend_5xx", FakeFix(name=fix), DATABASE, items, NOW)

    assert silenced is bool(why)
