"""How a case is lived through: what a function does a look too late must still be seen."""

from collections.abc import Callable
from functools import partial
from inspect import getsource, isfunction
from typing import Any, cast

import pytest

from rehearsal.cases import SCENARIOS
from rehearsal.cases.case import Case, Expected
from rehearsal.run_case import AFTERWARDS_MINUTES, live_through
from rehearsal.stage import Stage

LOOK_MINUTES = 5
"""Between two looks at an incident that a person has."""


class Lived:
    """A stage that only counts the minutes that it lives, and notes when it broke."""

    def __init__(self) -> None:
        self.minutes: list[float] = []
        self.broke_at = ""

    def broke(self) -> None:
        self.broke_at = f"after {len(self.minutes)} waits"

    def until(self, done: Callable[[], bool], minutes: float) -> bool:
        self.minutes.append(minutes)
        return done()


def _case(*, in_time: bool) -> Case:
    def play(_: Stage) -> bool:
        return in_time

    return Case("some", "something", play, Expected())


def test_a_case_lives_on_for_more_than_a_look_after_its_end_came() -> None:
    stage = Lived()

    ended = live_through(_case(in_time=True), cast("Any", stage))

    assert ended
    assert stage.minutes == [AFTERWARDS_MINUTES]
    assert 2 * LOOK_MINUTES < AFTERWARDS_MINUTES


def test_a_case_whose_end_did_not_come_is_over() -> None:
    stage = Lived()

    assert not live_through(_case(in_time=False), cast("Any", stage))
    assert stage.minutes == []


def _breaks(stage: Any, *, says: bool) -> bool:
    stage.until(lambda: True, 30)
    if says:
        stage.broke()
    return True


@pytest.mark.parametrize(
    ("says_when", "says", "broke_at"),
    [(False, False, "after 0 waits"), (True, True, "after 1 waits")],
    ids=["at the start of the play", "when the play says so"],
)
def test_the_moment_of_the_break_is_the_start_or_what_the_case_says(
    says_when: bool, says: bool, broke_at: str
) -> None:
    stage = Lived()
    play = partial(_breaks, says=says)
    case = Case("some", "something", cast("Any", play), Expected(), says_when=says_when)

    assert live_through(case, cast("Any", stage))
    assert stage.broke_at == broke_at


def test_a_case_that_never_broke_anything_did_not_come_to_its_end() -> None:
    play = cast("Any", partial(_breaks, says=False))
    case = Case("some", "something", play, Expected(), says_when=True)

    assert not live_through(case, cast("Any", Lived()))


def test_a_case_that_says_when_it_breaks_is_marked_as_one() -> None:
    marked = {case.name for cases in SCENARIOS.values() for case in cases if case.says_when}
    saying = {
        case.name
        for cases in SCENARIOS.values()
        for case in cases
        if any("stage.broke()" in getsource(one) for one in _called(case.play))
    }

    assert marked == saying != set()


def _called(play: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return a play and the functions of its module that it names."""
    names = play.__code__.co_names
    found = [play.__globals__.get(name) for name in names]
    return [play, *(one for one in found if isfunction(one) and one.__module__ == play.__module__)]
