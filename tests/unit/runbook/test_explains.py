"""Which open incident keeps the fixes of which other scenario silent, and for how long."""

from typing import Any

import pytest

from fake_gate import FakeFix
from runbook import incidents
from runbook.clock import to_text
from runbook.errors import TableError
from runbook.explains import EXPLAINS, Cause, causes, explained, no_deployment, read
from runbook.explains import line as told
from runbook.model import Status, Unknown
from worker_facts import NOW, ago

TARGETS = {
    "db_unavailable": "saas-db",
    "db_connections": "saas-db",
    "redis_unavailable": "saas-redis",
}
QUIET = FakeFix(deploys=False)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("worker_stuck", ["db_connections", "db_unavailable", "redis_unavailable"]),
        ("backend_5xx", ["db_connections", "db_unavailable", "redis_unavailable"]),
        ("db_connections", []),
        ("db_unavailable", ["db_connections"]),
        ("ai_provider_outage", ["db_connections"]),
    ],
)
def test_knows_whose_incidents_matter_to_a_fix(scenario: str, expected: list[str]) -> None:
    assert expected == causes(scenario)


def said(cause: str, scenario: str, minutes: float, fix: FakeFix = QUIET, **item: Any) -> str:
    """Return what an incident of ``cause`` that was opened so many minutes ago says to a fix."""
    usual = {"open": "open", "status": "open", "opened_at": to_text(ago(minutes))}
    row = {**usual, "incident_id": f"{cause}-1", **item}
    items = {incidents.key(cause, TARGETS[cause]): row}
    why = explained(scenario, fix, TARGETS, items, NOW)
    return why or no_deployment(scenario, fix, TARGETS, items)


@pytest.mark.parametrize(
    ("cause", "effect", "minutes"),
    [
        ("db_unavailable", "backend_5xx", 15),
        ("db_unavailable", "worker_stuck", 15),
        ("db_connections", "db_unavailable", 30),
        ("db_connections", "backend_5xx", 30),
        ("db_connections", "worker_stuck", 30),
        ("redis_unavailable", "worker_stuck", 20),
        ("redis_unavailable", "backend_5xx", 20),
    ],
)
def test_a_cause_explains_for_a_while_only(cause: str, effect: str, minutes: float) -> None:
    still, over = said(cause, effect, minutes - 0.1), said(cause, effect, minutes)

    assert still == f"{cause} on {TARGETS[cause]} is open ({cause}-1) and explains this"
    assert over == ""


def test_a_cause_that_came_back_explains_anew() -> None:
    again = {"reopened_at": [to_text(ago(100)), to_text(ago(14))]}

    assert said("db_unavailable", "backend_5xx", 200, **again).endswith("and explains this")
    assert said("db_unavailable", "backend_5xx", 200, reopened_at=[to_text(ago(15))]) == ""


def test_no_two_scenarios_wait_for_each_other() -> None:
    assert not [pair for pair in EXPLAINS if pair[::-1] in EXPLAINS]


@pytest.mark.parametrize(
    ("cause", "effect", "minutes", "expected"),
    [
        pytest.param("db_connections", "db_unavailable", 29.9, True, id="its connections run out"),
        pytest.param("db_connections", "db_unavailable", 30, False, id="for 30 min"),
        pytest.param("db_connections", "backend_5xx", 29.9, True, id="5xx"),
        pytest.param("db_connections", "ai_provider_outage", 1, False, id="not explained by it"),
        pytest.param(
            "db_unavailable", "backend_5xx", 1, False, id="that waits and changes nothing"
        ),
    ],
)
def test_what_changes_something_is_waited_for_in_silence(
    cause: str, effect: str, minutes: float, expected: bool
) -> None:
    assert bool(Cause(cause, "some", ago(minutes)).in_hand(effect, NOW)) is expected
    assert not Cause(cause, "some", ago(minutes), Status.ESCALATED).in_hand(effect, NOW)


@pytest.mark.parametrize(
    ("cause", "effect", "minutes", "expected"),
    [
        pytest.param("db_unavailable", "backend_5xx", 29.9, True, id="C, its 5xx"),
        pytest.param("db_unavailable", "backend_5xx", 30, False, id="paged 30 min ago"),
        pytest.param("db_connections", "backend_5xx", 29.9, True, id="B, its 5xx"),
        pytest.param("db_connections", "db_unavailable", 29.9, True, id="B, its failed health"),
        pytest.param("db_connections", "worker_stuck", 1, False, id="not of this pair"),
        pytest.param(
            "redis_unavailable", "backend_5xx", 1, False, id="D may be open for a reconcile only"
        ),
    ],
)
def test_who_was_paged_about_a_cause_is_not_paged_about_its_effect(
    cause: str, effect: str, minutes: float, expected: bool
) -> None:
    paged = Cause(cause, "some", ago(300), Status.ESCALATED, ago(minutes))

    said = "a person was paged about it at" if expected else ""
    assert paged.in_hand(effect, NOW).startswith(said)
    assert bool(paged.in_hand(effect, NOW)) is expected


class FakeTable:
    """Knows items by pk, or does not answer."""

    def __init__(self, items: dict[str, Any] | None) -> None:
        self._items = items

    def get_many(self, keys: list[tuple[str, str]]) -> dict[str, Any]:
        if self._items is None:
            raise TableError("the table did not answer")
        return {pk: self._items[pk] for pk, _ in keys if pk in self._items}


@pytest.mark.parametrize(
    ("items", "expected", "line"),
    [
        pytest.param(
            {
                incidents.key("db_connections", "saas-db"): {
                    "open": "open",
                    "status": "escalated",
                    "incident_id": "b-1",
                    "opened_at": to_text(ago(7)),
                    "told_at": to_text(ago(2)),
                }
            },
            (Cause("db_connections", "b-1", ago(7), Status.ESCALATED, ago(2)),),
            "db_connections since 02:53 UTC",
            id="one",
        ),
        pytest.param({}, (), "no incident that could explain it is open", id="none"),
        pytest.param(
            None,
            Unknown("our own table: the table did not answer"),
            "unknown: our own table: the table did not answer",
            id="no answer",
        ),
    ],
)
def test_reads_what_may_explain_it(items: dict[str, Any] | None, expected: Any, line: str) -> None:
    table: Any = FakeTable(items)

    found = read(table, "db_unavailable", TARGETS)

    assert found == expected
    assert told(found) == line


@pytest.mark.parametrize("scenario", ["backend_5xx", "worker_stuck", "ai_provider_outage"])
def test_nothing_is_deployed_while_connections_run_out(scenario: str) -> None:
    deploying = said("db_connections", scenario, 300, FakeFix(deploys=True))

    assert deploying.endswith("no deployment while connections run out, new tasks would take more")
    assert said("db_connections", scenario, 300) == ""


@pytest.mark.parametrize(
    ("cause", "fix", "silenced"),
    [
        ("db_unavailable", "rollback", False),
        ("db_unavailable", "redeploy", True),
        ("redis_unavailable", "rollback", True),
    ],
)
def test_a_rollback_has_evidence_of_its_own_against_a_database(
    cause: str, fix: str, silenced: bool
) -> None:
    why = said(cause, "backend_5xx", 1, FakeFix(name=fix, deploys=False))

    assert silenced is bool(why)


def test_a_cause_that_nobody_has_looked_at_yet_counts_from_when_it_was_reported() -> None:
    why = said(
        "redis_unavailable",
        "worker_stuck",
        600,
        status="resolved",
        pending_since=to_text(ago(1)),
    )

    assert why == "redis_unavailable on saas-redis is open (just opened) and explains this"


@pytest.mark.parametrize(
    ("targets", "items"),
    [
        pytest.param(TARGETS, {}, id="no incident"),
        pytest.param(
            {},
            {incidents.key("redis_unavailable", "saas-redis"): {"open": "open"}},
            id="not deployed",
        ),
        pytest.param(
            TARGETS,
            {incidents.key("redis_unavailable", "saas-redis"): {"status": "resolved"}},
            id="resolved",
        ),
    ],
)
def test_says_nothing_where_no_cause_is_open(
    targets: dict[str, str], items: dict[str, Any]
) -> None:
    assert explained("worker_stuck", FakeFix(), targets, items, NOW) == ""
