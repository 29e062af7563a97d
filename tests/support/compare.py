"""What two nights must have in common at their end, whatever disturbed one of them in between.

Not compared: ids, times, numbers that grow by the minute, and looks that changed nothing.
"""

import hashlib
import json
import re
from collections import Counter
from typing import Any

from night import Night
from stage import Stage

_SHOWN = ("Why", "Did", "Undo", "Done", "Next", "Note")
"""Lines of a message; the others quote the moment."""
_QUOTES = ("event_id", "facts", "seen", "why", "page", "body")
"""Attributes of items that hold what was seen at a moment, as text."""


def end_state(stage: Stage) -> dict[str, Any]:
    """Return the end of a night, fit to be compared with another one's."""
    incident = stage.incident()
    return {
        "incident": {name: incident.get(name) for name in ("status", "open", "blind_looks")},
        "attempts": [(one["fix"], one["resource"], one["outcome"]) for one in incident["attempts"]],
        "intents": len({one["intent"] for one in stage.records() if "intent" in one}),
        "decided": _decided(stage),
        "redeploys": stage.redeploys(),
        "world": _world(stage),
        "limits": _limits(stage),
        "told": sorted({_words(f"{one['Subject']}\n{one['Message']}") for one in _told(stage)}),
        "unsent": [*stage.outbox(), *stage.drafts_due()],
        "dead letters": stage.dead_letters(),
    }


def _decided(stage: Stage) -> list[str]:
    """Return what the records say was changed or ended, in order, each once."""
    lines = [
        " ".join(str(record.get(name, "")) for name in ("decided", "outcome"))
        for record in stage.records()
        if record["decided"] != "Wait" or "outcome" in record
    ]
    return list(dict.fromkeys(lines))


def _world(stage: Stage) -> dict[str, Any]:
    ecs = stage.ecs
    return {
        "deployments": [one["rolloutState"] for one in ecs.deployments],
        "running": len(ecs.running()),
        "stopped": dict(Counter(task.get("stopCode", "") for task in ecs.tasks)),
        "alarm": stage.alarm_state(),
    }


def _limits(stage: Stage) -> dict[str, Any]:
    return {
        item["pk"]: (len(item.get("spent_at", [])), bool(item.get("verified_at")))
        for item in stage.items()
        if item["pk"].startswith(("budget#", "cooldown#", "occupancy#", "ledger"))
    }


def _told(stage: Stage) -> list[dict[str, Any]]:
    return [*stage.pages(), *stage.updates()]


def _words(message: str) -> str:
    lines = message.split("\n")
    shown = [line for line in lines[1:] if line.startswith(_SHOWN)]
    text = re.sub(r"\(request [^)]*\)", "(request)", "\n".join([lines[0], *shown]))
    return re.sub(r"\d[\d.:]*", "#", text)


def copies(stage: Stage) -> dict[str, set[str]]:
    """Return the dedup ids under which each message was sent: more than one id is a second message."""
    found: dict[str, set[str]] = {}
    for one in _told(stage):
        dedup = one["MessageAttributes"]["dedup"]["StringValue"]
        found.setdefault(_words(one["Subject"]), set()).add(dedup)
    return found


def fingerprint(stage: Stage, night: Night) -> str:
    """Return a digest of all that the rest of a night depends on: equal ones go on equally.

    What records and messages quote is left out: nothing reads it again.
    """
    kept = [
        [{name: item[name] for name in item if name not in _QUOTES} for item in stage.items()],
        stage.ecs.state(),
        [(one.operation, one.params.get("Subject")) for one in stage.effects],
        [one["detail"] for one in stage.bus],
        [one["detail"] for one in night.again],
        len(night.failed),
        stage.time,
    ]
    return hashlib.sha256(json.dumps(kept, default=str, sort_keys=True).encode()).hexdigest()
