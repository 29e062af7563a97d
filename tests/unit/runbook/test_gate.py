"""The only way to a write: each question can refuse, in one order, and nothing passes unread."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fake_gate import MODE, ON, SWITCH, FakeFix, gate
from runbook import incidents
from runbook.clock import to_text
from runbook.gate import Refusal
from worker_facts import NOW, Facts, ago, facts

BUSY = Refusal("busy", "an engineer deploys", "wait")
UNREADABLE = "the kill switch or the mode cannot be read ({}): nothing was changed"


def open_incident(scenario: str, target: str, minutes: float) -> dict[str, Any]:
    item = {
        "open": "open",
        "status": "open",
        "incident_id": f"{scenario}-1",
        "opened_at": to_text(ago(minutes)),
    }
    return {incidents.key(scenario, target): item}


REDIS_IS_OPEN = open_incident("redis_unavailable", "saas-redis", 5)


def refused(
    live: Any = None,
    fix: FakeFix | None = None,
    spent: Mapping[str, Any] | None = None,
    seen: Facts | None = None,
    **asked: bool,
) -> Refusal | None:
    """Ask the gate with these answers of the re-reads."""
    answers = {"gate.live": ON if live is None else live, "gate.spent": spent or {}}
    how = {"by_hand": False, **asked}
    return gate().refuse(fix or FakeFix(), seen or facts(), answers, NOW, **how)


def test_lets_a_fix_pass_that_nothing_speaks_against() -> None:
    assert refused() is None


@pytest.mark.parametrize("asked", [{}, {"by_hand": True}, {"undo": True}], ids=str)
def test_a_closed_gate_lets_nothing_pass_and_says_why(asked: dict[str, bool]) -> None:
    answers = {"gate.live": ON, "gate.spent": {}}
    how = {"by_hand": False, **asked}

    found = replace(gate(), closed="nobody asked").refuse(FakeFix(), facts(), answers, NOW, **how)

    assert found == Refusal("closed", "nobody asked", "escalate")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(30, None, id="30 s old"),
        pytest.param(
            31, Refusal("age", "the facts are 31 s old by now: look again", "wait"), id="31 s old"
        ),
    ],
)
@pytest.mark.parametrize("asked", [{}, {"by_hand": True}, {"undo": True}], ids=str)
def test_refuses_old_facts_whoever_asks(
    seconds: int, expected: Refusal | None, asked: dict[str, bool]
) -> None:
    seen = facts(at=NOW - timedelta(seconds=seconds))

    assert expected == refused(seen=seen, **asked)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("off", f"Nightshift is switched off ({SWITCH} is off)", id="off"),
        pytest.param(
            "ON", UNREADABLE.format(f"{SWITCH} is 'ON', expected on or off"), id="capitals"
        ),
        pytest.param(
            "true", UNREADABLE.format(f"{SWITCH} is 'true', expected on or off"), id="true"
        ),
        pytest.param("", UNREADABLE.format(f"{SWITCH} is '', expected on or off"), id="empty"),
    ],
)
@pytest.mark.parametrize("asked", [{}, {"by_hand": True}, {"undo": True}], ids=str)
def test_refuses_everybody_when_the_switch_is_anything_but_on(
    value: str, reason: str, asked: dict[str, bool]
) -> None:
    refusal = refused({**ON, SWITCH: value}, **asked)

    assert Refusal("switch", reason, "escalate") == refusal


@pytest.mark.parametrize("value", ["off", "observe", "propose"])
def test_refuses_a_fix_whose_mode_is_not_act(value: str) -> None:
    refusal = refused({**ON, MODE: value})

    why = f"mode of redeploy_worker is {value} ({MODE})"
    assert Refusal("mode", why, "escalate") == refusal


@pytest.mark.parametrize("value", ["Act", "on", "", "act,"])
def test_refuses_a_mode_that_it_does_not_know(value: str) -> None:
    refusal = refused({**ON, MODE: value})

    why = UNREADABLE.format(f"{MODE} is {value!r}, expected off, observe, propose or act")
    assert Refusal("switch", why, "escalate") == refusal


@pytest.mark.parametrize("value", ["off", "observe", "propose", "odd"])
@pytest.mark.parametrize("asked", [{"by_hand": True}, {"undo": True}], ids=str)
def test_neither_a_person_nor_an_undo_needs_the_mode(value: str, asked: dict[str, bool]) -> None:
    assert refused({**ON, MODE: value}, **asked) is None


@pytest.mark.parametrize("asked", [{}, {"by_hand": True}, {"undo": True}], ids=str)
def test_refuses_everybody_when_switch_and_mode_are_unreadable(asked: dict[str, bool]) -> None:
    live = Refusal("switch", "unreadable", "escalate")

    assert live == refused(live, **asked)


@pytest.mark.parametrize("asked", [{}, {"by_hand": True}, {"undo": True}], ids=str)
def test_refuses_everybody_when_the_target_is_not_what_was_decided_on(
    asked: dict[str, bool],
) -> None:
    refusal = refused(fix=FakeFix(BUSY), **asked)

    assert refusal == BUSY


@pytest.mark.parametrize(
    ("spent", "code", "reason"),
    [
        pytest.param(
            REDIS_IS_OPEN,
            "explained",
            "redis_unavailable on saas-redis is open (redis_unavailable-1) and explains this",
            id="Redis for 5 min",
        ),
        pytest.param(
            open_incident("redis_unavailable", "saas-redis", 20), "", "", id="Redis for 20 min"
        ),
        pytest.param(
            open_incident("db_connections", "saas-db", 45),
            "connections",
            "db_connections on saas-db is open (db_connections-1): "
            "no deployment while connections run out, new tasks would take more",
            id="connections, however long",
        ),
        pytest.param(
            open_incident("redis_unavailable", "other-redis", 5), "", "", id="another Redis"
        ),
        pytest.param(
            open_incident("ai_provider_outage", "ai", 5), "", "", id="explains nothing here"
        ),
    ],
)
def test_waits_where_another_open_incident_explains_the_trouble(
    spent: dict[str, Any], code: str, reason: str
) -> None:
    refusal = refused(spent=spent)

    assert (Refusal(code, reason, "wait") if reason else None) == refusal


def test_a_fix_that_deploys_nothing_need_not_wait_for_connections_for_ever() -> None:
    spent = open_incident("db_connections", "saas-db", 45)

    assert refused(fix=FakeFix(deploys=False), spent=spent) is None


def test_an_undo_does_not_wait_for_what_explains_the_trouble() -> None:
    assert refused(spent=REDIS_IS_OPEN, undo=True) is None


def test_a_person_waits_for_what_explains_the_trouble() -> None:
    refusal = refused(spent=REDIS_IS_OPEN, by_hand=True)

    assert refusal is not None
    assert refusal.code == "explained"


def test_asks_for_age_then_switch_then_mode_then_cause_then_target() -> None:
    old, fix = facts(at=ago(1)), FakeFix(BUSY)
    off, observe = {SWITCH: "off", MODE: "off"}, {SWITCH: "on", MODE: "observe"}

    codes = [
        getattr(refusal, "code", None)
        for refusal in (
            refused(off, fix, REDIS_IS_OPEN, old),
            refused(off, fix, REDIS_IS_OPEN),
            refused(observe, fix, REDIS_IS_OPEN),
            refused(ON, fix, REDIS_IS_OPEN),
            refused(ON, fix),
            refused(ON),
        )
    ]

    assert codes == ["age", "switch", "mode", "explained", "busy", None]
