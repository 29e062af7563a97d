"""One look: claim, check, decide, gate, intent, act, record. The one pipeline of every scenario.

::

    claim ─┐
    checks ┴► decide ─► switch, mode, target, limits ─► intent ─► call ─► record + messages ─► send
    1 round trip        1 round trip                    1         1       1                    1

A look changes the users' systems at most once. Whatever happens, its claim runs out and patrol gives
the incident another look, which finds the intent. What a look does once it holds the claim is in
``held.py``.
"""

from functools import partial
from typing import Any

from runbook.errors import TableError
from runbook.gate import UNDOES, Fix, Refusal
from runbook.held import Held, page_directly, typed
from runbook.incidents import Joined
from runbook.model import Apply, Incident
from runbook.scenario import F, Kit, NoFacts
from runbook.trigger import Trigger


def look(kit: Kit[F], trigger: Trigger) -> dict[str, Any]:
    """Look once, and answer what was seen, decided and done.

    Raises:
        TableError: nothing could be claimed or written down; a page was sent directly.
    """
    if trigger.by_hand and not trigger.apply:
        return preview(kit)
    now = kit.clock.now()
    name, target = kit.scenario.name, kit.scenario.target
    claim = partial(kit.incidents.claim, name, target, trigger.asking, now)
    try:
        answers = kit.side_by_side({"claim": claim, **kit.scenario.reads(now)})
    except TableError as error:
        page_directly(kit, f"the table cannot be reached, nothing was changed: {error}", now)
        raise
    claimed: Incident | Joined = answers.pop("claim")
    if isinstance(claimed, Joined):
        return {"incident": claimed.incident_id, "decided": "joined", "why": claimed.why}
    held: Held[Any] = Held(kit, trigger, NoFacts(now), claimed)
    try:
        held = Held(kit, trigger, kit.scenario.facts(now, answers), claimed)
        return held.proceed()
    except Exception as error:  # the one broad except: whatever broke, it is told and raised
        held.give_up(error)
        raise


def preview(kit: Kit[F]) -> dict[str, Any]:
    """Say what is seen and would be done by hand; write nothing anywhere."""
    now = kit.clock.now()
    read = partial(kit.incidents.read, kit.scenario.name, kit.scenario.target, now)
    answers = kit.side_by_side({"incident": read, **kit.scenario.reads(now)})
    incident: Incident = answers.pop("incident")
    facts = kit.scenario.facts(now, answers)
    facts, decision = kit.decide(facts, incident, by_hand=True)
    answer: dict[str, Any] = {
        "incident": incident.id if incident.version else "none is open",
        "seen": facts.seen(),
        "decided": type(decision).__name__,
        "why": decision.reason,
        "would_change": "nothing",
    }
    if not isinstance(decision, Apply):
        return answer
    fix = kit.scenario.fixes[decision.fix]
    refusal = _would_refuse(kit, fix, facts, incident, decision.undoes)
    if refusal:
        return {**answer, "refusal": refusal.reason}
    return {**answer, "would_change": typed(decision, fix), "undo": decision.undo or fix.undo}


def _would_refuse(
    kit: Kit[F], fix: Fix, facts: F, incident: Incident, undoes: str
) -> Refusal | None:
    answers = {
        **kit.side_by_side(kit.gate.rereads(fix, facts)),
        UNDOES: incident.attempt(undoes),
    }
    now, undo = kit.clock.now(), bool(undoes)
    refusal = kit.gate.refuse(fix, facts, answers, now, by_hand=True, undo=undo)
    if refusal:
        return refusal
    spent = kit.gate.spend(fix, answers, incident, now, by_hand=True, undo=undo)
    return spent if isinstance(spent, Refusal) else None
