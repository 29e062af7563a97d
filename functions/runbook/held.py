"""What a look does once it holds the claim: decide, pass the gate, change one thing, write it down."""

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic

from botocore.exceptions import BotoCoreError, ClientError

from runbook import limits, rules
from runbook.clock import to_text
from runbook.errors import LostClaimError, TableError
from runbook.gate import Change, Fix, Landed, Refusal, again, new_attempt
from runbook.incidents import CLAIM
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    Incident,
    Outcome,
    Status,
    Verdict,
    Wait,
)
from runbook.outbox import Message, row
from runbook.scenario import F, Kit
from runbook.table import Conflict, put
from runbook.tell import quote, worth_an_update
from runbook.trigger import Trigger

MOST_TRIES = 3
"""Calls for one intent: each is made only after the one before is known not to have landed."""
THROTTLES = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded"})
"""Refusals that say nothing about the request: it is tried again like a lost call."""
KILLED_WORKER = (
    "a worker that had to be killed may have taken one message per consumer with it, "
    "also with acks_late: tasks that matter need a sweep"
)


def _token() -> str:
    return str(uuid.uuid4())


def page_directly(kit: Kit[F], why: str, now: datetime) -> None:
    """Page without the table: the last resort.

    If SNS fails too, the error that the caller raises is counted by Lambda, and the Errors alarm pages
    straight from CloudWatch.
    """
    name, target = kit.scenario.name, kit.scenario.target
    message = Message(
        kind="page",
        subject=f"[{kit.teller.environment}] {name} {target}: PAGE Nightshift cannot work",
        body=f"{name} on {target}: a person is needed.\n\nWhy      {quote(why)}\n"
        "Done     nothing was changed by this look\n",
        scenario=name,
        incident="none",
        dedup=f"{name}-{target}-{now:%Y%m%d%H%M}-direct",
    )
    with suppress(ClientError, BotoCoreError):
        kit.outbox.publish(row(message, now))


class Held(Generic[F]):
    """One look that holds its incident.

    Args:
        kit: what the function's looks work with.
        trigger: why it looks.
        facts: what the checks found.
        incident: as claimed.
    """

    def __init__(self, kit: Kit[F], trigger: Trigger, facts: F, incident: Incident) -> None:
        self._kit = kit
        self._trigger = trigger
        self._facts = facts
        self._incident = incident

    def proceed(self) -> dict[str, Any]:
        """Settle a call whose answer is not known; else decide and do it."""
        if self._incident.unanswered:
            return self._recover(self._incident.unanswered)
        decision = rules.temper(
            self._kit.scenario.decide(self._facts, self._incident),
            self._incident,
            by_hand=self._trigger.by_hand,
        )
        if isinstance(decision, Apply):
            return self._apply(decision)
        return self._conclude(decision)

    def give_up(self, error: Exception) -> None:
        """Write down that this look broke, and page once; what broke is raised by the caller."""
        now = self._kit.clock.now()
        why = f"the look broke with {type(error).__name__}: {error}"
        if isinstance(error, LostClaimError):
            return  # another look has the incident: it will write
        if self._incident.status is Status.ESCALATED:
            return  # a person has it, and the Errors alarm counts this
        try:
            self._conclude(Escalate(why))
        except (TableError, LostClaimError) as second:
            page_directly(self._kit, f"{why}; and it cannot be written down: {second}", now)

    def _recover(self, attempt: Attempt) -> dict[str, Any]:
        fix = self._kit.scenario.fixes[attempt.fix]
        name = f"{attempt.fix} of {attempt.resource}"
        landed = fix.landed(self._facts, attempt)
        if landed is Landed.YES:
            return self._applied(attempt, fix, Change("", fix.left(self._facts)))
        if landed is Landed.NO and attempt.tries < MOST_TRIES:
            return self._again(attempt, fix)
        if landed is Landed.TOO_EARLY:
            return self._conclude(
                Wait(f"the answer of {name} is not known yet; the world is asked again in a minute")
            )
        why = f"{name} was called {attempt.tries} times and it cannot be proved whether it took effect"
        return self._conclude(Escalate(why, verdict=Verdict(Outcome.FAILED, landed.value)))

    def _again(self, attempt: Attempt, fix: Fix) -> dict[str, Any]:
        """Make the call of an intent whose call did not land; it was paid for with the intent."""
        answers = self._kit.side_by_side(self._kit.gate.rereads(fix, self._facts))
        now = self._kit.clock.now()
        by_hand = self._trigger.by_hand
        refusal = self._kit.gate.refuse(fix, self._facts, answers, now, by_hand=by_hand)
        if refusal and refusal.then == "wait":
            return self._conclude(
                Wait(f"{attempt.reason}; not applied yet: {refusal.reason}"), refusal
            )
        if refusal:
            verdict = Verdict(Outcome.REFUSED, refusal.reason)
            why = f"{attempt.reason}; {fix.name} not applied: {refusal.reason}"
            return self._conclude(Escalate(why, verdict=verdict), refusal)
        tried = again(attempt, now)
        incident = rules.with_last(self._incident, tried)
        if self._intend(incident, tried, (), now) is not None:
            raise TableError("a condition failed in a transaction that has none of its own")
        return self._call(tried, fix)

    def _apply(self, decision: Apply) -> dict[str, Any]:
        fix = self._kit.scenario.fixes[decision.fix]
        gate = self._kit.gate
        answers = self._kit.side_by_side(gate.rereads(fix, self._facts))
        now = self._kit.clock.now()
        by_hand = self._trigger.by_hand
        refusal = gate.refuse(fix, self._facts, answers, now, by_hand=by_hand)
        if refusal:
            return self._refused(decision, refusal, fix)
        taken = gate.spend(fix, answers, self._incident, now, by_hand=by_hand)
        if isinstance(taken, Refusal):
            return self._refused(decision, taken, fix)
        attempt = new_attempt(_token(), fix, decision, answers, now)
        incident = replace(
            self._incident,
            attempts=(*self._incident.attempts, attempt),
            refused_since=None,
            blind_looks=0,
        )
        if self._intend(incident, attempt, taken, now) is not None:
            raced = "another fix took the resource or the budget in the same moment"
            return self._refused(decision, Refusal("raced", raced, "wait"), fix)
        return self._call(attempt, fix)

    def _intend(
        self,
        incident: Incident,
        attempt: Attempt,
        taken: Sequence[Mapping[str, Any]],
        now: datetime,
    ) -> Conflict | None:
        """Write the intent with all it takes, before the call; keep the claim."""
        record = self._record(now, "Apply", attempt.reason, intent=attempt)
        written = self._kit.incidents.write(
            incident,
            claimed_until=now + CLAIM,
            next_look_at=now + CLAIM,
            record=record,
            also=taken,
            token=_token(),
        )
        if isinstance(written, Conflict):
            return written
        self._incident = written
        return None

    def _call(self, attempt: Attempt, fix: Fix) -> dict[str, Any]:
        lost = f"the answer of {fix.name} was lost"
        try:
            change = fix.apply(attempt)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            if status >= 500 or code in THROTTLES:
                return self._conclude(Wait(f"{lost} (AWS: {code}); looking whether it took effect"))
            why = f"{attempt.reason}; AWS refused {fix.name} of {attempt.resource}: {code}"
            return self._conclude(Escalate(why, fix.command(), Verdict(Outcome.FAILED, code)))
        except BotoCoreError as error:
            kind = type(error).__name__
            return self._conclude(Wait(f"{lost} ({kind}); looking whether it took effect"))
        return self._applied(attempt, fix, change)

    def _applied(self, attempt: Attempt, fix: Fix, change: Change) -> dict[str, Any]:
        now = self._kit.clock.now()
        done = replace(
            attempt,
            outcome=Outcome.APPLIED,
            outcome_at=now,
            left=change.left,
            request_id=change.request_id,
        )
        self._incident = rules.with_last(self._incident, done)
        message = self._kit.teller.applied(
            self._incident, done, fix.command(), fix.undo, self._facts.seen(), now
        )
        waiting = Wait(f"{attempt.fix} applied: {attempt.reason}")
        return self._write(self._incident, waiting, [message], now, changed=done)

    def _refused(self, decision: Apply, refusal: Refusal, fix: Fix) -> dict[str, Any]:
        now = self._kit.clock.now()
        after = rules.after_refusal(decision, refusal, self._incident, now)
        if isinstance(after, Escalate):
            after = replace(after, proposal=fix.command())
        return self._conclude(after, refusal)

    def _conclude(self, decision: Decision, refusal: Refusal | None = None) -> dict[str, Any]:
        """Write a decision that changes nothing in the world, with its messages."""
        now = self._kit.clock.now()
        after = rules.conclude(self._incident, decision, now, refused=refusal is not None)
        messages = self._messages(after, decision, now)
        if isinstance(decision, Escalate):
            page = messages[0]
            after = replace(after, page={"subject": page.subject, "body": page.body})
        return self._write(after, decision, messages, now, refusal=refusal)

    def _messages(self, after: Incident, decision: Decision, now: datetime) -> list[Message]:
        teller, seen = self._kit.teller, self._facts.seen()
        verdict = getattr(decision, "verdict", None)
        messages: list[Message] = []
        if isinstance(decision, Escalate):
            messages.append(teller.page(after, decision, seen, now))
        elif worth_an_update(self._incident, decision):
            notes = (KILLED_WORKER,) if verdict else ()
            messages.append(teller.ended(after, decision, notes, seen, now))
        if after.last and rules.recurring(after.last, verdict, now):
            messages.append(teller.recurring(after, after.last, seen, now))
        return messages

    def _write(
        self,
        after: Incident,
        decision: Decision,
        messages: list[Message],
        now: datetime,
        *,
        refusal: Refusal | None = None,
        changed: Attempt | None = None,
    ) -> dict[str, Any]:
        rows = [row(message, now) for message in messages]
        record = self._record(
            now, type(decision).__name__, decision.reason, refusal=refusal, outcome=changed
        )
        write = partial(
            self._kit.incidents.write,
            after,
            claimed_until=now,
            next_look_at=rules.next_look(decision, after, now),
            record=record,
        )
        puts = [put(one) for one in rows]
        written = write(also=[*puts, *self._verdict_writes(after, decision, now)], token=_token())
        if isinstance(written, Conflict):
            # The occupancy ran out and is another incident's by now: there is nothing to release.
            written = write(also=puts, token=_token())
        if isinstance(written, Conflict):
            raise TableError("a condition failed in a transaction that has none of its own")
        self._incident = written
        unsent = [why for why in map(self._kit.outbox.send, rows) if why]
        return self._answer(decision, now, refusal, changed, unsent)

    def _verdict_writes(
        self, after: Incident, decision: Decision, now: datetime
    ) -> list[Mapping[str, Any]]:
        verdict = getattr(decision, "verdict", None)
        if verdict is None or after.last is None:
            return []
        writes: list[Mapping[str, Any]] = [limits.release(after.last.resource, after.id)]
        if verdict.outcome is Outcome.VERIFIED:
            writes.append(limits.mark_verified(after.last.resource, after.last.fix, now))
        return writes

    def _record(
        self,
        now: datetime,
        decided: str,
        why: str,
        *,
        refusal: Refusal | None = None,
        intent: Attempt | None = None,
        outcome: Attempt | None = None,
    ) -> dict[str, Any]:
        record: dict[str, Any] = {
            "at": to_text(now),
            "trigger": self._trigger.why,
            "event_id": self._trigger.event_id,
            "decided": decided,
            "why": why,
            "seen": self._facts.seen(),
            "facts": json.dumps(asdict(self._facts), default=str),  # type: ignore[call-overload]  # F is a dataclass
        }
        if refusal:
            record["refusal"] = {"code": refusal.code, "reason": refusal.reason}
        if intent:
            record["intent"] = intent.intent_id
            record["prior"] = dict(intent.prior)
        if outcome:
            record["outcome"] = str(outcome.outcome)
            record["intent"] = outcome.intent_id
            record["request_id"] = outcome.request_id
        return record

    def _answer(
        self,
        decision: Decision,
        now: datetime,
        refusal: Refusal | None,
        changed: Attempt | None,
        unsent: list[str],
    ) -> dict[str, Any]:
        incident = self._incident
        answer: dict[str, Any] = {
            "incident": incident.id,
            "seen": self._facts.seen(),
            "decided": type(decision).__name__,
            "why": decision.reason,
            "changed": f"{changed.fix} of {changed.resource}" if changed else "nothing",
            "status": incident.status.value,
            "next_look": to_text(rules.next_look(decision, incident, now)),
            "record": f"record#{incident.id} {incident.version:06}",
        }
        if refusal:
            answer["refusal"] = refusal.reason
        if unsent:
            answer["unsent"] = unsent
        return answer
