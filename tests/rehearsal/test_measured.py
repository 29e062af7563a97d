"""What the SaaS measures: a state at each minute that has passed, a count once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from infra.environment import load
from rehearsal.saas.saas import BACKEND, Saas

NOW = datetime(2026, 11, 23, 3, 9, 5, tzinfo=UTC)


class Metrics:
    """Takes what is put into CloudWatch, by name."""

    def __init__(self) -> None:
        self.put: dict[str, list[datetime]] = {}

    def put_metric(
        self, namespace: str, name: str, dimensions: Any, value: float, at: datetime
    ) -> None:
        del namespace, dimensions, value
        self.put.setdefault(name, []).append(at)


def measured(passed: int) -> dict[str, list[datetime]]:
    service = SimpleNamespace(
        target=SimpleNamespace(cluster="c", service="s"),
        cpu_percent=lambda: 3.0,
        memory_percent=lambda: None,
    )
    saas, metrics = Saas.__new__(Saas), Metrics()
    vars(saas).update(
        _clock=SimpleNamespace(now=lambda: NOW),
        _aws=metrics,
        _environment=load("prod"),
        _database=None,
        parts=frozenset({BACKEND}),
        minutes=[],
        worker=service,
        backend=service,
        balancer=SimpleNamespace(
            measured=lambda: ({"RequestCount": 30.0}, {"HealthyHostCount": 2})
        ),
    )
    saas.measure(passed)
    return metrics.put


@pytest.mark.parametrize("passed", [1, 3])
def test_no_minute_is_left_without_a_state_and_none_is_counted_twice(passed: int) -> None:
    put = measured(passed)

    healthy = [at.replace(second=0) for at in put["HealthyHostCount"]]
    assert healthy == [
        (NOW - timedelta(minutes=ago, seconds=45)).replace(second=0) for ago in range(passed)
    ]
    assert len(put["DatabaseConnections"]) == passed
    assert len(put["CPUUtilization"]) == 2 * passed
    assert "MemoryUtilization" not in put
    assert Counter(put["RequestCount"]).most_common() == [(NOW - timedelta(seconds=45), 2)]
