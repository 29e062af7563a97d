"""The runbook's Quick Diagnostics as one report: every source side by side, in short lines.

Each source is on its own: it has its own time limit, and one that fails or hangs becomes a line that says
so, beside what the others answered. What comes from the world is data: it is cut and made printable.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from threading import Thread
from typing import Any

from runbook.aws import Aws
from runbook.checks.reading import ask
from runbook.errors import NightshiftError
from runbook.model import Unknown
from runbook.sources import Lines, Settings, Source, sources
from runbook.tell import quote

SOURCE_SECONDS = 15.0
"""For each source: 19 of them, 10 at once, are two rounds, and a function has 60 s."""
WIDEST = 160
"""Characters of a line where the report has to be short; in a message it has all of them."""
_ODD = (LookupError, TypeError, ValueError, AttributeError)
"""What code trips over when an answer has another shape than it ever had."""

Sections = dict[str, Lines]


def read(
    aws: Aws, settings: Settings, now: datetime, *, seconds: float = SOURCE_SECONDS
) -> Sections:
    """Ask every source, and return what each says in lines, in the order in which a person reads them.

    Args:
        aws: clients.
        settings: what is diagnosed.
        now: the end of the 30 min.
        seconds: how long one source may take.
    """
    asked = sources(aws, settings, now)
    slowest_first = sorted(asked, key=lambda name: not name.endswith((" log", " errors")))
    calls = {name: partial(_within, seconds, name, asked[name]) for name in slowest_first}
    answers = aws.side_by_side(calls)
    return {name: answers[name] for name in asked}


def _within(seconds: float, name: str, source: Source) -> Lines:
    """Return a source's lines, or the one that says why there are none.

    A source that is late goes on in its thread, which ends with its client's own time limits.
    """
    answers: list[Lines | Unknown] = []
    thread = Thread(target=lambda: answers.append(_isolated(name, source)), daemon=True)
    thread.start()
    thread.join(seconds)
    found = answers[0] if answers else Unknown(f"{name}: no answer within {seconds:g} s")
    if isinstance(found, Unknown):
        return (quote(f"unknown: {found.why}"),)
    return tuple(quote(line) for line in found)


def _isolated(name: str, source: Source) -> Lines | Unknown:
    try:
        return ask(name, source)
    except NightshiftError as error:
        return Unknown(f"{name}: {error}")
    except _ODD as error:
        kind = type(error).__name__
        return Unknown(f"{name}: the answer cannot be understood ({kind}: {error})")


def text(sections: Mapping[str, Sequence[str]]) -> str:
    """Return the report as plain text: a heading, and its lines below it."""
    return "\n".join(
        line for name, lines in sections.items() for line in (name, *(f"  {one}" for one in lines))
    )


def size(answer: Mapping[str, Any]) -> int:
    """Return how many bytes an answer has as Lambda writes it."""
    return len(json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def fit(sections: Mapping[str, Sequence[str]], most_bytes: int) -> dict[str, list[str]]:
    """Return the report cut until it fits: first the last lines of the longest sections, then all lines.

    Args:
        sections: lines by heading.
        most_bytes: of JSON.
    """
    found = {name: list(lines) for name, lines in sections.items()}
    width, dropped = WIDEST, 0
    while True:
        cut = {name: [line[:width] for line in lines] for name, lines in found.items()}
        if dropped:
            cut["left out"] = [f"{dropped} lines: read the sources themselves, or send the report"]
        longest = max(found, key=lambda name: len(found[name]))
        if size(cut) <= most_bytes or width == 0:
            return cut
        if len(found[longest]) > 1:
            found[longest].pop()
            dropped += 1
        else:
            width //= 2
