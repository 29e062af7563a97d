"""An incident's record as a draft reads it: entries, changes, and where nothing was written."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from runbook.clock import from_text
from runbook.model import Outcome
from runbook.rules import ESCALATED_SECONDS
from runbook.table import Item

QUIET = timedelta(minutes=3)
"""An open incident is looked at each minute; this long without a record is a gap."""
QUIET_ESCALATED = timedelta(seconds=ESCALATED_SECONDS) + QUIET
"""While a person has it."""
_NUMBERS = re.compile(r"[0-9][0-9.:]*")


@dataclass(frozen=True)
class Entry:
    """One record.

    Attributes:
        id: its sort key; with the incident's id it names the record.
        facts: what the checks found, of a look that opened or re-opened the incident; else empty.
        change: intent, fix, resource, undoes, outcome, request_id, as far as the record has them.
        refusal: code and reason of a fix that was not applied.
        verdict: outcome and reason.
    """

    id: str
    at: datetime
    trigger: str
    decided: str
    why: str
    seen: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    change: Mapping[str, str] = field(default_factory=dict)
    refusal: Mapping[str, str] = field(default_factory=dict)
    verdict: Mapping[str, str] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        """Say whether the incident ended with it."""
        return self.decided == "Resolve"

    def waits_like(self, other: "Entry") -> bool:
        """Say whether both only waited, for reasons that differ in their numbers at the most."""
        both = self.only_waits and other.only_waits
        return both and _NUMBERS.sub("", self.why) == _NUMBERS.sub("", other.why)

    @property
    def only_waits(self) -> bool:
        """Say whether nothing followed from the look."""
        return self.decided == "Wait" and not (self.change or self.refusal or self.verdict)


@dataclass(frozen=True)
class Draft:
    """All that a draft is made of.

    Attributes:
        incident: the id.
        region, table: where the records are.
        records: oldest first.
        whole: whether those are all; a very long record is cut.
        ledger: the incident's entries that are still open.
        bad: which values of the symptom are bad: ``at_least`` or ``below``.
    """

    incident: str
    scenario: str
    target: str
    region: str
    table: str
    records: tuple[Entry, ...]
    whole: bool
    ledger: tuple[Item, ...]
    bad: Mapping[str, float]


_CHANGE = ("intent", "fix", "resource", "undoes", "outcome", "request_id")


def understand(record: Item, *, begins: bool) -> Entry:
    """Read a record; its facts are large, and kept only of a look that began something."""
    return Entry(
        id=record["sk"],
        at=from_text(record["at"]),
        trigger=record["trigger"],
        decided=record["decided"],
        why=record["why"],
        seen=record["seen"],
        facts=json.loads(record["facts"]) if begins else {},
        change={name: record[name] for name in _CHANGE if name in record},
        refusal=record.get("refusal", {}),
        verdict=record.get("verdict", {}),
    )


def beginnings(records: Sequence[Entry]) -> list[Entry]:
    """Return the looks that opened the incident, and opened it again."""
    before = [None, *records[:-1]]
    pairs = zip(before, records, strict=True) if records else ()
    return [entry for last, entry in pairs if last is None or last.ends]


def stretches(records: Sequence[Entry]) -> Iterator[tuple[Entry, ...]]:
    """Return the records in their order; looks in a row that only waited, for the same thing, together."""
    waiting: list[Entry] = []
    missing = gaps(records)
    for entry in records:
        if waiting and not (entry.waits_like(waiting[-1]) and entry.id not in missing):
            yield tuple(waiting)
            waiting = []
        if entry.only_waits:
            waiting.append(entry)
        else:
            yield (entry,)
    if waiting:
        yield tuple(waiting)


def gaps(records: Sequence[Entry]) -> dict[str, tuple[datetime, datetime]]:
    """Return where nothing was written though the incident was open, by the id of the record after it."""
    found, escalated = {}, False
    for before, entry in itertools.pairwise(records):
        escalated = (escalated or before.decided == "Escalate") and not before.ends
        if not before.ends and _gap(before, entry, escalated=escalated):
            found[entry.id] = (before.at, entry.at)
    return found


def _gap(before: Entry, entry: Entry, *, escalated: bool) -> bool:
    return entry.at - before.at > (QUIET_ESCALATED if escalated else QUIET)


@dataclass
class Tried:
    """One change: what was intended, and what came of it.

    Attributes:
        intent: its id.
        steps: the records that tell of it, each with what it says.
        outcome: the last one that is known.
    """

    intent: str
    fix: str
    resource: str
    undoes: str
    steps: list[tuple[Entry, str]]
    outcome: str = ""


def tried(records: Sequence[Entry]) -> list[Tried]:
    """Return every change that was intended, oldest first, with what the records say of it."""
    found: dict[str, Tried] = {}
    for entry in records:
        change = entry.change
        if change:
            _follow(found, entry, change)
        elif entry.verdict:
            for one in _judged(found, entry.verdict):
                one.outcome = entry.verdict["outcome"]
                one.steps.append((entry, f"{one.outcome}: {entry.verdict['why']}"))
    return [*found.values()]


def _judged(found: Mapping[str, Tried], verdict: Mapping[str, str]) -> list[Tried]:
    """Return what a verdict is about: the change that it names, or all that are applied."""
    if verdict.get("intent"):
        return [one for one in found.values() if one.intent == verdict["intent"]]
    applied = [one for one in found.values() if one.outcome == Outcome.APPLIED]
    return [one for one in applied if not one.undoes]


def _follow(found: dict[str, Tried], entry: Entry, change: Mapping[str, str]) -> None:
    intent = change["intent"]
    one = found.get(intent)
    if one is None:
        undoes = change.get("undoes", "")
        one = Tried(intent, change["fix"], change["resource"], undoes, [])
        found[intent] = one
    if "outcome" not in change:
        again = "intended once more" if one.steps else "intended"
        one.steps.append((entry, f"{again}: {entry.why}"))
        return
    one.outcome = change["outcome"]
    request = change.get("request_id") or "id not known"
    one.steps.append((entry, f"{one.outcome}, request {request}"))
    taken_back = found.get(one.undoes)
    if taken_back and one.outcome == Outcome.APPLIED:
        taken_back.outcome = Outcome.UNDONE
        taken_back.steps.append((entry, f"UNDONE by intent {intent}"))


@dataclass(frozen=True)
class Bad:
    """Since when the symptom had been bad when a look began.

    Attributes:
        since: the first datapoint of the bad ones that lead up to the look.
        whole: whether all datapoints of the window were bad: it may have begun before.
    """

    since: datetime
    whole: bool


def first_bad(
    entry: Entry, symptom: Sequence[str], of: str, bad: Mapping[str, float]
) -> Bad | None:
    """Return since when the symptom was bad; None where the facts do not show it."""
    values = _values(entry.facts, symptom, of)
    if values and not _is_bad(values[-1][1], bad):
        values.pop()  # the newest minute may not be whole yet
    streak: list[datetime] = []
    for at, value in reversed(values):
        if not _is_bad(value, bad):
            break
        streak.append(at)
    return Bad(streak[-1], len(streak) == len(values)) if streak else None


def _is_bad(value: float, bad: Mapping[str, float]) -> bool:
    if "at_least" in bad:
        return value >= bad["at_least"]
    return "below" in bad and value < bad["below"]


def _values(
    facts: Mapping[str, Any], symptom: Sequence[str], of: str
) -> list[tuple[datetime, float]]:
    """Return the symptom per minute: a sum, or for a rate its percentage; unknown facts have none."""
    added: dict[str, float] = {}
    for name in symptom:
        for sample in _samples(facts.get(name)):
            added[sample["at"]] = added.get(sample["at"], 0) + sample["value"]
    if of:
        whole = {one["at"]: one["value"] for one in _samples(facts.get(of)) if one["value"]}
        added = {at: 100 * added.get(at, 0) / value for at, value in whole.items()}
    return sorted((datetime.fromisoformat(at), value) for at, value in added.items())


def _samples(fact: Any) -> list[Mapping[str, Any]]:
    return [one for one in fact if isinstance(one, Mapping)] if isinstance(fact, list) else []
