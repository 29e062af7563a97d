"""One case as ``result.json`` has it, for the closing table and for whoever reads the file.

Evidence of the rehearsal itself: ``alarms``, ``fixes``, ``changes``, ``verified``, ``undone``, the tasks, the
messages that subscribers got, and every number of seconds.

What Nightshift says of itself, which proves nothing and decides nothing: ``decisions`` (what its looks
answered), ``ended``, ``refusals`` and ``superseded`` (what its records say).

``verified`` is: the critical alarm ended after the first fix (``seconds_to_verified``), or, where it had
ended before or never rang, the case's proofs hold at the end.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rehearsal.cases.case import Case, Evidence, Proof
from rehearsal.changes import Change, changes
from rehearsal.journal import read
from rehearsal.judge import Ended, transitions
from rehearsal.saas.saas import WORKER
from rehearsal.told import first_pages
from rehearsal.world import World

Line = dict[str, Any]

_SCALED = re.compile(r"scale (?P<what>\S+) to (?P<value>\d+)")
_DEPLOYED = re.compile(r"deploy \S+:(?P<value>\d+) to (?P<what>\S+)")
_SET = re.compile(r"set (?P<what>\S+) to (?P<value>\S+)")


def result_of(case: Case, folder: Path, ended: Ended, evidence: Evidence) -> dict[str, Any]:
    """Return the result of a case that came to its end."""
    fixes = changes(folder)
    mine = transitions(folder, case.alarm)
    verified_at = steady_at(mine, fixes, ended.broke_at)
    by_alarm = verified_at is not None
    by_proof = tells_nothing(mine, fixes, ended.broke_at) and _all_hold(
        case.expected.proofs, ended.world
    )
    return {
        "scenario": ended.scenario,
        "case": case.name,
        "broke": case.broke,
        "staged": case.staged,
        "alarms": [
            line["name"].split("/", 1)[-1]
            for line in read(folder, "alarms")
            if line["after"] == "ALARM"
        ],
        "decisions": _decisions(folder),
        "fixes": len(fixes),
        "changes": [one.text for one in fixes],
        "refusals": [one["refusal"]["reason"] for one in ended.records if "refusal" in one],
        "verified": (by_alarm or by_proof) and ended.depth == 0,
        "undone": undone(fixes),
        "superseded": sum(_is_superseded(one) for one in ended.records),
        "ended": ended_as(ended.records, ended.scenario),
        **_messages(folder),
        "tasks_sent": ended.sent,
        "tasks_done": len(set(ended.done)),
        "tasks": _tasks(case, folder, ended),
        "seconds_to_fix": _seconds(ended.broke_at, fixes[0].at if fixes else None),
        "seconds_to_verified": _seconds(ended.broke_at, verified_at),
        "ok": evidence.ok,
        "why": evidence.why,
    }


def steady_at(mine: Sequence[Line], fixes: Sequence[Change], broke_at: str) -> str | None:
    """Return when the critical alarm, which rang since the break, became OK for good after the first fix.

    None where that did not happen; so also where the alarm was OK before the fix: then it proves nothing.
    """
    if not fixes or not _rang(mine, broke_at):
        return None
    last = mine[-1]
    over = (last["before"], last["after"]) == ("ALARM", "OK") and last["at"] >= fixes[0].at
    return str(last["at"]) if over else None


def tells_nothing(mine: Sequence[Line], fixes: Sequence[Change], broke_at: str) -> bool:
    """Say whether there was a fix of which the alarm cannot tell: it never rang, or was OK before."""
    if not fixes or not _rang(mine, broke_at):
        return bool(fixes)
    return bool(mine[-1]["after"] == "OK" and mine[-1]["at"] < fixes[0].at)


def _rang(mine: Sequence[Line], broke_at: str) -> bool:
    return any(one["after"] == "ALARM" and one["at"] >= broke_at for one in mine)


def _all_hold(proofs: Sequence[Proof], world: World | None) -> bool:
    return bool(proofs) and world is not None and not any(proof(world) for proof in proofs)


def undone(fixes: Sequence[Change]) -> int:
    """Count the changes that take back one before: a count raised again, another value, another revision."""
    ours: dict[tuple[str, str], str] = {}
    found = 0
    for one in fixes:
        for kind in (_SCALED, _DEPLOYED, _SET):
            for match in kind.finditer(one.text):
                key, value = (kind.pattern, match["what"]), match["value"]
                found += key in ours and _takes_back(kind, ours[key], value)
                ours[key] = value
    return found


def _takes_back(kind: re.Pattern[str], ours: str, value: str) -> bool:
    return int(value) > int(ours) if kind is _SCALED else value != ours


def _decisions(folder: Path) -> list[str]:
    """Return what the looks answered, and nothing of what other functions did."""
    answers = [line.get("answer") for line in read(folder, "invocations") if line["ok"]]
    return [one["decided"] for one in answers if isinstance(one, dict) and "decided" in one]


def ended_as(records: Sequence[Mapping[str, Any]], scenario: str) -> str:
    """Return who has the case's incident at the end: nobody any more, a person, or Nightshift, which waits.

    Args:
        records: oldest first.
        scenario: of the case; nothing is returned where it has no incident.
    """
    found = ""
    for one in records:
        if not one["pk"].startswith(f"record#{scenario}-") or "decided" not in one:
            continue
        stays = "paged" if found == "paged" else "waits"
        found = {"Resolve": "resolved", "Escalate": "paged"}.get(one["decided"], stays)
    return found


def _tasks(case: Case, folder: Path, ended: Ended) -> str:
    """Return how many tasks ran; nothing where there is no worker, or Redis lost their list."""
    starts = [
        one
        for one in read(folder, "processes")
        if (one["name"], one["event"]) == ("redis", "start")
    ]
    counted = WORKER in case.parts and len(starts) < 2  # started once more, it is empty
    return f"{len(set(ended.done))} of {ended.sent}" if counted else ""


def _messages(folder: Path) -> dict[str, list[str]]:
    lines = read(folder, "messages")
    pages = [one["subject"] for one in first_pages(lines)]
    found: dict[str, list[str]] = {"pages": pages, "updates": [], "second_path": []}
    for line in lines:
        subject = line["subject"]
        if line["topic"].endswith("-updates"):
            found["updates"].append(subject)
        elif line["topic"].endswith("-second-path") and subject.startswith("ALARM"):
            found["second_path"].append(subject)
    return found


def _is_superseded(record: dict[str, Any]) -> bool:
    """Say whether this entry closed a fix as somebody else's by now: instead of an undo, or of a verdict."""
    if record.get("refusal", {}).get("code") == "superseded":
        return True
    return bool(record.get("verdict", {}).get("outcome") == "SUPERSEDED")


def _seconds(since: str, until: str | None) -> int | None:
    if until is None:
        return None
    return int((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())
