"""Runbook scenario C as a table: it waits, ends or pages, and never changes anything."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from around import NOW, ago, incident, kind, series
from db_unavailable.checks import Facts
from db_unavailable.decide import DOWN, TRANSIENT, Commands, Limits, decide
from runbook.checks.error_lines import Errors, Group
from runbook.checks.health import Health
from runbook.checks.rds import UP, Event, Instance
from runbook.explains import Cause
from runbook.model import Decision, Escalate, Incident, Status, Unknown

COMMANDS = Commands("look at it", "start it", "give it storage", "redeploy the backend")
UNKNOWN = Unknown("not read")


def instance(status: str = "available") -> Instance:
    return Instance(
        "saas-prod-db", status, multi_az=True, instance_class="db.t4g", allocated_gib=100
    )


def facts(**changes: Any) -> Facts:
    """Return the facts of a database that is up while the application says that it fails."""
    usual = Facts(
        at=NOW,
        alarms={"health-db": "ALARM"},
        instance=instance(),
        events=(),
        health=Health(503, db=False, redis=True),
        db_ok=series(0, 0, 0, 0, 0),
        causes=(),
    )
    return replace(usual, **changes)


GOOD = {
    "alarms": {"health-db": "OK"},
    "health": Health(200, db=True, redis=True),
    "db_ok": series(0, 1, 1, 1, 1, 1),
}


def decided(seen: Facts, about: Incident | None = None) -> Decision:
    return decide(seen, about or incident(), Limits(), COMMANDS)


def test_every_status_is_in_one_list_only() -> None:
    assert UP & TRANSIENT == UP & DOWN == TRANSIENT & DOWN == frozenset()


@pytest.mark.parametrize(
    ("status", "opened", "expected"),
    [
        pytest.param("failing-over", 4.9, "Wait", id="failover"),
        pytest.param("failing-over", 5, "Escalate", id="failover for 5 min"),
        pytest.param("rebooting", 1, "Wait", id="rebooting"),
        pytest.param("stopped", 0, "Escalate", id="stopped"),
        pytest.param("storage-full", 0, "Escalate", id="storage full"),
        pytest.param("inaccessible-encryption-credentials", 0, "Escalate", id="no key"),
        pytest.param("dreaming", 0, "Escalate", id="a status that nobody knows"),
        pytest.param("", 0, "Escalate", id="no status"),
    ],
)
def test_the_status_decides_first(status: str, opened: float, expected: str) -> None:
    decision = decided(facts(instance=instance(status), **GOOD), incident(opened=opened))

    assert kind(decision) == expected
    assert status in decision.reason


@pytest.mark.parametrize(
    ("status", "proposal"),
    [("stopped", "start it"), ("storage-full", "give it storage"), ("failed", "look at it")],
)
def test_a_page_names_the_next_command(status: str, proposal: str) -> None:
    decision = decided(facts(instance=instance(status)))

    assert getattr(decision, "proposal", "") == proposal


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "Resolve", id="good for 5 min"),
        pytest.param({"db_ok": series(0, 1, 1, 1, 1)}, "Wait", id="good for 4 min"),
        pytest.param({"db_ok": series(1, 1, 1, 1)}, "Wait", id="only 4 readings"),
        pytest.param({"alarms": {"health-db": "ALARM"}}, "Wait", id="alarm not OK"),
        pytest.param(
            {"alarms": {"health-db": "INSUFFICIENT_DATA"}}, "Wait blind", id="alarm without data"
        ),
        pytest.param({"db_ok": series(1, 1, 1, 1, 1, newest=6)}, "Wait blind", id="probe silent"),
        pytest.param({"db_ok": ()}, "Wait blind", id="no reading"),
        pytest.param({"health": Health(200, db=None, redis=True)}, "Wait blind", id="not said"),
    ],
)
def test_ends_when_the_application_has_been_well_for_5_min(
    changes: dict[str, Any], expected: str
) -> None:
    decision = decided(facts(**{**GOOD, **changes}))

    assert kind(decision) == expected


@pytest.mark.parametrize("status", ["resetting-master-credentials", "backing-up"])
def test_a_database_answers_while_rds_works_beside_it(status: str) -> None:
    decision = decided(facts(**GOOD, instance=instance(status)))

    assert kind(decision) == "Resolve"


@pytest.mark.parametrize("status", ["modifying", "maintenance"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "Wait", id="the application works"),
        pytest.param({"health": Health(503, db=False, redis=True)}, "Escalate", id="it does not"),
        pytest.param({"health": UNKNOWN}, "Escalate", id="it cannot be asked"),
        pytest.param({"alarms": {"health-db": "ALARM"}}, "Escalate", id="an alarm rings"),
        pytest.param({"alarms": UNKNOWN}, "Escalate", id="alarms not read"),
    ],
)
def test_a_change_of_the_database_is_no_trouble_while_the_application_works(
    status: str, changes: dict[str, Any], expected: str
) -> None:
    seen = facts(**{**GOOD, "instance": instance(status), **changes})

    decision = decided(seen, incident(opened=60))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    "health",
    [
        pytest.param(UNKNOWN, id="no answer"),
        pytest.param(Health(502, db=None, redis=None), id="no word on the database"),
    ],
)
@pytest.mark.parametrize(
    ("failed_over", "expected"),
    [
        pytest.param(4.9, "Wait", id="clients are reconnecting"),
        pytest.param(5, "Wait blind", id="they have had 5 min"),
    ],
)
def test_a_silent_application_is_no_blindness_right_after_a_failover(
    health: Health | Unknown, failed_over: float, expected: str
) -> None:
    over = Event(ago(failed_over), ("failover",), "completed")

    decision = decided(facts(health=health, events=(over,)), incident(opened=20))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("opened", "events", "expected"),
    [
        pytest.param(4.9, (), "Wait", id="clients are reconnecting"),
        pytest.param(5, (), "Escalate", id="they have had 5 min"),
        pytest.param(
            20, (Event(ago(3), ("failover",), "completed"),), "Wait", id="failed over since"
        ),
        pytest.param(20, (Event(ago(6), ("failover",), "completed"),), "Escalate", id="long ago"),
    ],
)
def test_proposes_a_redeploy_where_clients_do_not_reconnect(
    opened: float, events: tuple[Event, ...], expected: str
) -> None:
    decision = decided(facts(events=events), incident(opened=opened))

    assert kind(decision) == expected
    if expected == "Escalate":
        assert getattr(decision, "proposal", "") == "redeploy the backend"


@pytest.mark.parametrize(
    ("minutes", "paged", "expected"),
    [
        pytest.param(29.9, None, "Wait", id="at work"),
        pytest.param(30, None, "Escalate", id="for 30 min"),
        pytest.param(300, 29.9, "Wait", id="a person was paged lately"),
        pytest.param(300, 30, "Escalate", id="and 30 min ago"),
    ],
)
def test_proposes_no_redeploy_while_connections_run_out(
    minutes: float, paged: float | None, expected: str
) -> None:
    status = Status.OPEN if paged is None else Status.ESCALATED
    paged_at = None if paged is None else ago(paged)
    full = Cause("db_connections", "db_connections-1", ago(minutes), status, paged_at)

    decision = decided(facts(causes=(full,)), incident(opened=20))

    assert kind(decision) == expected
    assert "its connections run out, db_connections-1 is open" in decision.reason
    if expected == "Escalate":
        assert getattr(decision, "proposal", "") == "look at it"


def test_the_page_says_what_the_application_logs_most_often() -> None:
    said = 'FATAL: role "saas" is not permitted to log in'
    lines = Errors(ago(10), 31, (Group(said, 30, NOW), Group("other", 1, NOW)), database=30)

    decision = decided(facts(lines=lines), incident(opened=20))

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith(f"it does not reconnect; most often: {said}")
    assert facts(lines=lines).seen()["  line 1"] == f"30 x {said}"


@pytest.mark.parametrize("lines", [None, UNKNOWN, Errors(ago(10), 0, ())])
def test_without_lines_the_page_says_no_more(lines: Any) -> None:
    decision = decided(facts(lines=lines), incident(opened=20))

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("it does not reconnect")


def test_does_not_guess_whether_connections_run_out() -> None:
    decision = decided(facts(causes=UNKNOWN), incident(opened=20))

    assert kind(decision) == "Wait blind"


@pytest.mark.parametrize("status", ["stopped", "storage-full"])
def test_a_database_that_is_down_is_told_whatever_else_is_open(status: str) -> None:
    full = Cause("db_connections", "db_connections-1", ago(3))

    decision = decided(facts(instance=instance(status), causes=(full,)))

    assert kind(decision) == "Escalate"


@pytest.mark.parametrize("field", ["instance", "health", "db_ok", "alarms"])
def test_what_is_not_known_is_waited_for(field: str) -> None:
    decision = decided(facts(**{**GOOD, field: UNKNOWN}), incident(opened=60))

    assert kind(decision) == "Wait blind"


@given(
    status=st.sampled_from(sorted(UP | TRANSIENT | DOWN | {"odd"})),
    unknown=st.sets(st.sampled_from([one.name for one in fields(Facts)][1:])),
    opened=st.floats(0, 120),
    db=st.none() | st.booleans(),
)
def test_never_changes_anything_and_always_says_why(
    status: str, unknown: set[str], opened: float, db: bool | None
) -> None:
    seen = facts(
        instance=instance(status),
        health=Health(200, db, redis=True),
        **dict.fromkeys(unknown - {"instance", "health"}, UNKNOWN),
    )

    decision = decided(seen, incident(opened=opened))

    assert type(decision).__name__ in ("Wait", "Escalate", "Resolve")
    assert decision.reason


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("ALARM", "Escalate", id="rings"),
        pytest.param("INSUFFICIENT_DATA", "Wait blind", id="no data"),
    ],
)
def test_an_alarm_that_is_not_ok_while_the_database_is_well_is_told(
    state: str, expected: str
) -> None:
    seen = facts(**{**GOOD, "db_ok": series(*[1] * 20), "alarms": {"the team's own": state}})

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"instance": instance("failing-over")}, id="failover"),
        pytest.param({}, id="clients reconnect"),
    ],
)
def test_an_outage_of_an_incident_that_opened_again_is_as_old_as_that(
    changes: dict[str, Any],
) -> None:
    decision = decided(facts(**changes), incident(opened=50, reopened_at=(ago(2),)))

    assert kind(decision) == "Wait"
