"""One answer to one request, and second looks at what requests have started.

A request is previewed first. What would be refused is answered and leaves no trace; only what can be done
opens an incident, and only exactly that is done. Second looks verify and end it; they pass no gate::

    request ─► preview ─► dry run, or nothing to be done: the answer
                     └──► look: claim, decide, gate, intent, call, record
    patrol ────────────► look: judge, end, page; never a call
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rollback.part import Part
from rollback.parts import parts_of
from rollback.request import Request, is_event, parse, second_look
from rollback.settings import Settings
from runbook import kit
from runbook.aws import Aws
from runbook.clock import Clock
from runbook.errors import TriggerError
from runbook.function import Refuser, logger, looked
from runbook.held import typed
from runbook.look import preview
from runbook.model import Apply, Decision, Incident, Wait
from runbook.scenario import Kit
from runbook.trigger import Trigger

NOBODY_ASKED = "only a person's request starts a rollback, and this look has none: ask again"


@dataclass(frozen=True)
class RollBack:
    """Answers requests and second looks.

    Attributes:
        aws: clients.
        settings: names.
        clock: the time.
    """

    aws: Aws
    settings: Settings
    clock: Clock

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """What can be rolled back, by name."""
        return parts_of(self.settings, self.aws)

    def answer(self, event: object) -> dict[str, Any]:
        """Return what was done, or why nothing was."""
        if isinstance(event, Mapping) and is_event(event):
            return self._look_again(event)
        try:
            request = parse(event, self.parts)
        except TriggerError as error:
            logger.warning("refused a request", why=str(error))
            return {"refused": str(error)}
        return self._requested(request)

    def _requested(self, request: Request) -> dict[str, Any]:
        part = request.part
        asked = self._kit(part, request.wish)
        head = {"part": part.name, "dry_run": request.dry_run}
        tail = {"undone_by": part.undone_by}
        would = preview(asked)
        if request.dry_run:
            return {**head, **would, **tail}
        if would["would_change"] == "nothing":
            why = would.pop("refusal", would["why"])
            logger.warning("refused a request", part=part.name, why=why)
            return {**head, "refused": why, **would, **tail}
        why = f"by hand: {request.reason}"
        trigger = Trigger("request", why, by_hand=True, apply=True)
        only = _only(asked, would["would_change"])
        return {**head, **looked(trigger, only, self.settings.environment), **tail}

    def _look_again(self, event: Mapping[str, Any]) -> dict[str, Any]:
        try:
            part, trigger = second_look(event, self.settings, self.parts)
        except TriggerError as error:
            logger.warning("refused an event", why=str(error))
            Refuser(self.aws.reader("sqs"), self.settings).keep(event, str(error))
            return {"refused": str(error)}
        watching = self._kit(part, None)
        watching = replace(watching, gate=replace(watching.gate, closed=NOBODY_ASKED))
        return looked(trigger, watching, self.settings.environment)

    def _kit(self, part: Part, wish: Any) -> Kit[Any]:
        return kit.make(self.settings, self.aws, self.clock, part.scenario(wish))


def _only(asked: Kit[Any], previewed: str) -> Kit[Any]:
    """Return the kit of a look that does what was previewed or nothing: somebody may have acted meanwhile."""
    scenario = asked.scenario

    def decide(facts: Any, incident: Incident) -> Decision:
        decision = scenario.decide(facts, incident)
        if not isinstance(decision, Apply):
            return decision
        if typed(decision, scenario.fixes[decision.fix]) == previewed:
            return decision
        return Wait(f"{scenario.target} is not as it was a moment ago: ask again")

    return replace(asked, scenario=replace(scenario, decide=decide))
