"""Two looks at one incident, in every order that their AWS calls can take: one fix, nothing lost.

Two looks may be there at once: an alarm that rings twice, patrol's look and an alarm, a person's request.
A look reads the world beside its claim: one of each pair claims first and then reads, the other one may
do it the other way round.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from disturb import At
from night import Night
from patrol.passing import Pass
from runbook.aws import Calls
from runbook.clock import to_text
from seam import aws
from stage import SETTINGS, Stage, event
from turnstile import End, every_order

ALARM = "worker_stuck_alarm"
DUE = "worker_stuck_look_due"
MISSED = "worker_stuck_look_missed_alarm"
APPLY = "worker_stuck_by_hand_apply"
COUNTED = {ALARM: 1, MISSED: 1, DUE: 0}
"""How many triggers an event adds, whether its look takes place or joins."""


def _last_first(calls: Calls) -> dict[str, object]:
    return {name: calls[name]() for name in reversed(list(calls))}


CLAIM_FIRST, CLAIM_LAST = aws(), aws(_last_first)


def _plays(stage: Stage, first: str, second: str) -> dict[str, Callable[[], object]]:
    events = event(first), event(second)  # made once: a fresh id would make each order a new one
    return {
        "first": lambda: stage.worker_stuck(events[0], "first", CLAIM_FIRST),
        "second": lambda: stage.worker_stuck(events[1], "second", CLAIM_LAST),
    }


def _check(stage: Stage, end: End, redeploys: int) -> None:
    assert end.errors == {}, end
    assert stage.redeploys() == redeploys, end
    intents = {record["intent"] for record in stage.records() if "intent" in record}
    assert len(intents) == redeploys, end
    incidents = [item for item in stage.items() if item["pk"].startswith("incident#")]
    assert len(incidents) == 1, end
    outcomes = [attempt["outcome"] for attempt in incidents[0]["attempts"]]
    assert outcomes == ["APPLIED"] * redeploys, end
    assert incidents[0]["open"] == "open", end
    assert incidents[0]["next_look_at"] <= to_text(stage.now() + timedelta(seconds=90)), end


def test_every_order_is_played(stage: Stage) -> None:
    table = aws().reader("dynamodb")

    def writes(name: str) -> Callable[[], None]:
        def play() -> None:
            for number in range(2):
                table.update_item(
                    TableName=SETTINGS.table,
                    Key={"pk": {"S": "order"}, "sk": {"S": "-"}},
                    UpdateExpression="SET o = list_append(if_not_exists(o, :none), :one), "
                    "#schema = :schema",
                    ExpressionAttributeNames={"#schema": "schema"},
                    ExpressionAttributeValues={
                        ":none": {"L": []},
                        ":one": {"L": [{"S": f"{name}{number}"}]},
                        ":schema": {"N": "1"},
                    },
                )

        return play

    plays = {"a": writes("a"), "b": writes("b")}
    orders = ["".join(stage.item("order")["o"]) for _ in every_order(stage, stage.begin, plays)]

    assert sorted(orders) == [
        "a0a1b0b1", "a0b0a1b1", "a0b0b1a1", "b0a0a1b1", "b0a0b1a1", "b0b1a0a1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "first", "second", "redeploys"),
    [
        pytest.param("the alarm", ALARM, ALARM, 0, id="the alarm rings twice"),
        pytest.param("the alarm", MISSED, ALARM, 0, id="patrol missed it, and it rings"),
        pytest.param("the fix", DUE, ALARM, 1, id="second look and alarm"),
        pytest.param("the fix", DUE, APPLY, 1, id="second look and a person"),
        pytest.param("the fix", APPLY, APPLY, 1, id="two persons"),
    ],
)
def test_of_two_looks_at_once_one_changes_what_there_is_to_change(
    stage: Stage, night: Night, moment: str, first: str, second: str, redeploys: int
) -> None:
    night.to(moment)
    stage.step(60)
    saved, before = stage.save(), stage.incident().get("triggers", 0)

    orders = 0
    for end in every_order(stage, lambda: stage.go_back(saved), _plays(stage, first, second)):
        orders += 1
        _check(stage, end, redeploys)
        if APPLY not in (first, second):
            assert stage.incident()["triggers"] == before + COUNTED[first] + COUNTED[second], end

    assert orders > 1


def test_of_two_looks_that_find_a_dead_ones_intent_one_makes_its_call(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    counting = At()
    counting.install(stage.hooks)
    night.minute()
    stage.calm()
    night.to("the fix")
    At(counting.names.index("ecs.UpdateService"), "ended before").install(stage.hooks)
    night.minute()
    stage.step(91)
    saved = stage.save()

    orders = 0
    for end in every_order(stage, lambda: stage.go_back(saved), _plays(stage, DUE, ALARM)):
        orders += 1
        _check(stage, end, 1)

    assert orders > 1


def _repeat_pages(stage: Stage) -> Pass:
    """Let patrol make the one step of its pass that writes into incidents."""
    rounds, done = stage.rounds(), Pass()
    with stage.acting("patrol"):
        rounds._page_again(list(rounds._open(done)), stage.now(), done)
    return done


def test_a_page_is_not_made_due_again_by_patrol_while_a_look_ends_the_incident(
    stage: Stage, night: Night
) -> None:
    night.to("no help")
    night.minute()
    night.worker = "works"
    ends_soon = night.save()
    while stage.incident()["status"] != "resolved":
        ends_soon = night.save()
        night.minute()
    night.go_back(ends_soon)
    incident = stage.incident()
    stage.change(incident["pk"], incident["sk"], page_again_at=to_text(stage.now()))
    stage.step(60)
    saved = stage.save()
    due = event(DUE)
    plays = {
        "look": lambda: stage.worker_stuck(due, "look"),
        "patrol": lambda: _repeat_pages(stage),
    }

    orders = 0
    for end in every_order(stage, lambda: stage.go_back(saved), plays):
        orders += 1
        assert end.errors == {}, end
        assert end.answers["patrol"].problems == [], end
        assert stage.incident()["status"] == "resolved", end
        assert "page_again_at" not in stage.incident(), end
        assert stage.outbox() == [], end

    assert orders > 1
