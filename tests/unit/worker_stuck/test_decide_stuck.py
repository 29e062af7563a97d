"""Runbook scenario F, the last row: a queue that does not fall, quiet logs, an idle CPU."""

import pytest

from runbook.model import Apply, Unknown
from worker_facts import UNKNOWN, attempt, decided, facts, incident, kind, series


def test_redeploys_a_worker_that_consumes_nothing_logs_nothing_and_burns_nothing() -> None:
    decision = decided()

    expected = Apply(
        "redeploy",
        "the worker is stuck: 360 messages, not falling over 5 probes (200 before), "
        "no log line for 10 min, CPU under 2 %",
        {"depth": 360, "redis_run": 4242},
    )
    assert expected == decision


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        pytest.param([200, 220, 240, 260], "Wait", id="4 probes are too few"),
        pytest.param([200, 220, 240, 260, 280], "Apply", id="5 probes are enough"),
        pytest.param([200] * 5, "Apply", id="a queue that stands still does not fall"),
        pytest.param([200, 500, 200, 500, 200], "Apply", id="back to the first value is no fall"),
        pytest.param([201, 200, 200, 200, 200], "Apply", id="one message less is no fall"),
        pytest.param([220, 215, 210, 205, 200], "Wait", id="short again in 20 min is one"),
        pytest.param([0, 200, 200, 200, 200], "Wait", id="it was empty within the 5 probes"),
        pytest.param([0, 1, 200, 200, 200, 200], "Apply", id="it was empty before the 5 probes"),
        pytest.param([1, 50, 100, 100, 100], "Apply", id="the alarm's threshold is bad already"),
        pytest.param([1, 50, 100, 100, 99], "Wait", id="one below the threshold is good"),
    ],
)
def test_calls_a_worker_stuck_only_when_5_probes_show_no_fall(
    depth: list[int], expected: str
) -> None:
    decision = decided(facts(depth=series(*depth)))

    assert expected == kind(decision)


def test_says_how_many_probes_are_missing() -> None:
    decision = decided(facts(depth=series(200, 200, 200, 200)))

    assert decision.reason == "4 probes of the queue, 5 are needed"


@pytest.mark.parametrize(
    ("cpu", "quiet", "expected"),
    [
        pytest.param(series(*[1.99] * 5), True, "Apply", id="just under 2 %"),
        pytest.param(series(*[2.0] * 5), True, "Wait", id="2 % is work"),
        pytest.param(series(2.0, 0, 0, 0, 0), True, "Wait", id="one of the newest 5 is work"),
        pytest.param(series(90, 0, 0, 0, 0, 0), True, "Apply", id="work before the newest 5"),
        pytest.param(series(0, 0, 0), True, "Apply", id="3 datapoints are enough"),
        pytest.param(series(0, 0), True, "Wait blind", id="2 datapoints are too few"),
        pytest.param(series(50), True, "Wait", id="1 datapoint that shows work is enough"),
        pytest.param((), True, "Wait blind", id="no datapoint"),
        pytest.param(series(0, 0, 0, newest=8), True, "Apply", id="the oldest of 3 is 10 min old"),
        pytest.param(series(0, 0, 0, newest=8.1), True, "Wait blind", id="of 3 one is too old"),
        pytest.param(series(90, 90, 90, newest=11), True, "Wait blind", id="work 11 min ago"),
        pytest.param(UNKNOWN, True, "Wait blind", id="CPU unknown"),
        pytest.param(UNKNOWN, False, "Wait", id="CPU unknown, but it logs"),
        pytest.param(series(0, 0, 0), False, "Wait", id="idle, but it logs"),
        pytest.param((), False, "Wait", id="no datapoint, but it logs"),
        pytest.param(series(0, 0, 0), UNKNOWN, "Wait blind", id="idle, logs unknown"),
        pytest.param(series(9, 9, 9), UNKNOWN, "Wait", id="logs unknown, but the CPU works"),
        pytest.param(UNKNOWN, UNKNOWN, "Wait blind", id="CPU and logs unknown"),
    ],
)
def test_calls_a_worker_stuck_only_when_it_shows_no_work(
    cpu: object, quiet: object, expected: str
) -> None:
    decision = decided(facts(cpu=cpu, quiet=quiet))

    assert expected == kind(decision)


def test_names_everything_that_it_could_not_see() -> None:
    cpu, quiet = Unknown("metrics: throttled"), Unknown("logs: denied")

    decision = decided(facts(cpu=cpu, quiet=quiet))

    assert decision.reason == "logs: denied; metrics: throttled"


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        pytest.param(5, "Apply", id="5 min old is fresh enough"),
        pytest.param(5.1, "Wait blind", id="older than 5 min is stale"),
    ],
)
@pytest.mark.parametrize("name", ["depth", "redis_up", "redis_run"])
def test_acts_on_no_probe_that_is_older_than_5_min(name: str, newest: float, expected: str) -> None:
    values = {"depth": 300, "redis_up": 1, "redis_run": 4242}

    decision = decided(facts(**{name: series(*[values[name]] * 8, newest=newest)}))

    assert expected == kind(decision)


@pytest.mark.parametrize("name", ["depth", "redis_up", "redis_run"])
def test_takes_a_probe_without_datapoints_for_unknown(name: str) -> None:
    decision = decided(facts(**{name: ()}))

    assert kind(decision) == "Wait blind"


def test_does_not_redeploy_again_by_itself_while_a_redeploy_is_not_judged() -> None:
    decision = decided(facts(), incident(attempt(minutes=1)))

    assert kind(decision) == "Wait"
