"""What makes a chapter of the runbook into code, and the tools that every look works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from runbook import rules
from runbook.aws import Calls, SideBySide
from runbook.clock import Clock
from runbook.gate import Fix, Gate
from runbook.incidents import Incidents
from runbook.model import Decision, Incident
from runbook.outbox import Outbox
from runbook.tell import Teller


class Facts(Protocol):
    """What a scenario's checks found."""

    @property
    def at(self) -> datetime:
        """When the reads were made."""
        ...

    def seen(self) -> dict[str, str]:
        """Return the facts for people: one short line per name."""
        ...


@dataclass(frozen=True)
class NoFacts:
    """What a look has seen that broke before its facts were put together."""

    at: datetime

    def seen(self) -> dict[str, str]:
        """Return nothing."""
        return {}


F = TypeVar("F", bound=Facts)


@dataclass(frozen=True)
class Closer(Generic[F]):
    """Reads that cost more than every look should: made where a decision is near, which is made again then.

    Attributes:
        reads: what to read for these facts and this decision; nothing where it would change nothing.
        facts: puts the answers to the facts.
    """

    reads: Callable[[F, Incident, Decision], Calls]
    facts: Callable[[F, Mapping[str, Any]], F]


@dataclass(frozen=True)
class Scenario(Generic[F]):
    """One chapter of the runbook.

    Attributes:
        name: for example ``worker_stuck``.
        target: what it looks after, for example the service's name.
        reads: the questions to the world by name, for the moment given; made side by side.
        facts: makes the answers into facts.
        decide: pure; the chapter's table.
        fixes: what may be changed, by the name that ``Apply`` uses.
        closer: reads before a decision that matters; None where every look reads all.
        caveat: what a person should know whenever one of its fixes was judged.
    """

    name: str
    target: str
    reads: Callable[[datetime], Calls]
    facts: Callable[[datetime, Mapping[str, Any]], F]
    decide: Callable[[F, Incident], Decision]
    fixes: Mapping[str, Fix]
    closer: Closer[F] | None = None
    caveat: str = ""


@dataclass(frozen=True)
class Kit(Generic[F]):
    """What the looks of one function work with.

    Attributes:
        scenario: what to look at and how to decide.
        side_by_side: how several calls are made at once.
        incidents: the table of incidents.
        gate: the only way to a fix.
        outbox: where messages wait and are sent from.
        teller: words the messages.
        clock: the time.
        events: a boto3 EventBridge client where the scenario hands over, else None.
    """

    scenario: Scenario[F]
    side_by_side: SideBySide
    incidents: Incidents
    gate: Gate
    outbox: Outbox
    teller: Teller
    clock: Clock
    events: Any = None

    def decide(self, facts: F, incident: Incident, *, by_hand: bool) -> tuple[F, Decision]:
        """Decide by the scenario's table and the rules for all; look closer first where that is due.

        Returns:
            The facts that the decision was made of, and the decision.
        """
        decide, closer = self.scenario.decide, self.scenario.closer
        decision = rules.temper(decide(facts, incident), incident, by_hand=by_hand)
        calls = closer.reads(facts, incident, decision) if closer else {}
        if closer is None or not calls:
            return facts, decision
        facts = closer.facts(facts, self.side_by_side(calls))
        return facts, rules.temper(decide(facts, incident), incident, by_hand=by_hand)
