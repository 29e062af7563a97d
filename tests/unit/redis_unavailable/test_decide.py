"""Runbook scenario D as a table: wait for Redis, rebuild the quotas once, prove it by the task's result."""

from dataclasses import replace
from typing import Any

import pytest

from around import NOW, ago, attempt, incident, kind, series
from redis_unavailable.checks import Facts
from redis_unavailable.decide import Commands, Limits, decide
from runbook.checks.elasticache import Group
from runbook.checks.health import Health
from runbook.checks.redis import Reading
from runbook.model import Decision, Incident, Outcome, Status, Unknown

LIMITS = Limits(queue_depth_good=100)
COMMANDS = Commands("look at it", "reconcile")
UNKNOWN = Unknown("not read")
DEAD = Reading(up=False, run_id="", depth=None, quota_keys=None, error="ConnectionError")


def reading(quota_keys: int | None = 0) -> Reading:
    return Reading(up=True, run_id="a" * 40, depth=3, quota_keys=quota_keys, error="")


def facts(**changes: Any) -> Facts:
    """Return the facts of a Redis that is back for 5 min after an outage of 3, with a short queue."""
    usual = Facts(
        at=NOW,
        alarms={"redis-up": "OK"},
        group=Group("saas-prod-redis", "available", "saas-prod-redis-001"),
        events=(),
        reading=reading(),
        up=series(1, 1, 0, 0, 0, 1, 1, 1, 1, 1),
        run=series(7, 7, 8, 8, 8, 8, 8),
        depth=series(9, 6, 3),
        health=Health(200, db=True, redis=True),
    )
    return replace(usual, **changes)


def decided(seen: Facts, about: Incident | None = None) -> Decision:
    return decide(seen, about or incident(opened=7), LIMITS, COMMANDS)


@pytest.mark.parametrize(
    ("status", "opened", "expected"),
    [
        pytest.param("available", 1, "Wait", id="away"),
        pytest.param("modifying", 9.9, "Wait", id="failing over"),
        pytest.param("available", 10, "Escalate", id="away for 10 min"),
        pytest.param("deleting", 0, "Escalate", id="being deleted"),
        pytest.param("create-failed", 0, "Escalate", id="broken"),
    ],
)
def test_waits_for_a_failover_and_never_touches_redis(
    status: str, opened: float, expected: str
) -> None:
    seen = facts(reading=DEAD, group=Group("saas-prod-redis", status, ""))

    decision = decided(seen, incident(opened=opened))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("changes", "opened", "expected"),
    [
        pytest.param({}, 7, "Apply reconcile", id="away, and workers consume"),
        pytest.param(
            {"up": series(*[1] * 10)}, 7, "Apply reconcile", id="restarted without an outage seen"
        ),
        pytest.param(
            {"up": series(*[1] * 10), "run": series(*[7] * 10)}, 7, "Resolve", id="nothing was lost"
        ),
        pytest.param({"depth": series(500, 500, 500)}, 7, "Wait", id="workers do not consume"),
        pytest.param({"depth": series(500, 480, 460)}, 7, "Apply reconcile", id="the queue falls"),
        pytest.param({"depth": series(500, 500, 500)}, 30, "Escalate", id="for 30 min"),
        pytest.param({"depth": series(5, 4)}, 7, "Wait blind", id="two readings of the queue"),
        pytest.param({"depth": series(5, 4, 3, newest=6)}, 7, "Wait blind", id="old readings"),
    ],
)
def test_reconciles_after_a_possible_loss_once_workers_consume(
    changes: dict[str, Any], opened: float, expected: str
) -> None:
    up = changes.pop("up", series(1, 1, 0, 0, 0, 1, 1, 1, 1, 1))

    decision = decided(facts(up=up, **changes), incident(opened=opened))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("task", "minutes", "expected"),
    [
        pytest.param("SUCCESS", 2, "Wait VERIFIED", id="it is done"),
        pytest.param("FAILURE", 2, "Escalate FAILED", id="it failed"),
        pytest.param("REVOKED", 2, "Escalate FAILED", id="it was taken off the queue"),
        pytest.param("STARTED", 9.9, "Wait", id="it runs"),
        pytest.param("", 9.9, "Wait", id="no result yet"),
        pytest.param(None, 9.9, "Wait", id="the endpoint has told no task"),
        pytest.param("", 10, "Resolve", id="it keeps no result"),
        pytest.param(None, 10, "Resolve", id="nor is a task known"),
        pytest.param(UNKNOWN, 10, "Resolve", id="the probe did not answer"),
    ],
)
@pytest.mark.parametrize("now", [0, 12, 1000, None], ids=["none", "more", "many", "not counted"])
def test_only_the_tasks_own_result_proves_the_reconcile(
    task: Any, minutes: float, expected: str, now: int | None
) -> None:
    done = attempt("reconcile", minutes=minutes, prior={"quota_keys": 0})
    steady = {"up": series(*[1] * 20), "run": series(*[8] * 20)}
    seen = facts(reading=reading(now), task=task, **steady)

    decision = decided(seen, incident(done, opened=25))

    assert kind(decision) == expected
    assert ("queued, not proved" in decision.reason) is (expected == "Resolve")


def test_says_how_many_counters_there_are_for_who_reads_it() -> None:
    done = attempt("reconcile", minutes=10, prior={"quota_keys": 3})
    steady = {"up": series(*[1] * 20), "run": series(*[8] * 20)}
    seen = facts(reading=reading(12), task="", **steady)

    decision = decided(seen, incident(done, opened=25))

    assert "not proved (quota counters: 12, before it 3; workers consume again)" in decision.reason


def test_does_not_reconcile_twice_after_one_outage() -> None:
    done = attempt("reconcile", Outcome.VERIFIED, minutes=3)

    decision = decided(facts(), incident(done, opened=9))

    assert kind(decision) == "Resolve"


def test_a_request_that_got_lost_and_was_given_up_is_no_reconcile() -> None:
    given_up = attempt("reconcile", Outcome.REFUSED, minutes=3)

    decision = decided(facts(), incident(given_up, opened=9))

    assert kind(decision) == "Apply reconcile"


def test_reconciles_again_when_redis_was_away_again() -> None:
    done = attempt("reconcile", Outcome.VERIFIED, minutes=12)

    decision = decided(facts(), incident(done, opened=20))

    assert kind(decision) == "Apply reconcile"


@pytest.mark.parametrize("field", ["reading", "up", "run", "depth"])
def test_nothing_is_sent_on_what_is_not_known(field: str) -> None:
    decision = decided(facts(**{field: UNKNOWN}))

    assert kind(decision) == "Wait blind"


def test_does_not_end_on_alarms_that_cannot_be_read() -> None:
    seen = facts(alarms=UNKNOWN, up=series(*[1] * 10), run=series(*[7] * 10))

    decision = decided(seen)

    assert kind(decision) == "Wait blind"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("ALARM", "Escalate", id="rings"),
        pytest.param("INSUFFICIENT_DATA", "Wait blind", id="no data"),
    ],
)
def test_an_alarm_that_is_not_ok_while_redis_is_well_is_told(state: str, expected: str) -> None:
    well = {"up": series(*[1] * 20), "run": series(*[7] * 20)}
    seen = facts(**well, alarms={"the team's own": state})

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("outcome", "minutes", "expected"),
    [
        pytest.param(Outcome.VERIFIED, 3, "Resolve", id="proved"),
        pytest.param(Outcome.APPLIED, 3, "Wait", id="queued"),
        pytest.param(Outcome.APPLIED, 10, "Resolve", id="queued, and no proof came"),
        pytest.param(Outcome.REFUSED, 3, "Apply reconcile", id="refused by the gate"),
        pytest.param(Outcome.FAILED, 3, "Escalate", id="refused by the endpoint"),
        pytest.param(Outcome.SUPERSEDED, 3, "Apply reconcile", id="not ours to judge"),
    ],
)
def test_only_a_reconcile_that_was_made_ends_the_loss(
    outcome: Outcome, minutes: float, expected: str
) -> None:
    tried = attempt("reconcile", outcome, minutes)
    seen = facts(
        up=series(0, 0, *[1] * 12), run=series(7, *[8] * 12), depth=series(3, 3, 3), task=""
    )

    decision = decided(seen, incident(tried, opened=16))

    assert kind(decision) == expected


def test_a_failed_reconcile_is_told_with_the_command() -> None:
    tried = attempt("reconcile", Outcome.FAILED, 3)

    decision = decided(facts(), incident(tried, opened=16))

    assert "the reconcile of 02:57 has failed: the AI quotas are not rebuilt" in decision.reason
    assert getattr(decision, "proposal", "") == "reconcile"


def test_a_loss_of_hours_ago_is_not_resolved() -> None:
    long_ago = {"up": series(0, 0, *[1] * 300), "run": series(7, *[8] * 300)}

    decision = decided(facts(**long_ago), incident(opened=302))

    assert kind(decision) == "Apply reconcile"


@pytest.mark.parametrize(
    ("since", "alarm", "expected"),
    [
        pytest.param(59, "OK", "Apply reconcile", id="59 min ago"),
        pytest.param(61, "OK", "Resolve", id="an hour ago"),
        pytest.param(61, "ALARM", "Escalate", id="an alarm rings on"),
    ],
)
def test_a_loss_that_a_person_was_asked_about_does_not_keep_the_incident_open_for_ever(
    since: int, alarm: str, expected: str
) -> None:
    lost = {"up": series(0, *[1] * since), "run": series(7, *[8] * since)}

    decision = decided(
        facts(**lost, alarms={"redis-up": alarm}), incident(opened=90, status=Status.ESCALATED)
    )

    assert kind(decision) == expected
    if expected == "Resolve":
        assert (
            "the AI quotas are not rebuilt by Nightshift, a person was asked to" in decision.reason
        )


def test_a_queue_that_was_lost_with_redis_is_not_taken_for_consumed() -> None:
    lost = {"up": series(1, 0, 1, 1), "run": series(7, 8, 8), "depth": series(500, 0, 0)}

    just_back = decided(facts(**lost), incident(opened=4))
    longer = {**lost, "run": series(7, 8, 8, 8), "depth": series(500, 0, 0, 0)}
    later = decided(facts(**longer), incident(opened=4))

    assert kind(just_back) == "Wait"
    assert kind(later) == "Apply reconcile"
    assert "no worker is seen to consume" in later.reason


def test_a_restart_after_the_reconcile_is_another_loss() -> None:
    done = attempt("reconcile", Outcome.VERIFIED, 8)

    decision = decided(facts(up=series(*[1] * 20)), incident(done, opened=20))

    assert kind(decision) == "Apply reconcile"


@pytest.mark.parametrize("status", ["available", "deleting"])
def test_the_page_of_a_long_outage_names_what_to_run_after_it(status: str) -> None:
    seen = facts(reading=DEAD, group=Group("saas-prod-redis", status, ""))

    decision = decided(seen, incident(opened=10))

    proposal = getattr(decision, "proposal", "")
    assert proposal == "look at it\nonce Redis is back, its quotas are to be rebuilt:\nreconcile"


@pytest.mark.parametrize(
    ("depth", "why"),
    [
        pytest.param(series(9, 6, 3), "workers consume again", id="falls"),
        pytest.param(series(0, 4, 1), "workers consume again", id="fell in between"),
        pytest.param(series(50, 50, 50), "the queue is short (50 messages)", id="stands"),
        pytest.param(series(0, 0, 0), "the queue is short (0 messages)", id="empty"),
        pytest.param(series(0, 2, 4), "the queue is short (4 messages)", id="grows"),
    ],
)
def test_believes_in_workers_only_where_the_queue_falls(depth: Any, why: str) -> None:
    decision = decided(facts(depth=depth))

    assert kind(decision) == "Apply reconcile"
    assert f"may be lost; {why}" in decision.reason
    assert ("no worker is seen" in decision.reason) is why.startswith("the queue is short")


def test_an_update_without_proof_says_that_no_worker_was_seen() -> None:
    queued = attempt("reconcile", minutes=10)
    steady = {"up": series(*[1] * 20), "run": series(*[8] * 20)}
    seen = facts(depth=series(50, 50, 50), task="", **steady)

    decision = decided(seen, incident(queued, opened=25))

    assert "(50 messages), and no worker is seen to consume" in decision.reason


def test_an_outage_of_an_incident_that_opened_again_is_as_old_as_that() -> None:
    decision = decided(facts(reading=DEAD), incident(opened=50, reopened_at=(ago(2),)))

    assert kind(decision) == "Wait"
