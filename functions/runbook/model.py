"""The words that all of this is written in, as types: unknowns, decisions, outcomes, attempts, incidents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

LOOK_AGAIN_SECONDS = 45
"""Between looks: less than patrol's minute, so that each pass of patrol finds the incident due."""


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be read. It is never a default: no row that changes anything reads it.

    Attributes:
        why: what was asked and what came back, fit to show to a person.
    """

    why: str


class Status(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ESCALATED = "escalated"
    """A person has been asked; Nightshift keeps looking, changes nothing, and may still resolve."""
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What happened to a fix: past tense, never confused with what was decided."""

    APPLIED = "APPLIED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    VERIFIED = "VERIFIED"
    UNDONE = "UNDONE"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True)
class Verdict:
    """How the applied fixes ended, or one attempt, as a decision says it.

    Attributes:
        outcome: VERIFIED, FAILED (it did not help) or SUPERSEDED (somebody changed the target since).
        why: the numbers.
        intent: the one attempt that it is about; empty for all that are applied and not judged.
    """

    outcome: Outcome
    why: str
    intent: str = ""


@dataclass(frozen=True)
class Wait:
    """Look again later; nothing is changed.

    Attributes:
        reason: a sentence fit to page someone with.
        seconds: when to look again.
        blind: the row that was asked for reads an ``Unknown``; three such looks escalate.
        verdict: closes the last applied fix.
    """

    reason: str
    seconds: int = LOOK_AGAIN_SECONDS
    blind: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Apply:
    """Ask the gate for one fix.

    Attributes:
        fix: a key of the scenario's fixes.
        reason: a sentence fit to page someone with.
        remember: numbers of this moment that the verification will need (JSON values).
        undoes: id of the intent that this change takes back, for an undo or a restore: those skip mode,
            cooldown and budget, never the kill switch nor the comparison with what our fix left.
        command: what a person would type for exactly this change; empty where the fix says it itself.
        undo: how exactly this change is taken back; empty where the fix says it itself.
    """

    fix: str
    reason: str
    remember: Mapping[str, Any] = field(default_factory=dict)
    undoes: str = ""
    command: str = ""
    undo: str = ""


@dataclass(frozen=True)
class Resolve:
    """The trouble is over."""

    reason: str
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Escalate:
    """A person is needed.

    Attributes:
        reason: a sentence fit to page someone with.
        proposal: the next commands to type, ready filled in; empty when there is none.
        verdict: closes the last applied fix.
        tells: whether who reads it knows what else suffers from this; not where Nightshift is blind or
            broken, or where nobody suffers yet.
    """

    reason: str
    proposal: str = ""
    verdict: Verdict | None = None
    tells: bool = True


@dataclass(frozen=True)
class HandOver:
    """Another scenario's chapter: open its incident and wait for that.

    Attributes:
        scenario: the other one.
        target: what it looks after.
        reason: a sentence fit to page someone with.
        verdict: closes the applied fixes.
    """

    scenario: str
    target: str
    reason: str
    verdict: Verdict | None = None


Decision = Wait | Apply | Resolve | Escalate | HandOver


@dataclass(frozen=True)
class Attempt:
    """One fix of this incident, from its intent on.

    Attributes:
        intent_id: unique; also the idempotency token of the intent's transaction.
        fix: the fix's name.
        resource: what it changes, for example ``ecs:saas-prod/saas-worker``.
        reason: why it was decided.
        prior: the target's state and the symptom's numbers before the change (JSON values).
        intended_at: when the intent was written.
        tried_at: when the call was last about to be made.
        tries: how often the call was about to be made; more than 1 only after a lost answer.
        outcome: None while the answer of the call is not known.
        outcome_at: when the outcome was learned.
        left: the target's state as the fix left it, what an undo or a verdict compares with.
        request_id: AWS's id of the call, when it answered.
        undoes: intent id of the attempt that this one takes back; empty for a fix.
        command, undo: as in the decision.
    """

    intent_id: str
    fix: str
    resource: str
    reason: str
    prior: Mapping[str, Any]
    intended_at: datetime
    tried_at: datetime
    tries: int = 1
    outcome: Outcome | None = None
    outcome_at: datetime | None = None
    left: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    undoes: str = ""
    command: str = ""
    undo: str = ""

    @property
    def waits_for_verdict(self) -> bool:
        """Say whether it is a fix that is applied and not judged yet."""
        return self.outcome is Outcome.APPLIED and not self.undoes


@dataclass(frozen=True)
class Incident:
    """One open trouble: scenario and target, with the history that decisions need.

    Attributes:
        id: ``<scenario>-<utc date and time of opening>-<4 characters>``.
        version: bumped by every claim and write; a write with an old version is refused.
        reopened_at: moments of re-opening, oldest first.
        blind_looks: consecutive looks that needed a fact they could not read.
        refused_since: since when the gate has been refusing with "wait"; None when it does not.
        told_at: when a person was last paged about what it is; None while nobody was, or only that Nightshift
            cannot tell.
        page_again_at: when patrol repeats the page; None when no page is open.
        page: the last page's subject and body, what patrol repeats.
        triggers: how many alarms and requests have joined.
        handed_over_at: when it was first handed over to the scenario that has it now; None when it was not.
        handed_over_to: that scenario; empty when it was not.
        again: the attempt whose call did not land, while it is decided as if it had never been made: what
            its intent has taken is no reason against it. Never stored.
    """

    id: str
    scenario: str
    target: str
    status: Status
    version: int
    opened_at: datetime
    attempts: tuple[Attempt, ...] = ()
    reopened_at: tuple[datetime, ...] = ()
    blind_looks: int = 0
    refused_since: datetime | None = None
    resolved_at: datetime | None = None
    told_at: datetime | None = None
    page_again_at: datetime | None = None
    page: Mapping[str, str] = field(default_factory=dict)
    triggers: int = 1
    handed_over_at: datetime | None = None
    handed_over_to: str = ""
    again: Attempt | None = None

    @property
    def since(self) -> datetime:
        """Return when the trouble began that is there now: its opening, or the newest re-opening."""
        return max((self.opened_at, *self.reopened_at))

    @property
    def last(self) -> Attempt | None:
        """Return the newest attempt, whatever became of it."""
        return self.attempts[-1] if self.attempts else None

    @property
    def unanswered(self) -> Attempt | None:
        """Return the attempt whose call has no known answer, if there is one."""
        return self.last if self.last and self.last.outcome is None else None

    @property
    def unverified(self) -> Attempt | None:
        """Return the newest fix that is applied and not yet judged, if there is one."""
        found = [one for one in self.attempts if one.waits_for_verdict]
        return found[-1] if found else None

    def judged_by(self, verdict: Verdict) -> tuple[Attempt, ...]:
        """Return the attempts that a verdict closes: the one it names, or all that wait for one."""
        if verdict.intent:
            return tuple(one for one in self.attempts if one.intent_id == verdict.intent)
        return tuple(one for one in self.attempts if one.waits_for_verdict)

    def attempt(self, intent_id: str) -> Attempt | None:
        """Return an attempt by its intent's id."""
        return next((one for one in self.attempts if one.intent_id == intent_id), None)
