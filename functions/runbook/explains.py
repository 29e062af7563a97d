"""Which trouble explains which: while the cause is open, the fixes of what it explains are silent.

For a while its pages are as well, see ``TOLD``.

A failed database makes 5xx and stuck workers; restarting what only suffers would make it worse. A cause
explains for a while only: after that the other scenario's own rows count again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from runbook import incidents
from runbook.errors import TableError
from runbook.model import Status, Unknown
from runbook.others import Other, other
from runbook.permissions import Need
from runbook.table import Item, Table

NEEDS = (Need("dynamodb:BatchGetItem", "table"),)

EXPLAINS: Mapping[tuple[str, str], timedelta] = {
    # An RDS failover takes 1 to 2 min and scenario C escalates after 5; then clients reconnect.
    ("db_unavailable", "backend_5xx"): timedelta(minutes=15),
    ("db_unavailable", "worker_stuck"): timedelta(minutes=15),
    # Scaling down, settling and restoring take two rounds of about 15 min. With no connection left the health
    # endpoint says that its database fails. Never the other way round: of a database that is away RDS counts
    # no connections, and who waits for each other waits for nothing.
    ("db_connections", "db_unavailable"): timedelta(minutes=30),
    ("db_connections", "backend_5xx"): timedelta(minutes=30),
    ("db_connections", "worker_stuck"): timedelta(minutes=30),
    # Scenario D waits 10 min for a failover; then the workers reconnect.
    ("redis_unavailable", "worker_stuck"): timedelta(minutes=20),
    ("redis_unavailable", "backend_5xx"): timedelta(minutes=20),
}
"""(cause, what it explains): for how long after the cause's incident was opened."""

OWN_EVIDENCE = frozenset({("db_unavailable", "rollback")})
"""(cause, fix) that is not silenced: scenario A hands over what RDS itself shows, before it rolls back what
only the new tasks show, such as a wrong password; the health endpoint's ``db`` field is the same for both."""

NO_DEPLOYMENT_WHILE = "db_connections"
"""While this is open nothing is deployed: new tasks start before old ones end, and each takes connections."""


WORKS_LONG = frozenset({"db_connections"})
"""Causes that change something and prove it, which takes longer than other chapters are waited for: while
such a one is at work, what it explains waits in silence."""

TOLD = timedelta(minutes=30)
"""After the page about a cause, nobody is paged about what it explains: that page repeats every 15 min, and a
second subject would only take the person off it. Then the effect speaks for itself, in case the cause was
another."""
TOLD_OF = frozenset(
    {
        ("db_connections", "backend_5xx"),
        ("db_connections", "db_unavailable"),
        ("db_unavailable", "backend_5xx"),
    }
)
"""(cause, effect): pairs for which that holds. Such a cause ends by itself as soon as its own symptom is
gone; scenario D's may stay open for a reconcile that a person owes, and explains nothing then."""


@dataclass(frozen=True)
class Cause:
    """Another scenario's open incident that may explain this one.

    Attributes:
        id: empty while nobody has looked at it yet.
        status: open, or escalated: then a person has it.
        paged_at: when that person was paged; None while nobody was.
    """

    scenario: str
    id: str
    opened_at: datetime
    status: Status = Status.OPEN
    paged_at: datetime | None = None

    def explains(self, effect: str, now: datetime) -> bool:
        """Say whether it is young enough to explain an effect's trouble by itself."""
        return now - self.opened_at < EXPLAINS.get((self.scenario, effect), timedelta())

    def in_hand(self, effect: str, now: datetime) -> str:
        """Return who is at it, so that its effect waits in silence; empty where nobody is, or too long."""
        if self.status is Status.ESCALATED:
            return self._told(effect, now)
        works = self.scenario in WORKS_LONG and self.explains(effect, now)
        return "its scenario is at work" if works else ""

    def _told(self, effect: str, now: datetime) -> str:
        at = self.paged_at
        if at is None or (self.scenario, effect) not in TOLD_OF or now - at >= TOLD:
            return ""
        return f"a person was paged about it at {at:%H:%M}"


class Kind(Protocol):
    """A fix, as far as it matters here."""

    @property
    def name(self) -> str: ...  # noqa: D102  # as in gate.Fix
    @property
    def deploys(self) -> bool: ...  # noqa: D102  # as in gate.Fix


def causes(scenario: str) -> list[str]:
    """Return the scenarios whose incidents matter to the fixes of this one."""
    found = [cause for cause, effect in EXPLAINS if effect == scenario]
    if scenario != NO_DEPLOYMENT_WHILE and NO_DEPLOYMENT_WHILE not in found:
        found.append(NO_DEPLOYMENT_WHILE)
    return sorted(found)


def keys(scenario: str, targets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return where the incidents are that matter to a scenario."""
    return [
        (incidents.key(cause, targets[cause]), incidents.CURRENT)
        for cause in causes(scenario)
        if cause in targets
    ]


def found(
    scenario: str, targets: Mapping[str, str], items: Mapping[str, Item]
) -> tuple[Cause, ...]:
    """Return the open incidents that may explain a scenario's.

    Args: as of ``explained``.
    """
    opened = ((cause, _open(cause, targets, items)) for cause in causes(scenario))
    return tuple(
        Cause(name, other.id, other.opened_at, other.status, other.told_at)
        for name, other in opened
        if other
    )


def read(table: Table, scenario: str, targets: Mapping[str, str]) -> tuple[Cause, ...] | Unknown:
    """Read the open incidents that may explain a scenario's, in one call."""
    try:
        return found(scenario, targets, table.get_many(keys(scenario, targets)))
    except TableError as error:
        return Unknown(f"our own table: {error}")


def line(causes: tuple[Cause, ...] | Unknown) -> str:
    """Return the other open incidents as one line for people."""
    if isinstance(causes, Unknown):
        return f"unknown: {causes.why}"
    named = [f"{one.scenario} since {one.opened_at:%H:%M} UTC" for one in causes]
    return ", ".join(named) or "no incident that could explain it is open"


def explained(
    scenario: str,
    fix: Kind,
    targets: Mapping[str, str],
    items: Mapping[str, Item],
    now: datetime,
) -> str:
    """Return which open incident explains the trouble for now, as a sentence; empty when none does.

    Args:
        scenario: whose fix it is.
        fix: its name, and whether it starts new tasks.
        targets: what each cause looks after, by scenario; those that are not deployed are absent.
        items: incident items by pk.
        now: the moment of the write.
    """
    for cause in causes(scenario):
        other = _open(cause, targets, items)
        lasts = EXPLAINS.get((cause, scenario))
        silenced = (cause, fix.name) not in OWN_EVIDENCE
        if other and lasts and silenced and now - other.opened_at < lasts:
            return f"{_named(cause, targets, other)} and explains this"
    return ""


def no_deployment(
    scenario: str, fix: Kind, targets: Mapping[str, str], items: Mapping[str, Item]
) -> str:
    """Return why nothing may be deployed now, as a sentence; empty where the fix deploys nothing.

    Args: as of ``explained``; it lasts as long as that incident is open.
    """
    if not fix.deploys or scenario == NO_DEPLOYMENT_WHILE:
        return ""
    other = _open(NO_DEPLOYMENT_WHILE, targets, items)
    if other is None:
        return ""
    name = _named(NO_DEPLOYMENT_WHILE, targets, other)
    return f"{name}: no deployment while connections run out, new tasks would take more"


def _open(cause: str, targets: Mapping[str, str], items: Mapping[str, Item]) -> Other | None:
    if cause not in targets:
        return None
    return other(items.get(incidents.key(cause, targets[cause])))


def _named(cause: str, targets: Mapping[str, str], other: Other) -> str:
    return f"{cause} on {targets[cause]} is open ({other.id or 'just opened'})"
