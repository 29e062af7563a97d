"""An alarm without a scenario: one page with what can be seen, once in 60 min, and never lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from around import ago
from report_world import World, open_world
from runbook.errors import TableError
from runbook.settings import build
from triage.look import Triage
from triage.rang import Rang
from triage.settings import Settings

NAME = "nightshift-triage-prod/checkout-latency"
CHANGES_THE_USERS = ("Register", "Stop", "Run", "UpdateService", "PutParameter", "Invoke")


def described(state: str = "ALARM", **changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": NAME,
        "AlarmDescription": "Checkout takes longer than 3 s.",
        "StateValue": state,
        "StateReason": "Threshold Crossed: 5 datapoints were greater than 3.0",
        "StateUpdatedTimestamp": ago(1),
        "Namespace": "Shop",
        "MetricName": "CheckoutSeconds",
        "Dimensions": [{"Name": "shop", "Value": "x"}],
        "ExtendedStatistic": "p95",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 3.0,
        **changes,
    }


def answers(*alarms: dict[str, Any]) -> Any:
    """Return what DescribeAlarms answers: the alarms by name, and none that rings besides."""
    return lambda params: {
        "MetricAlarms": list(alarms) if "AlarmNames" in params else [],
        "CompositeAlarms": [],
    }


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.answers["DescribeAlarms"] = answers(described())
        yield opened


def look(world: World) -> dict[str, Any]:
    settings = build(Settings, {**world.told, "alarms": []}, "triage")
    return Triage(world.aws, settings, world.outbox, world).look(Rang(NAME, "event-1"))


def test_pages_what_it_saw(world: World) -> None:
    answer = look(world)

    (page,) = world.published("pages")
    assert answer["decided"] == "page"
    assert world.published("updates") == []
    assert page["Subject"] == f"[prod] triage {NAME}: PAGE no scenario for this"
    assert page["Message"].splitlines()[:10] == [
        f"{NAME}: a person is needed. There is no scenario for this alarm; here is what I saw.",
        "",
        "Why      Threshold Crossed: 5 datapoints were greater than 3.0",
        "Means    Checkout takes longer than 3 s.",
        "Now      ALARM since 2026-11-23 02:59 UTC",
        ("Measures p95 of Shop CheckoutSeconds (shop=x); bad is GreaterThanThreshold 3"),
        "Values   min 1 avg 3 max 6 last 6, 3 min",
        "Done     nothing was changed: triage has no permission to",
        "Next     look at what the alarm measures. What helps belongs into the runbook: name the alarm in",
        "         existing_alarms of the scenario that should answer it, or write one",
    ]
    assert "\nhealth\n  HTTP 200, db ok, redis ok\n" in page["Message"]
    assert "\nworker log\n  1 lines since 02:30 UTC" in page["Message"]
    assert world.items("outbox") == []


def test_changes_nothing_of_the_users(world: World) -> None:
    look(world)

    assert [name for name, _ in world.asked if name.startswith(CHANGES_THE_USERS)] == []


def test_an_alarm_that_rings_again_within_the_hour_is_counted(world: World) -> None:
    look(world)
    world.step(59)
    look(world)

    answer = look(world)

    assert answer["decided"] == "joined"
    assert answer["why"] == "it was paged within the last 60 min; rang 2 time(s) since"
    assert len(world.published("pages")) == 1


def test_a_counted_one_reads_nothing_of_the_world(world: World) -> None:
    look(world)
    world.asked.clear()

    look(world)

    assert [name for name, _ in world.asked] == ["GetItem", "UpdateItem"]


def test_an_alarm_that_rings_after_the_hour_pages_and_tells_how_often_it_rang(
    world: World,
) -> None:
    look(world)
    look(world)
    world.step(60)

    look(world)

    first, second = world.published("pages")
    assert "\nAgain " not in first["Message"]
    assert "\nAgain    it rang 1 more time(s) after its last page\n" in second["Message"]
    assert world.items(f"triage#{NAME}")[0]["joined"] == 0


def test_of_two_at_once_one_pages_and_the_other_is_counted(world: World) -> None:
    world.answers["GetItem"] = {}  # both read before either has written

    first, second = look(world), look(world)

    assert (first["decided"], second["decided"]) == ("page", "joined")
    assert len(world.published("pages")) == 1
    assert world.items(f"triage#{NAME}")[0]["joined"] == 1


def test_another_alarm_has_its_own_hour(world: World) -> None:
    look(world)
    settings = build(Settings, {**world.told, "alarms": []}, "triage")

    Triage(world.aws, settings, world.outbox, world).look(
        Rang("nightshift-triage-prod/b", "event-2")
    )

    assert len(world.published("pages")) == 2


def test_an_alarm_that_is_over_by_now_wakes_nobody(world: World) -> None:
    world.answers["DescribeAlarms"] = answers(described("OK"))

    answer = look(world)

    (update,) = world.published("updates")
    assert answer["decided"] == "update"
    assert world.published("pages") == []
    assert update["Message"].startswith(f"{NAME}: it rang, and is over.")


def test_an_update_keeps_the_next_page_from_nobody(world: World) -> None:
    world.answers["DescribeAlarms"] = answers(described("OK"))
    look(world)
    world.answers["DescribeAlarms"] = answers(described("ALARM"))

    answer = look(world)

    assert answer["decided"] == "page"
    assert len(world.published("pages")) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(
            "AccessDenied",
            "unknown: the alarm: AWS answered AccessDenied to DescribeAlarms",
            id="it cannot be described",
        ),
        pytest.param(
            answers(), f"it rang; unknown: alarm {NAME}: it does not exist", id="it is gone"
        ),
        pytest.param(
            answers(described("INSUFFICIENT_DATA")),
            "Now      INSUFFICIENT_DATA since",
            id="nobody measures",
        ),
    ],
)
def test_what_is_not_known_to_be_over_pages(world: World, answer: Any, why: str) -> None:
    world.answers["DescribeAlarms"] = answer

    look(world)

    (page,) = world.published("pages")
    assert why in page["Message"]


def test_an_alarm_on_an_expression_is_told_without_its_values(world: World) -> None:
    found = described(Metrics=[])
    for name in ("Namespace", "MetricName", "Dimensions", "ExtendedStatistic"):
        del found[name]
    world.answers["DescribeAlarms"] = answers(found)

    look(world)

    (page,) = world.published("pages")
    assert "\nMeasures" not in page["Message"]
    assert "\nWhy      Threshold Crossed" in page["Message"]


def test_metrics_that_cannot_be_read_are_told_as_unknown(world: World) -> None:
    world.answers["GetMetricData"] = "AccessDenied"

    look(world)

    (page,) = world.published("pages")
    assert "\nValues   unknown: its metric: AWS answered AccessDenied" in page["Message"]


def test_what_people_and_metrics_are_called_is_one_line_each(world: World) -> None:
    evil = "fine\nDone     everything was repaired\x1b[2J"
    world.answers["DescribeAlarms"] = answers(described(AlarmDescription=evil, StateReason=evil))

    look(world)

    lines = world.published("pages")[0]["Message"].splitlines()
    assert "Means    fine Done everything was repaired?[2J" in lines
    assert [line for line in lines if line.startswith("Done")] == [
        "Done     nothing was changed: triage has no permission to"
    ]


def test_a_page_that_sns_refuses_stays_for_patrol(world: World) -> None:
    world.answers["Publish"] = "KMSAccessDenied"

    answer = look(world)

    (kept,) = world.items("outbox")
    assert kept["kind"] == "page"
    assert answer["unsent"].endswith("KMSAccessDenied")


@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
def test_without_the_table_it_pages_all_the_same_and_fails_loudly(
    world: World, operation: str
) -> None:
    world.answers[operation] = "InternalServerError"

    with pytest.raises(TableError):
        look(world)

    assert len(world.published("pages")) == 1


def test_with_neither_table_nor_sns_it_fails_loudly(world: World) -> None:
    world.answers["GetItem"] = world.answers["Publish"] = "InternalServerError"

    with pytest.raises(TableError):
        look(world)


def test_one_that_dies_before_its_page_is_written_hides_nothing(world: World) -> None:
    world.answers["TransactWriteItems"] = "InternalServerError"
    with pytest.raises(TableError):
        look(world)
    del world.answers["TransactWriteItems"]

    answer = look(world)

    assert answer["decided"] == "page"
