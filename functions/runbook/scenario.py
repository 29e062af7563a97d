"""What makes a chapter of the runbook into code, and the tools that every look works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

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


F = TypeVar("F", bound=Facts)


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
    """

    name: str
    target: str
    reads: Callable[[datetime], Calls]
    facts: Callable[[datetime, Mapping[str, Any]], F]
    decide: Callable[[F, Incident], Decision]
    fixes: Mapping[str, Fix]


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
