"""The draft of a post-mortem, from an incident's record alone: pure, and each line names its source.

What is not known is said to be not known; where nothing was written, a gap stands. A person completes it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from patrol.chapters import ALWAYS, CHAPTERS, UNKNOWN, Chapter
from patrol.markdown import block, code, shown
from patrol.timeline import Bad, Draft, Entry, Tried, beginnings, first_bad, gaps, stretches, tried
from runbook.bus import DUE, MISSED
from runbook.clock import from_text, whole_minutes
from runbook.model import Outcome

LATE = timedelta(minutes=5)
"""From the first bad datapoint to the first look: an alarm of 3 in 3 min needs 4."""
NO_RECORD = "no record of it is left"


def render(found: Draft) -> str:
    """Return the draft as Markdown."""
    done = tried(found.records)
    lines = [
        f"# Post-mortem draft: {shown(found.scenario)} on {shown(found.target)}",
        "",
        f"Incident {code(found.incident)}. Written from its record alone; a person completes it.",
        "All times are UTC. `record 000002` is that entry of:",
        "",
        (
            f"    aws dynamodb query --region {found.region} --table-name {found.table} "
            "--key-condition-expression 'pk = :i' "
            f"""--expression-attribute-values '{{":i":{{"S":"record#{found.incident}"}}}}'"""
        ),
    ]
    sections = {
        "Impact": _impact(found),
        "Timeline": _timeline(found),
        "Evidence": _evidence(found),
        "What was tried": _tried(found, done),
        "What a person still owes": [f"- {one}" for one in owed(found)],
        "Alarms that came late or were missing": _alarms(found),
    }
    for title, section in sections.items():
        lines += ["", f"## {title}", "", *(section or [f"- nothing: {NO_RECORD}"])]
    return "\n".join(lines) + "\n"


def _chapter(found: Draft) -> Chapter:
    return CHAPTERS.get(found.scenario, UNKNOWN)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _record(entry: Entry) -> str:
    return f"(record {entry.id})"


def _bad(found: Draft, entry: Entry) -> Bad | None:
    chapter = _chapter(found)
    return first_bad(entry, chapter.symptom, chapter.of, found.bad)


def _limit(found: Draft) -> str:
    chapter = _chapter(found)
    unit = f" % of {chapter.of}" if chapter.of else ""
    name = " + ".join(chapter.symptom)
    side = "at least" if "at_least" in found.bad else "below"
    value = next(iter(found.bad.values()), 0)
    return shown(f"{name} {side} {value:g}{unit}")


def _impact(found: Draft) -> list[str]:
    lines: list[str] = []
    for number, first in enumerate(beginnings(found.records)):
        last = _end(found.records, first)
        bad = _bad(found, first)
        begin = bad.since if bad else first.at
        again = "again " if number else ""
        if bad:
            before = " or before, all of the window was bad" if bad.whole else ""
            how = (
                f"first bad datapoint{before}: {_limit(found)}; metric window of record {first.id}"
            )
        else:
            how = f"first look, its facts show no bad datapoint; record {first.id}"
        lines.append(f"- {again}from {_at(begin)} ({how})")
        if last.ends:
            minutes = whole_minutes(last.at - begin)
            lines.append(f"- to {_at(last.at)}, {minutes} min (resolved; record {last.id})")
        else:
            lines.append(
                f"- to a moment that is not known (last look {_at(last.at)}; record {last.id})"
            )
        lines += [
            f"- {shown(name)} {when}: {shown(entry.seen.get(name, 'not seen'))} {_record(entry)}"
            for name in _chapter(found).shown
            for when, entry in (("at the first look", first), ("at the last", last))
        ]
    return lines


def _end(records: Sequence[Entry], first: Entry) -> Entry:
    """Return the look that ended what this one began, or the last there is."""
    since = records[records.index(first) :]
    return next((entry for entry in since if entry.ends), since[-1])


def _timeline(found: Draft) -> list[str]:
    missing = gaps(found.records)
    lines: list[str] = []
    for stretch in stretches(found.records):
        first, last = stretch[0], stretch[-1]
        if first.id in missing:
            since, until = missing[first.id]
            minutes = whole_minutes(until - since)
            lines.append(f"- **no record between {_at(since)} and {_at(until)}** ({minutes} min)")
        if len(stretch) == 1:
            lines.append(f"- {_at(first.at)} {_what(first)} (record {first.id}{_why_then(first)})")
        else:
            lines.append(
                f"- {_at(first.at)} to {last.at:%H:%M} {len(stretch)} looks that only waited, the last: "
                f"{shown(last.why)} (records {first.id} to {last.id}{_why_then(first)})"
            )
    if not found.whole:
        lines.append("- **the record is longer than a draft takes in: read the rest in the table**")
    return lines


def _what(entry: Entry) -> str:
    change = entry.change
    if not change:
        judged = f"{entry.verdict['outcome']}, then " if entry.verdict else ""
        return f"{judged}{entry.decided}: {shown(entry.why)}"
    name = shown(f"{change['fix']} of {change['resource']}")
    undo = " (takes back)" if change.get("undoes") else ""
    if "outcome" in change:
        return f"{change['outcome']}: {name}{undo}"
    return f"about to apply {name}{undo}: {shown(entry.why)}"


def _why_then(entry: Entry) -> str:
    """Return why there was a look, where it was not just due."""
    return "" if entry.trigger == f"patrol: {DUE}" else f"; {shown(entry.trigger)}"


def _evidence(found: Draft) -> list[str]:
    begun = [entry.id for entry in beginnings(found.records)]
    telling = [
        entry
        for entry in found.records
        if entry.id in begun or entry.ends or entry.decided in ("Apply", "Escalate", "HandOver")
    ]
    lines: list[str] = []
    for entry in telling:
        lines += [
            f"- {_at(entry.at)} seen by the look that decided {entry.decided} {_record(entry)}",
            *(f"  - {shown(name)}: {shown(value)}" for name, value in entry.seen.items()),
        ]
    return lines


def _tried(found: Draft, done: Sequence[Tried]) -> list[str]:
    lines: list[str] = []
    for one in done:
        back = f", takes back {code(one.undoes)}" if one.undoes else ""
        state = one.outcome or "answer not known"
        lines.append(
            f"- {shown(one.fix)} of {shown(one.resource)}: {state} (intent {code(one.intent)}{back})"
        )
        lines += [
            f"  - {_at(entry.at)} {shown(text)} {_record(entry)}" for entry, text in one.steps
        ]
    lines += [
        f"- {_at(entry.at)} not applied, {shown(entry.refusal['code'])}: "
        f"{shown(entry.refusal['reason'])} {_record(entry)}"
        for entry in found.records
        if entry.refusal
    ]
    if not lines and found.records:
        lines.append(
            f"- nothing was changed (records {found.records[0].id} to {found.records[-1].id})"
        )
    return lines


def owed(found: Draft) -> list[str]:
    """Return what stays with a person, one list item each, without its dash."""
    lines: list[str] = []
    for entry in found.ledger:
        lines += [
            f"adopt or revert {shown(entry['fix'])} of {shown(entry['resource'])} until "
            f"{_at(from_text(entry['due_at']))} (ledger {code(entry['sk'])}); to revert:\n\n"
            + "\n".join(block(entry["revert"]))
            + "\n"
        ]
    lines += [
        f"answer the page of {_at(entry.at)}: {shown(entry.why)} {_record(entry)}"
        for entry in found.records
        if entry.decided == "Escalate"
    ]
    done = tried(found.records)
    lines += [
        f"find out whether {shown(one.fix)} of {shown(one.resource)} took effect: its answer is not known "
        f"{_record(one.steps[-1][0])}"
        for one in done
        if not one.outcome
    ]
    applied = {one.fix for one in done if one.outcome not in ("", Outcome.FAILED, Outcome.REFUSED)}
    lines += [
        f"{shown(one.text)} (runbook, {shown(found.scenario)})"
        for one in _chapter(found).follow_ups
        if not one.after or one.after in applied
    ]
    return [*lines, *(f"{one} (runbook, after each incident)" for one in ALWAYS)]


def _alarms(found: Draft) -> list[str]:
    lines: list[str] = []
    for first in beginnings(found.records):
        lines.append(f"- {_at(first.at)} {_came(first)} {_record(first)}")
        bad = _bad(found, first)
        if bad is None:
            lines.append(
                "- how late it came cannot be told: the facts of the first look show no bad datapoint "
                f"{_record(first)}"
            )
            continue
        late = first.at - bad.since
        word = "**late**" if late > LATE else "in time"
        more = " or more" if bad.whole else ""
        lines.append(
            f"- {word}: {whole_minutes(late)} min{more} from the first bad datapoint of {_at(bad.since)} "
            f"to the first look ({_limit(found)}; metric window of record {first.id})"
        )
        lines.append(
            f"- alarms at that look: {shown(first.seen.get('alarms', 'not seen'))} {_record(first)}"
        )
    return lines


def _came(first: Entry) -> str:
    trigger = first.trigger
    if trigger == f"patrol: {MISSED}":
        return "**the alarm's event was lost**: patrol found it in ALARM and asked for the look"
    if trigger == f"patrol: {DUE}":
        return "**the first look left no record**: this one was due after it"
    if trigger.startswith("by hand"):
        return f"**a person was first**, no alarm had come: {shown(trigger)}"
    if trigger.startswith("alarm "):
        return f"the alarm came by itself: {shown(trigger)}"
    return f"no alarm was first, another event was: {shown(trigger)}"
