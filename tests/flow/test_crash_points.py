"""A look is disturbed at each of its AWS calls in turn; the night's end is the same.

The calls are found by recording one undisturbed look. A process that ended is followed by what follows in
AWS: Lambda tries once more, patrol asks for a look when the claim has run out. Where two disturbances
leave the same world behind, the rest of the night is played once: nothing else decides how it goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from compare import copies, end_state, fingerprint
from disturb import At, How
from night import MOMENTS, Night

END = dict.fromkeys(MOMENTS, "resolved") | {"no help": "escalated"}


@dataclass(frozen=True)
class End:
    """How a night ended.

    Attributes:
        state: see ``compare``.
        told: dedup ids by subject.
        pages: how many were sent.
    """

    state: dict[str, Any]
    told: dict[str, set[str]]
    pages: int


_CALLS: dict[str, list[str]] = {}
_ENDS: dict[tuple[str, str], End] = {}


def _calls(night: Night, moment: str) -> list[str]:
    """Return the calls of the undisturbed look, by name, in their order."""
    if moment not in _CALLS:
        counting = At()
        _ENDS[moment, ""] = _end(night, moment, counting, END[moment])
        _CALLS[moment] = counting.names
    return _CALLS[moment]


def _end(night: Night, moment: str, at: At, *statuses: str) -> End:
    """Disturb the look of one moment, and play the night to its end."""
    night.to(moment)
    at.install(night.stage.hooks)
    night.minute()
    night.stage.calm()
    left = (moment, fingerprint(night.stage, night))
    if left not in _ENDS:
        night.until(*statuses)
        # What a dead look left in the outbox is its own to send for a minute; then comes patrol.
        for _ in range(4):
            if night.stage.outbox() or night.stage.drafts_due():
                night.minute()
        _ENDS[left] = End(end_state(night.stage), copies(night.stage), len(night.stage.pages()))
    return _ENDS[left]


def _ends(night: Night, moment: str, how: How, *statuses: str) -> Iterator[tuple[str, End]]:
    """Disturb each call in turn; give what was done, and how the night ended."""
    for number, name in enumerate(_calls(night, moment)):
        what = f"{moment}, call {number} ({name}) {how}"
        yield what, _end(night, moment, At(number, how), *statuses)


@pytest.mark.parametrize(
    "how", ["ended before", "ended after", "answer lost", "throttled once", "conflict once"]
)
@pytest.mark.parametrize("moment", MOMENTS)
def test_whatever_call_it_happens_at_the_night_ends_as_if_nothing_had_happened(
    night: Night, moment: str, how: How
) -> None:
    for what, end in _ends(night, moment, how, END[moment]):
        assert end.state == _ENDS[moment, ""].state, what
        several = {subject: ids for subject, ids in end.told.items() if len(ids) > 1}
        assert several == {}, what


@pytest.mark.parametrize("how", ["refused", "silent"])
@pytest.mark.parametrize("moment", ["the fix", "no help"])
def test_a_call_that_fails_through_a_whole_look_costs_no_second_fix_and_is_never_kept_quiet(
    night: Night, moment: str, how: How
) -> None:
    for what, end in _ends(night, moment, how, "resolved", "escalated"):
        usual = _ENDS[moment, ""]
        assert end.state["redeploys"] <= usual.state["redeploys"], what
        assert end.pages or set(usual.told) <= set(end.told), what
        assert end.state["unsent"] == [], what
