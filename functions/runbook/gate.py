"""The only way to a write on the users' systems.

Order of the questions, each of which can refuse::

    age     the facts are younger than 30 s
    switch  on, read now; unreadable counts as off          ┐
    mode    act for this fix, read now                      │ one round of calls,
    target  still what the decision saw, nobody deploying   │ side by side
    limits  occupancy, cooldown, budget                     ┘
    intent  one transaction that takes them all, or nothing

A refusal is a value with a reason fit to page someone with, never an exception.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from runbook import explains, incidents, limits
from runbook.aws import Calls
from runbook.model import Apply, Attempt, Incident
from runbook.permissions import Need
from runbook.table import Table

NEEDS = (
    Need("dynamodb:BatchGetItem", "table"),
    Need("dynamodb:PutItem", "table"),
    Need("ssm:GetParameters", "switches"),
)

MOST_AGE = timedelta(seconds=30)
"""Facts older than this are not acted on: half of a function's time, so the call still fits."""


EXPLAINED = "explained"
"""The code of a refusal that ends by itself: another incident, which explains this one, is worked on."""
UNDOES = "gate.undoes"
"""Among the answers that an undo compares with: the attempt that it takes back."""


class Mode(StrEnum):
    """What a fix may do, per fix and live."""

    OFF = "off"
    OBSERVE = "observe"
    PROPOSE = "propose"
    """A page with the exact change; a person makes it."""
    ACT = "act"


@dataclass(frozen=True)
class Refusal:
    """Why a fix is not applied now.

    Attributes:
        code: one word for metrics and records: closed, age, switch, mode, target, busy, cap, explained,
            connections, superseded, occupied, cooldown, budget, raced.
        reason: a sentence fit to page someone with.
        then: wait (the world will change by itself) or escalate (a person has to).
    """

    code: str
    reason: str
    then: Literal["wait", "escalate"]


@dataclass(frozen=True)
class Change:
    """What a fix's call answered.

    Attributes:
        request_id: AWS's id of the call.
        left: the target as the call left it (JSON values).
    """

    request_id: str
    left: Mapping[str, Any]


class Landed(StrEnum):
    """Whether a call whose answer was lost has taken effect."""

    YES = "yes"
    NO = "no"
    TOO_EARLY = "too early"
    """Reads are eventually consistent: ask again when 60 s have passed since the call."""
    UNREADABLE = "unreadable"
    """The target could not be read: a blind look like any other."""
    UNKNOWN = "unknown"


class Fix(Protocol):
    """One kind of change to the users' systems."""

    @property
    def name(self) -> str:
        """Return its name for records and cooldowns, for example ``redeploy``."""
        ...

    @property
    def mode_key(self) -> str:
        """Return the name of its mode, for example ``redeploy_worker``."""
        ...

    @property
    def resource(self) -> str:
        """Return what it changes: the key of occupancy, cooldown and budget."""
        ...

    @property
    def holds(self) -> timedelta:
        """Return how long at the most the change occupies the resource until it has settled."""
        ...

    @property
    def undo(self) -> str:
        """Return how it is undone, or why it cannot be."""
        ...

    @property
    def deploys(self) -> bool:
        """Say whether it starts new tasks."""
        ...

    @property
    def keep(self) -> timedelta | None:
        """Return after how long a person must adopt or revert it; None for a change that may stay."""
        ...

    def command(self) -> str:
        """Return what a person would type for the same change."""
        ...

    def rereads(self, facts: Any) -> Calls:
        """Return the reads of the target to make right before the write."""
        ...

    def refuse(self, facts: Any, answers: Mapping[str, Any]) -> Refusal | None:
        """Compare the target with what the decision saw."""
        ...

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the target's state to save before the change."""
        ...

    def apply(self, attempt: Attempt) -> Change:
        """Make the one call.

        Raises:
            ClientError, BotoCoreError: refused, or no answer.
        """
        ...

    def left(self, facts: Any) -> dict[str, Any]:
        """Return the target as a landed call left it, read from the world."""
        ...

    def landed(self, facts: Any, attempt: Attempt) -> Landed:
        """Say whether the attempt's call has taken effect."""
        ...


@dataclass(frozen=True)
class Gate:
    """The gate of one function.

    Attributes:
        table: where occupancy, cooldown and budget are.
        ssm: a boto3 client.
        switch: the kill switch's parameter name.
        modes: parameter name by mode key.
        limits: how much is allowed.
        scenario: whose fixes pass here.
        targets: what each other scenario looks after, by its name.
        follows: the fix that has to follow another one, by that one's name: half a change is worse than
            none, so the first is refused where the second would be.
        closed: why nothing passes, whatever is asked; empty where the questions decide.
    """

    table: Table
    ssm: Any
    switch: str
    modes: Mapping[str, str]
    limits: limits.Limits
    scenario: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)
    follows: Mapping[str, Fix] = field(default_factory=dict)
    closed: str = ""

    def rereads(self, fix: Fix, facts: Any) -> Calls:
        """Return all reads that the gate makes right before the write, to be made side by side."""
        return {
            **fix.rereads(facts),
            "gate.live": lambda: self._live(fix),
            "gate.spent": lambda: self.table.get_many(self._spent_keys(fix)),
        }

    def _halves(self, fix: Fix) -> list[Fix]:
        second = self.follows.get(fix.name)
        return [fix] if second is None else [fix, second]

    def _spent_keys(self, fix: Fix) -> list[tuple[str, str]]:
        rows = [limits.keys(one.resource, one.name) for one in self._halves(fix)]
        return list(dict.fromkeys([*(key for keys in rows for key in keys), *self._causes()]))

    def _causes(self) -> list[tuple[str, str]]:
        return [
            (incidents.key(cause, self.targets[cause]), incidents.CURRENT)
            for cause in explains.causes(self.scenario)
            if cause in self.targets
        ]

    def refuse(
        self,
        fix: Fix,
        facts: Any,
        answers: Mapping[str, Any],
        now: datetime,
        *,
        by_hand: bool,
        undo: bool = False,
    ) -> Refusal | None:
        """Say why not, before anything is spent. The limits come last, in ``limits.refuse``.

        An undo skips the mode and what explains the trouble: leaving our change in place is no safer.
        """
        if self.closed:
            return Refusal("closed", self.closed, "escalate")
        if now - facts.at > MOST_AGE:
            age = int((now - facts.at).total_seconds())
            return Refusal("age", f"the facts are {age} s old by now: look again", "wait")
        live = answers["gate.live"]
        return (
            self._switch(live)
            or (None if by_hand or undo else self._mode(fix, live))
            or (None if undo else self._explained(fix, answers["gate.spent"], now))
            or (None if undo else self._second(fix, answers, now))
            or fix.refuse(facts, answers)
        )

    def _second(self, fix: Fix, answers: Mapping[str, Any], now: datetime) -> Refusal | None:
        """Refuse where the fix that has to follow would be; it is a later look's, which nobody asks for."""
        second = self.follows.get(fix.name)
        if second is None:
            return None
        spent = answers["gate.spent"]
        why = self._mode(second, answers["gate.live"]) or self._explained(second, spent, now)
        return _because(second, why) if why else None

    def _explained(self, fix: Fix, items: Mapping[str, Any], now: datetime) -> Refusal | None:
        why = explains.explained(self.scenario, fix, self.targets, items, now)
        if why:
            return Refusal(EXPLAINED, why, "wait")
        why = explains.no_deployment(self.scenario, fix, self.targets, items)
        return Refusal("connections", why, "wait") if why else None

    def spend(
        self,
        fix: Fix,
        answers: Mapping[str, Any],
        incident: Incident,
        now: datetime,
        *,
        by_hand: bool,
        undo: bool = False,
    ) -> Refusal | Sequence[Mapping[str, Any]]:
        """Return the writes that take occupancy, cooldown and budget, or the limit that refuses.

        An undo takes the occupancy only.
        """
        spent = limits.Spent(answers["gate.spent"], fix.resource, fix.name)
        why = limits.refuse(spent, self.limits, incident.id, now, by_hand=by_hand or undo)
        if why is not None:
            return Refusal(why.code, why.reason, why.then)
        second = None if undo else self._second_spent(fix, answers, incident, now)
        if second is not None:
            return second
        if undo:
            return [limits.occupy(fix.resource, incident.id, now, fix.holds)]
        return limits.writes(spent, self.limits, incident.id, now, fix.holds, by_hand=by_hand)

    def _second_spent(
        self, fix: Fix, answers: Mapping[str, Any], incident: Incident, now: datetime
    ) -> Refusal | None:
        second = self.follows.get(fix.name)
        if second is None:
            return None
        spent = limits.Spent(answers["gate.spent"], second.resource, second.name)
        most = self.limits.fixes_per_environment - 1  # the first takes one
        left = replace(self.limits, fixes_per_environment=most)
        why = limits.refuse(spent, left, incident.id, now, by_hand=False)
        return _because(second, why) if why else None

    def _live(self, fix: Fix) -> dict[str, str] | Refusal:
        names = [self.switch, *(self.modes[one.mode_key] for one in self._halves(fix))]
        try:
            answer = self.ssm.get_parameters(Names=names)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return self._unreadable(f"SSM answered {code}")
        except BotoCoreError as error:
            return self._unreadable(f"SSM did not answer: {type(error).__name__}")
        found = {one["Name"]: str(one["Value"]).strip() for one in answer["Parameters"]}
        missing = [name for name in names if name not in found]
        if missing:
            return self._unreadable(f"SSM has no parameter {', '.join(missing)}")
        return found

    def _unreadable(self, why: str) -> Refusal:
        return Refusal(
            "switch",
            f"the kill switch or the mode cannot be read ({why}): nothing was changed",
            "escalate",
        )

    def _switch(self, live: Mapping[str, str] | Refusal) -> Refusal | None:
        if isinstance(live, Refusal):
            return live
        state = live[self.switch]
        if state == "on":
            return None
        if state == "off":
            return Refusal(
                "switch", f"Nightshift is switched off ({self.switch} is off)", "escalate"
            )
        return self._unreadable(f"{self.switch} is {state!r}, expected on or off")

    def _mode(self, fix: Fix, live: Mapping[str, str] | Refusal) -> Refusal | None:
        if isinstance(live, Refusal):
            return live
        name = self.modes[fix.mode_key]
        mode = live[name]
        if mode == Mode.ACT:
            return None
        if mode in (Mode.OFF, Mode.OBSERVE, Mode.PROPOSE):
            return Refusal("mode", f"mode of {fix.mode_key} is {mode} ({name})", "escalate")
        return self._unreadable(f"{name} is {mode!r}, expected off, observe, propose or act")


def _because(second: Fix, why: Refusal | limits.Why) -> Refusal:
    reason = f"{second.name} of {second.resource} has to follow, and would be refused: {why.reason}"
    return Refusal(why.code, reason, why.then)


def new_attempt(
    intent_id: str, fix: Fix, decision: Apply, answers: Mapping[str, Any], now: datetime
) -> Attempt:
    """Return the attempt as it stands before its call."""
    return Attempt(
        intent_id=intent_id,
        fix=fix.name,
        resource=fix.resource,
        reason=decision.reason,
        prior={
            **fix.prior(answers),
            **decision.remember,
            "verified_before": limits.verified_before(
                answers["gate.spent"], fix.resource, fix.name
            ),
        },
        intended_at=now,
        tried_at=now,
        undoes=decision.undoes,
        command=decision.command,
        undo=decision.undo,
    )


def again(attempt: Attempt, now: datetime) -> Attempt:
    """Return the attempt as it stands before its call is made once more."""
    return replace(attempt, tried_at=now, tries=attempt.tries + 1)
