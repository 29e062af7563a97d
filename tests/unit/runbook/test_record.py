"""What a look writes down of its facts: whole, unless a list is longer than an item of the table can take."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook import record
from runbook.trigger import Trigger
from worker_facts import NOW


@dataclass(frozen=True)
class Some:
    at: datetime
    stopped: tuple[dict[str, Any], ...]


def written(count: int) -> Any:
    facts = Some(NOW, tuple({"number": number} for number in range(count)))
    line = record.line(Trigger("look", "due"), facts, {}, NOW, "Wait", "not yet")
    return json.loads(line["facts"])["stopped"]


def test_facts_are_kept_whole() -> None:
    assert written(100) == [{"number": number} for number in range(100)]


def test_a_long_list_is_cut_and_says_so() -> None:
    assert written(300) == [*({"number": number} for number in range(100)), "200 more"]
