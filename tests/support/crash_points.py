"""A look of the scenarios B to E is ended before or after each of its AWS calls; how does the night end?

The calls are found by recording one undisturbed look. Where two ends leave the same world behind, the rest
of the night is played once: nothing else decides how it goes on.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chapter_night import ChapterNight
from chapter_stage import ChapterStage
from compare import _QUOTES, _decided, _limits, _told, _words, copies
from disturb import At, How

Finish = Callable[[Any], None]


@dataclass(frozen=True)
class End:
    """How a night ended.

    Attributes:
        state: what two nights must have in common at their end.
        several: messages that were sent under more than one dedup id.
    """

    state: dict[str, Any]
    several: dict[str, set[str]]


@dataclass
class CrashPoints:
    """One moment of a scenario's night, disturbed in turn.

    Args:
        moment: whose look is disturbed.
        finish: plays the night from there to its end.
    """

    moment: str
    finish: Finish
    _known: dict[str, End] = field(default_factory=dict)

    def undisturbed(self, night: ChapterNight) -> tuple[list[str], End]:
        """Return the names of the look's calls in their order, and how the night ends."""
        counting = At(actor=night.stage.name)
        end = self._end(night, counting)
        return counting.names, end

    def ends(self, night: ChapterNight, how: How) -> Iterator[tuple[str, End]]:
        """Disturb each call in turn; give what was done, and how the night ended."""
        names, _ = self.undisturbed(night)
        for number, name in enumerate(names):
            at = At(number, how, actor=night.stage.name)
            yield f"{self.moment}, call {number} ({name}) {how}", self._end(night, at)

    def _end(self, night: ChapterNight, at: At) -> End:
        night.to(self.moment)
        at.install(night.stage.hooks)
        night.minute()
        night.stage.calm()
        left = _fingerprint(night)
        if left not in self._known:
            self.finish(night)
            # What a dead look left in the outbox is its own to send for a minute; then comes patrol.
            for _ in range(4):
                if night.stage.outbox() or night.stage.drafts_due():
                    night.minute()
            self._known[left] = End(end_state(night.stage), _several(night.stage))
        return self._known[left]


def end_state(stage: ChapterStage) -> dict[str, Any]:
    """Return the end of a night, fit to be compared with another one's."""
    incident = stage.incident()
    return {
        "incident": {name: incident.get(name) for name in ("status", "open", "blind_looks")},
        "attempts": stage.outcomes(),
        "intents": len({one["intent"] for one in stage.records() if "intent" in one}),
        "decided": _decided(stage),
        "changes": stage.changes(),
        "world": stage.as_it_is(),
        "limits": _limits(stage),
        "ledger": stage.ledger(),
        "told": sorted({_words(f"{one['Subject']}\n{one['Message']}") for one in _told(stage)}),
        "unsent": [*stage.outbox(), *stage.drafts_due()],
        "dead letters": stage.dead_letters(),
    }


def _several(stage: ChapterStage) -> dict[str, set[str]]:
    return {subject: ids for subject, ids in copies(stage).items() if len(ids) > 1}


def _fingerprint(night: ChapterNight) -> str:
    """Return a digest of all that the rest of a night depends on: equal ones go on equally."""
    stage = night.stage
    kept = [
        [{name: item[name] for name in item if name not in _QUOTES} for item in stage.items()],
        stage.as_it_is(),
        [(one.operation, one.params.get("Subject")) for one in stage.effects],
        [one["detail"] for one in (*stage.bus, *night.again)],
        len(night.failed),
        stage.time,
    ]
    return hashlib.sha256(json.dumps(kept, default=str, sort_keys=True).encode()).hexdigest()
