"""The symptom: does the load balancer see the backend fail? Pure.

A minute is bad where the alarms' own measures are: 5xx are a large part of enough requests, the load
balancer itself answers errors since no target does, or no target is healthy. The health endpoint is not
among them: what an application says of itself may be wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from runbook.checks.metrics import Samples
from runbook.model import Unknown

MINUTE = timedelta(minutes=1)


class Facts(Protocol):
    """What must have been read."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def requests(self) -> Samples | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def target_5xx(self) -> Samples | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def elb_5xx(self) -> Samples | Unknown: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def healthy(self) -> Samples | Unknown: ...  # noqa: D102  # a field of the scenario's facts


class Limits(Protocol):
    """The numbers that make a minute bad."""

    @property
    def rate_percent(self) -> float: ...  # noqa: D102  # a field of the scenario's limits
    @property
    def fewest_requests(self) -> int: ...  # noqa: D102  # a field of the scenario's limits
    @property
    def elb_errors(self) -> int: ...  # noqa: D102  # a field of the scenario's limits


@dataclass(frozen=True)
class Minute:
    """What the load balancer counted in one minute; it counts nothing where there was nothing.

    Attributes:
        requests: those for which it chose a target.
        errors: answers of 500 and above, the targets' and its own.
        elb: of those, its own.
        healthy: healthy targets at the least; None where it does not say.
    """

    at: datetime
    requests: float
    errors: float
    elb: float
    healthy: float | None

    @property
    def asked(self) -> float:
        """Return how many asked: a request that found no target is an error, and in no other count."""
        return max(self.requests, self.errors)


Minutes = tuple[Minute, ...]


def minutes(facts: Facts, since: datetime) -> Minutes | Unknown:
    """Return the whole minutes that began at or after ``since``, oldest first.

    Returns:
        As CloudWatch has them: at least those in which targets were counted, which it does each minute.
    """
    series: dict[str, Mapping[datetime, float]] = {}
    for name in ("requests", "target_5xx", "elb_5xx", "healthy"):
        samples: Samples | Unknown = getattr(facts, name)
        if isinstance(samples, Unknown):
            return samples
        series[name] = {
            one.at: one.value for one in samples if since <= one.at <= facts.at - MINUTE
        }
    moments = sorted({at for values in series.values() for at in values})
    return tuple(_minute(at, series) for at in moments)


def _minute(at: datetime, series: Mapping[str, Mapping[datetime, float]]) -> Minute:
    elb = series["elb_5xx"].get(at, 0.0)
    errors = elb + series["target_5xx"].get(at, 0.0)
    return Minute(at, series["requests"].get(at, 0.0), errors, elb, series["healthy"].get(at))


def bad(minute: Minute, limits: Limits) -> bool:
    """Say whether one minute is bad, by the alarms' measures."""
    many = minute.requests >= limits.fewest_requests
    rate = many and 100 * minute.errors / minute.requests >= limits.rate_percent
    return bool(rate or minute.elb >= limits.elb_errors or minute.healthy == 0)


@dataclass(frozen=True)
class Rate:
    """5xx over several minutes.

    Attributes:
        percent: of those who asked; 0 where nobody did.
        asked: how many requests.
        datapoints: minutes that have any.
        out: in how many minutes no target was healthy.
    """

    percent: float
    asked: int
    datapoints: int
    out: int

    def __str__(self) -> str:
        """Return it for a sentence."""
        out = f", no healthy target in {self.out} min" if self.out else ""
        return f"{self.percent:.1f} % of {self.asked} requests failed{out}"


def rate(of: tuple[Minute, ...]) -> Rate:
    """Return the rate of errors over some minutes."""
    asked, errors = sum(one.asked for one in of), sum(one.errors for one in of)
    return Rate(
        percent=100 * errors / asked if asked else 0.0,
        asked=int(asked),
        datapoints=sum(one.asked > 0 for one in of),
        out=sum(one.healthy == 0 for one in of),
    )
