"""The way from a user to the load balancer: closed, while behind it all is well."""

from typing import Any

import pytest

from backend_facts import (
    GOOD,
    UNKNOWN,
    cause,
    crashes,
    decided,
    facts,
    incident,
    kind,
    series,
)
from runbook.checks.health import Health
from runbook.model import Escalate, Status, Unknown

SILENT = Unknown("api.example.com: SSLError")
CLOSED: dict[str, Any] = {
    "target_5xx": (),
    "answered": series(1, 1, 0, 0, 0),
    "health": SILENT,
}


def test_pages_with_what_a_user_would_see_and_where_to_look() -> None:
    decision = decided(facts(**CLOSED))

    assert isinstance(decision, Escalate)
    assert decision.reason == (
        "from outside the backend has not answered for 3 min (api.example.com: SSLError), while the load "
        "balancer sees no trouble (0.0 % of 500 requests failed): look at what lies before it, such as "
        "DNS, certificate, CDN, firewall"
    )
    assert "openssl s_client -connect api.example.com:443" in decision.proposal


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param({"answered": series(1, 0, 0)}, "Wait", id="two-minutes"),
        pytest.param({"answered": series(0, 0)}, "Wait", id="two-minutes-that-there-are"),
        pytest.param({"answered": series(0, 0, 0, newest=6)}, "Wait", id="long-ago"),
        pytest.param({"answered": UNKNOWN}, "Wait blind", id="not-read"),
        pytest.param({"health": Health(200, db=True, redis=True)}, "Wait", id="answered-now"),
        pytest.param(
            {"health": Health(503, db=True, redis=False)}, "Wait", id="it-says-what-fails"
        ),
        pytest.param(
            {"health": Health(200, None, None, spoken=False)},
            "Escalate",
            id="somebody-else-answers",
        ),
        pytest.param({"requests": ()}, "Escalate", id="nobody-asks"),
        pytest.param({"healthy": ()}, "Wait blind", id="and-the-balancer-is-silent"),
    ],
)
def test_needs_three_minutes_the_moment_and_a_balancer_that_counts(
    seen: dict[str, Any], expected: str
) -> None:
    assert kind(decided(facts(**{**CLOSED, **seen}))) == expected


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        pytest.param({"target_5xx": series(*[50] * 10)}, "5xx go on", id="5xx"),
        pytest.param({"healthy": series(*[0] * 10)}, "all backend tasks run", id="no-target"),
        pytest.param({"stopped": crashes(1, 4, 8)}, "crash-loops", id="tasks-crash"),
    ],
)
def test_leaves_to_the_other_rows_what_the_balancer_sees_or_the_tasks_show(
    seen: dict[str, Any], why: str
) -> None:
    decision = decided(facts(**{**CLOSED, **seen}))

    assert kind(decision) == "Escalate"
    assert why in decision.reason
    assert "from outside" not in decision.reason


def test_waits_where_the_balancer_has_seen_bad_minutes_as_well() -> None:
    back = facts(**{**CLOSED, "healthy": series(2, 2, 0, 0, 0, 2)})

    decision = decided(back)

    assert kind(decision) == "Wait"
    assert "the load balancer has seen bad minutes as well" in decision.reason


def test_waits_where_another_incident_explains_it() -> None:
    assert kind(decided(facts(**CLOSED, known=cause("db_connections", 5)))) == "Wait"


def test_does_not_end_while_nobody_gets_through_and_ends_when_somebody_does() -> None:
    about = incident(opened=40, status=Status.ESCALATED)
    open_again = {**GOOD, "answered": series(0, 0, 0, 1, 1)}

    assert kind(decided(facts(**{**GOOD, **CLOSED}), about)) == "Escalate"
    assert kind(decided(facts(**open_again), about)) == "Resolve"
