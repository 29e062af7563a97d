"""What people were told, and of which incidents: every page that came must be one that the case expects."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rehearsal.cases.case import Evidence, Expected, Page
from rehearsal.journal import read

AGAIN = ("-page_again_at-", "-overdue_page_at-")
"""How the ``dedup`` of a page is marked that patrol repeats until somebody acknowledges it."""

Line = Mapping[str, Any]


def judge_messages(evidence: Evidence, folder: Path, expected: Expected, broke_at: str) -> None:
    """Expect exactly the pages, and among the other messages since the break at least the texts."""
    lines = read(folder, "messages")
    pages = [one for one in first_pages(lines) if one["at"] >= broke_at]
    missing, needless = unmatched(expected.pages, pages)
    for page in missing:
        evidence.expect(False, nobody_says("page", page))
    early = [one for one in first_pages(lines) if one["at"] < broke_at]
    subjects = [one["subject"] for one in (*early, *needless)]
    evidence.expect(not subjects, f"paged without need: {subjects}")

    def since_the_break(topic: str) -> list[str]:
        return [_text(one) for one in _of(lines, topic) if one["at"] >= broke_at]

    updates = since_the_break("updates")
    _each(evidence, expected.updates, updates, "update")
    for text in expected.unsaid:
        evidence.expect(not any(text in one for one in updates), f"an update says {text!r}")
    alarms = [text for text in since_the_break("second-path") if text.startswith("ALARM")]
    _each(evidence, expected.second_path, alarms, "message on the second path")


def first_pages(lines: Iterable[Line]) -> list[Line]:
    """Return the pages without copies and repeats of one that came before.

    A copy has the same ``dedup``: SNS may deliver twice. A repeat is marked as one *and* says word for word
    what its first one said of the same incident. CloudWatch's own pages are never either.
    """
    found: list[Line] = []
    for one in _of(lines, "pages"):
        if not any(_says_again(one, before) for before in found):
            found.append(one)
    return found


def _says_again(one: Line, before: Line) -> bool:
    same = all(one.get(name) == before.get(name) for name in ("incident", "subject", "body"))
    dedup = one.get("dedup", "")
    marked = dedup == before.get("dedup") or any(mark in dedup for mark in AGAIN)
    return bool(dedup) and same and marked


def unmatched(wanted: Sequence[Page], found: Sequence[Line]) -> tuple[list[Page], list[Line]]:
    """Match pages one to one; return those that did not come, and those that nobody expects.

    Args:
        wanted: each takes the first page that has all its texts and that none before it took.
        found: pages, oldest first.
    """
    left, missing = list(found), []
    for page in wanted:
        taken = next((one for one in left if all(text in _text(one) for text in page)), None)
        if taken is None:
            missing.append(page)
        else:
            left.remove(taken)
    return missing, left


def nobody_says(kind: str, texts: Page) -> str:
    """Return the sentence about a message that did not come."""
    return f"no {kind} says {' and '.join(map(repr, texts))}"


def judge_incidents(
    evidence: Evidence, expected: Expected, scenario: str, records: Iterable[Line]
) -> None:
    """Expect one incident of the case's scenario at most, and of others exactly those that it names."""
    opened = sorted({one["pk"] for one in records})
    names = [pk.removeprefix("record#").split("-", 1)[0] for pk in opened]
    own = names.count(scenario)
    evidence.expect(own <= 1, f"{own} incidents of {scenario}, where one is open and joined")
    others = [name for name in names if name != scenario]
    wanted = sorted(expected.others)
    evidence.expect(others == wanted, f"incidents of other scenarios: {others}, expected {wanted}")


def judge_drafts(evidence: Evidence, drafts: Mapping[str, str], records: Iterable[Line]) -> None:
    """Expect a post-mortem draft of each incident that has ended, with all that was changed, and no other."""
    by_incident: dict[str, list[Line]] = {}
    for one in records:
        by_incident.setdefault(one["pk"].removeprefix("record#"), []).append(one)
    for name, lines in by_incident.items():
        if not any(one.get("decided") == "Resolve" for one in lines):
            evidence.expect(name not in drafts, f"a draft of {name}, which has not ended")
            continue
        text = drafts.get(name, "")
        evidence.expect(name in text, f"no post-mortem draft of {name}")
        changed = {one["intent"] for one in lines if "intent" in one}
        untold = sorted(one for one in changed if one not in text)
        evidence.expect(not text or not untold, f"the draft of {name} leaves out {untold}")
    foreign = sorted(drafts.keys() - by_incident.keys())
    evidence.expect(not foreign, f"drafts of incidents without a record: {foreign}")


def _of(lines: Iterable[Line], topic: str) -> list[Line]:
    return [one for one in lines if one["topic"].endswith(f"-{topic}")]


def _text(line: Line) -> str:
    return f"{line['subject']}\n{line['body']}"


def _each(evidence: Evidence, wanted: Iterable[str], found: list[str], kind: str) -> None:
    for text in wanted:
        evidence.expect(any(text in one for one in found), nobody_says(kind, (text,)))
