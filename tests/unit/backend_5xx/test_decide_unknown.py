"""Unknown is not a value: nothing is changed and nothing ends on a row that reads one."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_5xx.checks import Facts
from backend_facts import (
    GOOD,
    UNKNOWN,
    attempt,
    crashes,
    decided,
    facts,
    fresh,
    incident,
    kind,
    out_of_memory,
)
from runbook.model import Apply, Resolve

READ = [one.name for one in fields(Facts) if one.name not in ("at", "closer")]
SITUATIONS: dict[str, tuple[dict[str, Any], str, set[str]]] = {
    "a crash-looping fresh deployment": (
        {**fresh(), "stopped": crashes(1, 4, 7)},
        "Apply rollback",
        {"service", "stopped", "history", "instance", "events", "connections"},
    ),
    "out of memory": (
        {"stopped": out_of_memory(1, 30)},
        "Apply raise_memory",
        {"service", "stopped", "history", "definition", "known"},
    ),
    "a good night": (
        GOOD,
        "Resolve",
        {
            "service",
            "stopped",
            "requests",
            "target_5xx",
            "elb_5xx",
            "healthy",
            "alarms",
            "answered",
        },
    ),
}
"""By name: the facts, what is decided, and what of the facts that decision reads."""


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_a_decision_reads_must_be_known_and_nothing_else(situation: str, name: str) -> None:
    seen, expected, needed = SITUATIONS[situation]

    decision = decided(facts(**{**seen, name: UNKNOWN}))

    assert (kind(decision) == expected) is (name not in needed)
    assert isinstance(decision, Apply | Resolve) is (name not in needed)


ABOUT = [
    incident(),
    incident(attempt("rollback")),
    incident(attempt("raise_memory")),
    incident(attempt("rollback", left={"stopped": "arn:it"})),
]


@given(
    unknown=st.sets(st.sampled_from(READ)),
    seen=st.sampled_from([one[0] for one in SITUATIONS.values()]),
    about=st.sampled_from(ABOUT),
    closer=st.booleans(),
)
def test_decides_something_with_a_reason_whatever_is_unknown(
    unknown: set[str], seen: dict[str, Any], about: Any, closer: bool
) -> None:
    without = {} if closer else {"closer": None}

    decision = decided(facts(**{**seen, **dict.fromkeys(unknown, UNKNOWN), **without}), about)

    assert decision.reason
    if {"service", "stopped"} & unknown:
        assert not isinstance(decision, Apply | Resolve)
