"""A look that dies, or whose answer is lost: the quotas are rebuilt, and never for a Redis that is gone."""

from typing import Any

import pytest

from crash_points import CrashPoints
from disturb import How
from redis_unavailable_stage import ACCEPTED, RECONCILE, RedisNight, RedisStage


def ended(night: RedisNight) -> None:
    night.until("resolved")
    assert night.stage.outcomes() == [("reconcile", "VERIFIED")]


THE_FIX = CrashPoints("the fix", ended)


def without_posts(state: dict[str, Any]) -> dict[str, Any]:
    """Return an end without the requests: nothing tells of a lost one, and repeating it is harmless."""
    world = {name: value for name, value in state["world"].items() if name != "posts"}
    return {**state, "world": world}


@pytest.mark.parametrize("how", ["ended before", "ended after"])
def test_whatever_call_the_look_ends_at_the_night_ends_as_if_nothing_had_happened(
    night: RedisNight, how: How
) -> None:
    _, usual = THE_FIX.undisturbed(night)

    for what, end in THE_FIX.ends(night, how):
        assert without_posts(end.state) == without_posts(usual.state), what
        assert len(end.state["world"]["posts"]) in (1, 2), what
        assert end.several == {}, what


def lose(stage: RedisStage, night: RedisNight) -> None:
    """Let the endpoint be broken when the look sends its request."""
    night.to("the fix")
    stage.outside.says[RECONCILE] = (500, b"")
    night.minute()
    stage.outside.say(RECONCILE, ACCEPTED, 202)
    assert stage.outcomes() == [("reconcile", None)]


def test_a_request_whose_answer_was_lost_is_sent_once_more(
    stage: RedisStage, night: RedisNight
) -> None:
    lose(stage, night)

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (stage.posts(), attempt["tries"], attempt["outcome"]) == (2, 2, "VERIFIED")


def test_a_redis_that_is_gone_again_is_sent_nothing_until_it_is_back(
    stage: RedisStage, night: RedisNight
) -> None:
    lose(stage, night)
    night.fails()
    night.minutes(3)
    assert (stage.posts(), stage.outcomes()) == (1, [("reconcile", "REFUSED")])

    night.comes_back()
    night.until("resolved", "escalated")

    # One reconcile an hour: the second one is a person's to ask for.
    assert stage.posts() == 1
    [page] = stage.pages()
    assert "curl -X POST" in page["Message"]


def test_a_request_that_was_lost_and_then_not_asked_for_is_not_taken_for_a_reconcile(
    stage: RedisStage, night: RedisNight
) -> None:
    lose(stage, night)
    night.depth = 500  # the workers hang again: the queued task would wait
    night.minutes(3)
    assert stage.outcomes() == [("reconcile", "REFUSED")]

    night.depth = 3
    night.until("resolved", "escalated")

    # One reconcile an hour: the second one is a person's to ask for.
    [page] = stage.pages()
    assert "reconcile not applied: " in stage.reasons()
    assert "curl -X POST" in page["Message"]
