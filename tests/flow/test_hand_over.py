"""A hand-over writes the other scenario's incident in its own transaction: both are there, or neither."""

from typing import Any

from disturb import At, refuse
from night import Night
from seam import Call
from stage import SETTINGS, Stage

OTHER = f"incident#redis_unavailable#{SETTINGS.targets['redis_unavailable']}"


def about_to_hand_over(stage: Stage, night: Night) -> None:
    """Be in the minute before the look that finds Redis down."""
    night.to("the alarm")
    night.minute()
    night.redis_run = None
    assert stage.item(OTHER, "current") == {}


def keys(call: Call) -> set[str]:
    """Return the partitions that a transaction writes to, without what tells two incidents apart."""
    found: list[dict[str, Any]] = [next(iter(one.values())) for one in call.params["TransactItems"]]
    named = [one.get("Key", one.get("Item"))["pk"]["S"] for one in found]
    return {"record" if pk.startswith("record#") else pk for pk in named}


def test_incident_record_and_the_other_incident_are_one_transaction(
    stage: Stage, night: Night
) -> None:
    about_to_hand_over(stage, night)
    before = len(stage.calls)

    night.minutes(2)

    written = [one for one in stage.calls[before:] if one.operation == "TransactWriteItems"]
    [handed_over] = [one for one in written if OTHER in keys(one)]
    own = f"incident#worker_stuck#{SETTINGS.service}"
    assert keys(handed_over) == {own, "record", OTHER}


def test_a_transaction_that_is_refused_hands_nothing_over(stage: Stage, night: Night) -> None:
    about_to_hand_over(stage, night)
    stage.hooks.before.append(refuse("dynamodb.TransactWriteItems"))

    night.minutes(2)

    assert stage.item(OTHER, "current") == {}
    assert [one for one in stage.records() if one["decided"] == "HandOver"] == []


def test_a_hand_over_whose_event_is_lost_is_due_in_the_table_all_the_same(
    stage: Stage, night: Night
) -> None:
    about_to_hand_over(stage, night)
    counting = At()
    counting.install(stage.hooks)
    stage.hooks.before.append(refuse("eventbridge.PutEvents"))

    night.minutes(2)

    other = stage.item(OTHER, "current")
    assert "eventbridge.PutEvents" in counting.names
    assert (other["open"], other["version"]) == ("open", 0)
    assert night.errors == []
