"""Tells how many calls were handed over to be made side by side."""

from dataclasses import dataclass, field
from typing import Any

from runbook.aws import Calls, one_by_one


@dataclass
class AtOnce:
    """Makes calls one by one, and counts them each time."""

    counts: list[int] = field(default_factory=list)

    def __call__(self, calls: Calls) -> dict[str, Any]:
        self.counts.append(len(calls))
        return one_by_one(calls)
