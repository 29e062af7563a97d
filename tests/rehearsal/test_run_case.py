"""How a case is lived through: what a function does a look too late must still be seen."""

from collections.abc import Callable
from typing import Any, cast

from rehearsal.cases.case import Case, Expected
from rehearsal.run_case import AFTERWARDS_MINUTES, live_through
from rehearsal.stage import Stage

LOOK_MINUTES = 5
"""Between two looks at an incident that a person has."""


class Lived:
    """A stage that only counts the minutes that it lives."""

    def __init__(self) -> None:
        self.minutes: list[float] = []

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
