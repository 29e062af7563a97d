"""One report for one request: short enough for the console's result pane, in full when it is sent."""

import uuid
from dataclasses import dataclass
from typing import Any

from diagnose.request import parse
from runbook import report
from runbook.aws import Aws
from runbook.clock import Clock, to_text
from runbook.errors import TableError, TriggerError
from runbook.outbox import Message, Outbox, row
from runbook.sources import Settings
from runbook.table import put
from runbook.tell import quote

MOST_BYTES = 6000
"""Of an answer: what the console's result pane shows without scrolling for long."""


@dataclass(frozen=True)
class Diagnose:
    """Answers requests.

    Attributes:
        aws: clients.
        settings: what is diagnosed.
        outbox: sends the report, where that was asked for.
        clock: the time.
    """

    aws: Aws
    settings: Settings
    outbox: Outbox
    clock: Clock

    def answer(self, event: object) -> dict[str, Any]:
        """Return the report, or why the request is refused. Never raises for what AWS answers."""
        try:
            request = parse(event)
        except TriggerError as error:
            return {"refused": str(error)}
        now = self.clock.now()
        head = {
            "diagnosed": f"{self.settings.environment}, {now:%Y-%m-%d %H:%M} UTC and 30 min before",
            "why": quote(f"by hand: {request.reason}")[: report.WIDEST],
        }
        sections = report.read(self.aws, self.settings, now)
        sent = self._send(head, sections) if request.send else "no"
        tail = {"sent": sent[: report.WIDEST]}
        rest = MOST_BYTES - report.size({**head, **tail})
        return {**head, **report.fit(sections, rest), **tail}

    def _send(self, head: dict[str, str], sections: report.Sections) -> str:
        """Write the report as an update and send it; patrol sends what could not be sent now."""
        now, environment = self.clock.now(), self.settings.environment
        message = Message(
            kind="update",
            subject=f"[{environment}] diagnose: {head['why']}",
            body="\n".join(
                [*(f"{key}: {said}" for key, said in head.items()), "", report.text(sections), ""]
            ),
            scenario="diagnose",
            incident="none",
            dedup=f"diagnose-{to_text(now)}-{uuid.uuid4().hex[:8]}",
        )
        item = row(message, now)
        try:
            self.outbox.table.write_all([put(item)], str(uuid.uuid4()))
        except TableError as error:
            return f"no: {error}"
        why = self.outbox.send(item)
        return f"later, by patrol: {why}" if why else "as an update"
