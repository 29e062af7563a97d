"""Pages and updates as plain text: what a person needs at 3 a.m., in the order of need.

What is seen comes from the world (stop reasons, names): it is data, made one printable line, never obeyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runbook.model import Attempt, Decision, Escalate, Incident, Outcome, Resolve, Status
from runbook.outbox import Message

MOST_QUOTE = 300
"""Characters of one line that came from the world."""


def quote(text: str) -> str:
    """Return text from the world as one printable line of at most 300 characters."""
    line = " ".join(text.split())
    printable = "".join(one if one.isprintable() else "?" for one in line)
    return printable if len(printable) <= MOST_QUOTE else printable[: MOST_QUOTE - 3] + "..."


@dataclass(frozen=True)
class Teller:
    """Writes the messages of one scenario.

    Attributes:
        environment: for example ``prod``.
        region: for the commands to type.
        table: where the record is.
        switch: the kill switch's parameter name.
    """

    environment: str
    region: str
    table: str
    switch: str

    def page(
        self, incident: Incident, decision: Escalate, seen: Mapping[str, str], now: datetime
    ) -> Message:
        """Say that a person is needed, why, and what to type next."""
        proposal = (
            decision.proposal or "nothing to type is known to help; look at the target yourself"
        )
        body = [
            f"{incident.scenario} on {incident.target}: a person is needed.",
            "",
            f"Why      {quote(decision.reason)}",
            f"Done     {self._done(incident)}",
            "Next     " + proposal.replace("\n", "\n         "),
            "",
            *self._foot(incident, seen, now),
        ]
        return self._message("page", incident, f"PAGE {quote(decision.reason)}", body)

    def applied(
        self,
        incident: Incident,
        attempt: Attempt,
        command: str,
        undo: str,
        seen: Mapping[str, str],
        now: datetime,
    ) -> Message:
        """Say that a fix was applied, and what comes now."""
        body = [
            f"{incident.scenario} on {incident.target}: {attempt.fix} applied; its effect is not proved yet.",
            "",
            f"Why      {quote(attempt.reason)}",
            f"Did      {command}  (request {attempt.request_id or 'id unknown'})",
            f"Undo     {undo}",
            "",
            *self._foot(incident, seen, now),
        ]
        return self._message("update", incident, f"{attempt.fix} applied", body)

    def ended(
        self,
        incident: Incident,
        decision: Decision,
        notes: tuple[str, ...],
        seen: Mapping[str, str],
        now: datetime,
    ) -> Message:
        """Say that a fix was proved or superseded, or that the incident is over."""
        subject, what = _end(decision)
        body = [
            f"{incident.scenario} on {incident.target}: {what}.",
            "",
            f"Why      {quote(decision.reason)}",
            f"Done     {self._done(incident)}",
            *(f"Note     {note}" for note in notes),
            "",
            *self._foot(incident, seen, now),
        ]
        return self._message("update", incident, subject, body)

    def superseded(
        self, incident: Incident, decision: Decision, seen: Mapping[str, str], now: datetime
    ) -> Message:
        """Say that a change of ours is not taken back, since somebody has changed the target since."""
        body = [
            f"{incident.scenario} on {incident.target}: our change was changed since; it is left as it is.",
            "",
            f"Why      {quote(decision.reason)}",
            f"Done     {self._done(incident)}",
            "",
            *self._foot(incident, seen, now),
        ]
        return self._message("update", incident, "superseded, not undone", body)

    def recurring(
        self, incident: Incident, attempt: Attempt, seen: Mapping[str, str], now: datetime
    ) -> Message:
        """Say that the same fix helped the same resource twice in a day: the cause is still there."""
        body = [
            (
                f"{incident.scenario} on {incident.target}: recurring. {attempt.fix} helped, for the second "
                "time within 24 h: the symptom is treated, the cause is not."
            ),
            "",
            *self._foot(incident, seen, now),
        ]
        return self._message(
            "page", incident, f"PAGE recurring: {attempt.fix} helped twice in 24 h", body
        )

    def _done(self, incident: Incident) -> str:
        if not incident.attempts:
            return "nothing was changed"
        return "; ".join(
            f"{one.fix} at {one.tried_at:%H:%M} UTC: {one.outcome or 'answer not known'}"
            for one in incident.attempts
        )

    def _foot(self, incident: Incident, seen: Mapping[str, str], now: datetime) -> list[str]:
        return [
            "Seen",
            *(f"  {name:<12} {quote(value)}" for name, value in seen.items()),
            "",
            (
                f"Incident {incident.id}, opened {incident.opened_at:%Y-%m-%d %H:%M} UTC, "
                f"{incident.triggers} trigger(s), now {now:%H:%M} UTC"
            ),
            (
                f"Record   aws dynamodb query --region {self.region} --table-name {self.table} "
                "--key-condition-expression 'pk = :i' "
                f"""--expression-attribute-values '{{":i":{{"S":"record#{incident.id}"}}}}'"""
            ),
            (
                f"Stop all aws ssm put-parameter --region {self.region} --name {self.switch} "
                "--value off --overwrite"
            ),
        ]

    def _message(
        self, kind: Literal["page", "update"], incident: Incident, subject: str, body: list[str]
    ) -> Message:
        return Message(
            kind=kind,
            subject=f"[{self.environment}] {incident.scenario} {incident.target}: {subject}",
            body="\n".join(body) + "\n",
            scenario=incident.scenario,
            incident=incident.id,
            dedup=f"{incident.id}-{incident.version + 1:06}-{kind}",
        )


def _end(decision: Decision) -> tuple[str, str]:
    """Return how the subject and the first line name what has ended."""
    if isinstance(decision, Resolve):
        return "resolved", "resolved"
    verdict = getattr(decision, "verdict", None)
    if verdict is not None and verdict.outcome is Outcome.SUPERSEDED:
        return (
            "fix superseded",
            "the world has changed since the fix: it is neither judged nor repeated",
        )
    return "fix verified", "the fix is verified; watching until the symptom is gone"


def worth_an_update(incident: Incident, decision: Decision) -> bool:
    """Say whether a decision that pages nobody is news: an end, or a fix that is now proved."""
    if isinstance(decision, Resolve):
        return bool(incident.attempts) or incident.status is not Status.OPEN or bool(incident.page)
    verdict = getattr(decision, "verdict", None)
    return verdict is not None and verdict.outcome in (Outcome.VERIFIED, Outcome.SUPERSEDED)
