"""What a look does once it holds the claim: decide, pass the gate, change one thing, write it down."""

import traceback
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic

from botocore.exceptions import BotoCoreError, ClientError

from runbook import bus, incidents, ledger, limits, postmortem, record, rules
from runbook.errors import FixError, LostClaimError, NightshiftError, TableError
from runbook.gate import EXPLAINED, UNDOES, Change, Fix, Landed, Refusal, again, new_attempt
from runbook.incidents import CLAIM
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    HandOver,
    Incident,
    Outcome,
    Resolve,
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


def _token() -> str:
    return str(uuid.uuid4())


def _said(error: Exception) -> str:
    """Return an error for a page: its text only where we wrote it, since another may quote a secret."""
    kind = type(error).__name__
    if isinstance(error, (NightshiftError, LookupError)):
        return f"{kind}: {error}"
    at = traceback.extract_tb(error.__traceback__)[-1:]
    return f"{kind}" + "".join(f" in {Path(one.filename).name} line {one.lineno}" for one in at)


def _about(attempt: Attempt, outcome: Outcome, why: str) -> Verdict:
    """Return the verdict on one call; what was applied before it still waits for its own."""
    return Verdict(outcome, why, attempt.intent_id)


def typed(change: Apply | Attempt, fix: Fix) -> str:
    """Return what a person would type for a change."""
    return change.command or fix.command()


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
        if rules.outdated(self._facts.at, self._incident):
            return self._conclude(
                Wait("a fix was made while this look read the world; the next look will see it")
            )
        by_hand = self._trigger.by_hand
        self._facts, decision = self._kit.decide(self._facts, self._incident, by_hand=by_hand)
        if isinstance(decision, Apply):
            return self._apply(decision)
        return self._conclude(decision)

    def give_up(self, error: Exception) -> None:
        """Write down that this look broke, and page once; what broke is raised by the caller."""
        now = self._kit.clock.now()
        why = f"the look broke with {_said(error)}"
        if isinstance(error, LostClaimError):
            return  # another look has the incident: it will write
        if self._incident.status is Status.ESCALATED:
            return  # a person has it, and the Errors alarm counts this
        try:
            self._conclude(Escalate(why, tells=False))
        except (TableError, LostClaimError) as second:
            page_directly(self._kit, f"{why}; and it cannot be written down: {second}", now)

    def _recover(self, attempt: Attempt) -> dict[str, Any]:
        """Learn what became of a call; call again only where it did not land and is still asked for."""
        fix = self._kit.scenario.fixes[attempt.fix]
        name = f"{attempt.fix} of {attempt.resource}"
        landed = fix.landed(self._facts, attempt)
        if landed is Landed.YES:
            return self._applied(attempt, fix, Change("", fix.left(self._facts)))
        if landed is Landed.NO and attempt.tries < MOST_TRIES:
            return self._decide_again(attempt, fix)
        if landed is Landed.TOO_EARLY:
            return self._conclude(
                Wait(f"the answer of {name} is not known yet; the world is asked again in a minute")
            )
        if landed is Landed.UNREADABLE:
            blind = Wait(f"the answer of {name} is lost, and its target cannot be read", blind=True)
            by_hand = self._trigger.by_hand
            return self._conclude(rules.temper(blind, self._incident, by_hand=by_hand))
        why = f"{name} was called {attempt.tries} times and it cannot be proved whether it took effect"
        return self._conclude(Escalate(why, verdict=_about(attempt, Outcome.FAILED, landed.value)))

    def _decide_again(self, attempt: Attempt, fix: Fix) -> dict[str, Any]:
        """Decide as if the call had never been made: what was right minutes ago may be wrong by now."""
        before = replace(self._incident, attempts=self._incident.attempts[:-1], again=attempt)
        by_hand = self._trigger.by_hand
        self._facts, decision = self._kit.decide(self._facts, before, by_hand=by_hand)
        wanted = (attempt.fix, attempt.undoes)
        if isinstance(decision, Apply) and (decision.fix, decision.undoes) == wanted:
            return self._again(decision, attempt, fix)
        name = f"{attempt.fix} of {attempt.resource}"
        if isinstance(decision, Wait) and decision.blind:
            return self._conclude(
                replace(decision, reason=f"{name} not applied; {decision.reason}")
            )
        why = f"{name} did not take effect and is not asked for any more: {decision.reason}"
        return self._conclude(Wait(why, verdict=_about(attempt, Outcome.REFUSED, why)))

    def _again(self, decision: Apply, attempt: Attempt, fix: Fix) -> dict[str, Any]:
        """Make the call of an intent whose call did not land; it was paid for with the intent."""
        answers = self._reread(fix, attempt.undoes)
        now = self._kit.clock.now()
        by_hand = self._trigger.by_hand
        refusal = self._kit.gate.refuse(
            fix, self._facts, answers, now, by_hand=by_hand, undo=bool(attempt.undoes)
        )
        if refusal:
            after = rules.after_refusal(decision, refusal, self._incident, now)
            if isinstance(after, Escalate):
                verdict = _about(attempt, Outcome.REFUSED, refusal.reason)
                after = replace(after, proposal=typed(decision, fix), verdict=verdict)
            return self._conclude(after, refusal)
        tried = again(attempt, now)
        incident = rules.with_last(self._incident, tried)
        if self._intend(incident, tried, (), now) is not None:
            raise TableError("a condition failed in a transaction that has none of its own")
        return self._call(tried, fix)

    def _reread(self, fix: Fix, undoes: str) -> dict[str, Any]:
        """Read what the gate needs right before the write; for an undo, with what it takes back."""
        answers = self._kit.side_by_side(self._kit.gate.rereads(fix, self._facts))
        taken_back = self._incident.attempt(undoes)
        return {**answers, UNDOES: taken_back} if taken_back else answers

    def _apply(self, decision: Apply) -> dict[str, Any]:
        fix = self._kit.scenario.fixes[decision.fix]
        gate = self._kit.gate
        answers = self._reread(fix, decision.undoes)
        now = self._kit.clock.now()
        by_hand, undo = self._trigger.by_hand, bool(decision.undoes)
        refusal = gate.refuse(fix, self._facts, answers, now, by_hand=by_hand, undo=undo)
        if refusal:
            return self._refused(decision, refusal, fix)
        taken = gate.spend(fix, answers, self._incident, now, by_hand=by_hand, undo=undo)
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
        seen = self._facts.seen()
        line = record.line(self._trigger, self._facts, seen, now, "Apply", attempt.reason)
        written = self._kit.incidents.write(
            incident,
            claimed_until=now + CLAIM,
            next_look_at=now + CLAIM,
            record={**line, **record.intent(attempt)},
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
            verdict = _about(attempt, Outcome.FAILED, code)
            return self._conclude(Escalate(why, typed(attempt, fix), verdict))
        except BotoCoreError as error:
            kind = type(error).__name__
            return self._conclude(Wait(f"{lost} ({kind}); looking whether it took effect"))
        except FixError as error:
            if error.lost:
                return self._conclude(Wait(f"{lost} ({error}); looking whether it took effect"))
            # What a person has to do comes first: long sentences are cut where they are shown.
            why = f"{fix.name} was refused: {error}; {attempt.reason}"
            verdict = _about(attempt, Outcome.FAILED, str(error))
            return self._conclude(Escalate(why, typed(attempt, fix), verdict))
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
        # Held only once it is written: else a look that breaks meanwhile would keep the fix, and not its
        # ledger entry and its message.
        after = rules.with_last(self._incident, done)
        command, undo = typed(attempt, fix), attempt.undo or fix.undo
        also: list[Mapping[str, Any]] = []
        if done.undoes:
            after = rules.close(after, done.undoes, Outcome.UNDONE, now)
            also.append(ledger.close(done.undoes))
        elif fix.keep:
            also.append(ledger.entry(after, done, keep=fix.keep, command=command, revert=undo))
        message = self._kit.teller.applied(after, done, command, undo, self._facts.seen(), now)
        waiting = Wait(f"{attempt.fix} applied: {attempt.reason}")
        return self._write(after, waiting, [message], now, changed=done, also=also)

    def _refused(self, decision: Apply, refusal: Refusal, fix: Fix) -> dict[str, Any]:
        now = self._kit.clock.now()
        if decision.undoes and refusal.code == "superseded":
            return self._superseded(decision.undoes, refusal, now)
        after = rules.after_refusal(decision, refusal, self._incident, now)
        if isinstance(after, Escalate) and self._incident.status is Status.ESCALATED:
            after = Wait(after.reason, rules.ESCALATED_SECONDS)  # a person has been paged already
        elif isinstance(after, Escalate):
            after = replace(after, proposal=typed(decision, fix))
        return self._conclude(after, refusal)

    def _superseded(self, intent_id: str, refusal: Refusal, now: datetime) -> dict[str, Any]:
        """Leave what somebody else has changed since; the entry is closed and people are told."""
        after = rules.close(self._incident, intent_id, Outcome.SUPERSEDED, now)
        decision = Wait(f"not undone: {refusal.reason}")
        message = self._kit.teller.superseded(after, decision, self._facts.seen(), now)
        return self._write(
            after, decision, [message], now, refusal=refusal, also=[ledger.close(intent_id)]
        )

    def _conclude(self, decision: Decision, refusal: Refusal | None = None) -> dict[str, Any]:
        """Write a decision that changes nothing in the world, with its messages."""
        now = self._kit.clock.now()
        refused = refusal is not None and refusal.code != EXPLAINED
        after = rules.conclude(self._incident, decision, now, refused=refused)
        messages = self._messages(after, decision, now)
        if isinstance(decision, Escalate):
            page = messages[0]
            after = replace(after, page={"subject": page.subject, "body": page.body})
        also: list[Mapping[str, Any]] = []
        if isinstance(decision, HandOver):
            also.append(incidents.open_other(decision.scenario, decision.target, now))
        if isinstance(decision, Resolve):
            also.append(put(postmortem.due(after, now)))
        answer = self._write(after, decision, messages, now, refusal=refusal, also=also)
        if isinstance(decision, HandOver) and self._kit.events is not None:
            environment = self._kit.teller.environment
            bus.hurry(self._kit.events, environment, decision.scenario, decision.target)
        return answer

    def _messages(self, after: Incident, decision: Decision, now: datetime) -> list[Message]:
        teller, seen = self._kit.teller, self._facts.seen()
        verdict = getattr(decision, "verdict", None)
        messages: list[Message] = []
        if isinstance(decision, Escalate):
            messages.append(teller.page(after, decision, seen, now))
        elif worth_an_update(self._incident, decision):
            caveat = self._kit.scenario.caveat
            notes = (caveat,) if verdict and caveat else ()
            messages.append(teller.ended(after, decision, notes, seen, now))
        judged = self._incident.unverified or after.last
        if judged and rules.recurring(judged, verdict, now):
            messages.append(teller.recurring(after, judged, seen, now))
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
        also: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        rows = [row(message, now) for message in messages]
        name, seen = type(decision).__name__, self._facts.seen()
        line = record.line(self._trigger, self._facts, seen, now, name, decision.reason)
        done = record.done(refusal, changed, getattr(decision, "verdict", None))
        write = partial(
            self._kit.incidents.write,
            after,
            claimed_until=now,
            next_look_at=rules.next_look(decision, after, now),
            record={**line, **done},
        )
        puts = [*(put(one) for one in rows), *also, *self._verdict_writes(decision, now)]
        written = write(also=[*puts, *self._releases(decision)], token=_token())
        if isinstance(written, Conflict):
            # The occupancy ran out and is another incident's by now: there is nothing to release.
            written = write(also=puts, token=_token())
        if isinstance(written, Conflict):
            raise TableError("a condition failed in a transaction that has none of its own")
        self._incident = written
        unsent = [why for why in map(self._kit.outbox.send, rows) if why]
        return record.answer(written, decision, seen, now, refusal, changed, unsent)

    def _releases(self, decision: Decision) -> list[Mapping[str, Any]]:
        """Free what the judged fixes occupy."""
        verdict = getattr(decision, "verdict", None)
        if verdict is None:
            return []
        incident = self._incident
        judged = incident.judged_by(verdict)
        unsettled = {
            one.resource for one in incident.attempts if one.waits_for_verdict and one not in judged
        }
        free = sorted({one.resource for one in judged} - unsettled)
        return [limits.release(resource, incident.id) for resource in free]

    def _verdict_writes(self, decision: Decision, now: datetime) -> list[Mapping[str, Any]]:
        """Close what is somebody else's by now; remember the fixes that helped."""
        verdict = getattr(decision, "verdict", None)
        if verdict is None:
            return []
        judged = self._incident.judged_by(verdict)
        if verdict.outcome is Outcome.SUPERSEDED:  # nothing of ours is left to adopt or revert
            return [ledger.close(one.intent_id) for one in judged]
        if verdict.outcome is Outcome.VERIFIED:
            helped = sorted({(one.resource, one.fix) for one in judged})
            return [limits.mark_verified(resource, fix, now) for resource, fix in helped]
        return []
