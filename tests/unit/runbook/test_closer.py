"""Reads that are made only where a decision is near, and what is decided with their answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from runbook.aws import Calls, one_by_one
from runbook.model import Apply, Decision, Escalate, Incident, Resolve, Status, Wait
from runbook.scenario import Closer, Kit, Scenario
from worker_facts import NOW, incident

Decide = Callable[["Seen", Incident], Decision]


@dataclass(frozen=True)
class Seen:
    """Facts with one thing that is read late."""

    at: datetime = NOW
    lines: str = ""

    def seen(self) -> dict[str, str]:
        return {"lines": self.lines}


class Asked:
    """A closer that keeps which decisions it was asked about."""

    def __init__(self, answer: str = "too many clients") -> None:
        self.decisions: list[Decision] = []
        self._answer = answer

    def reads(self, facts: Seen, about: Incident, decision: Decision) -> Calls:
        del facts, about
        self.decisions.append(decision)
        return {} if isinstance(decision, Wait) else {"lines": lambda: self._answer}

    def facts(self, facts: Seen, answers: Mapping[str, Any]) -> Seen:
        return replace(facts, lines=answers["lines"])


def by_lines(seen: Seen, about: Incident) -> Decision:
    """Escalate unless the lines speak against it."""
    del about
    return Resolve("the lines explain it") if seen.lines else Escalate("nothing explains it")


def kit(decide: Decide, asked: Asked | None) -> Any:
    closer = Closer(asked.reads, asked.facts) if asked else None
    scenario = Scenario("any", "it", lambda _: {}, lambda *_: Seen(), decide, {}, closer)
    unused: Any = None
    return Kit(scenario, one_by_one, unused, unused, unused, unused, unused)


def test_decides_anew_with_what_was_read_since() -> None:
    seen, decision = kit(by_lines, Asked()).decide(Seen(), incident(), by_hand=False)

    assert (Seen(lines="too many clients"), Resolve("the lines explain it")) == (seen, decision)


def test_reads_nothing_more_where_the_closer_asks_nothing() -> None:
    asked = Asked()
    decide: Decide = lambda *_: Wait("nothing is near")  # noqa: E731  # a table of one row

    seen, decision = kit(decide, asked).decide(Seen(), incident(), by_hand=False)

    assert (Seen(), Wait("nothing is near")) == (seen, decision)
    assert [Wait("nothing is near")] == asked.decisions


def test_a_scenario_without_a_closer_decides_once() -> None:
    seen, decision = kit(by_lines, None).decide(Seen(), incident(), by_hand=False)

    assert (Seen(), Escalate("nothing explains it")) == (seen, decision)


@pytest.mark.parametrize(
    ("by_hand", "near"),
    [
        pytest.param(False, Wait, id="while-a-person-has-it"),
        pytest.param(True, Apply, id="by-hand"),
    ],
)
def test_the_closer_is_asked_about_what_the_rules_for_all_leave_of_a_decision(
    by_hand: bool, near: type
) -> None:
    asked = Asked()
    decide: Decide = lambda *_: Apply("redeploy", "it is stuck")  # noqa: E731  # a table of one row

    kit(decide, asked).decide(Seen(), incident(status=Status.ESCALATED), by_hand=by_hand)

    assert [near] == [type(one) for one in asked.decisions]


def test_a_closer_that_answers_with_unknowns_is_not_asked_again() -> None:
    asked = Asked(answer="")

    kit(by_lines, asked).decide(Seen(), incident(), by_hand=False)

    assert len(asked.decisions) == 1
