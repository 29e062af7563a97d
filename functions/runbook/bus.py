"""Looks asked for over EventBridge: patrol's second looks, and hand-overs that should not wait for patrol.

The event only hurries. What is due stands in the table, and patrol finds it within a minute.
"""

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.permissions import Need

NEEDS = (Need("events:PutEvents", "bus"),)

LOOK_SCHEMA = 1
LOOK_SOURCE = "nightshift"
LOOK_TYPE = "Nightshift Look"
DUE, MISSED, HANDED_OVER = "due", "missed alarm", "handed over"
REASONS = (DUE, MISSED, HANDED_OVER)


def entry(environment: str, scenario: str, target: str, why: str) -> dict[str, str]:
    """Return the PutEvents entry that asks one scenario for one look.

    Args:
        environment: for example ``prod``; rules of another environment do not match.
        scenario: whose function shall look.
        target: what at.
        why: one of ``REASONS``.
    """
    detail = {
        "schema": LOOK_SCHEMA,
        "environment": environment,
        "scenario": scenario,
        "target": target,
        "why": why,
    }
    return {"Source": LOOK_SOURCE, "DetailType": LOOK_TYPE, "Detail": json.dumps(detail)}


def hurry(events: Any, environment: str, scenario: str, target: str) -> None:
    """Ask for a look at an incident that was just handed over; a failure costs a minute, nothing else."""
    with suppress(ClientError, BotoCoreError):
        events.put_events(Entries=[entry(environment, scenario, target, HANDED_OVER)])
