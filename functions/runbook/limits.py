"""How often and how much: occupancy, cooldown, budget, as rows that one transaction takes together.

occupancy   one unsettled change per resource, for every scenario
cooldown    the same fix on the same resource not again within 60 min
budget      2 fixes per resource and 6 per environment in 24 h, verified or not
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from runbook.clock import from_text, to_text, whole_minutes
from runbook.table import SCHEMA, Item, to_aws

BUDGET_WINDOW = timedelta(hours=24)
KEEP = timedelta(days=7)
"""Rows are removed a week after they stopped to matter; until then a person can read them."""


@dataclass(frozen=True)
class Limits:
    """How much is allowed; overridable per environment.

    Attributes:
        cooldown_minutes: between two equal fixes of one resource: longer than settling (20 min) and
            verifying, so that a fix that did not last is seen by a person before it is repeated.
        fixes_per_resource: in 24 h; a third one would be treating a symptom.
        fixes_per_environment: in 24 h; more is a storm, and a person's call.
    """

    cooldown_minutes: int = 60
    fixes_per_resource: int = 2
    fixes_per_environment: int = 6


@dataclass(frozen=True)
class Why:
    """The limit that refuses."""

    code: str
    reason: str
    then: Literal["wait", "escalate"]


@dataclass(frozen=True)
class Spent:
    """The rows as they are now.

    Attributes:
        items: by pk; a row that does not exist is not in it.
        resource: what would be changed.
        fix: the fix's name.
    """

    items: Mapping[str, Item]
    resource: str
    fix: str

    @property
    def occupancy(self) -> Item | None:
        """Return the row of the unsettled change, if there ever was one."""
        return self.items.get(f"occupancy#{self.resource}")

    @property
    def cooldown(self) -> Item | None:
        """Return the row of the last equal fix, if there ever was one."""
        return self.items.get(f"cooldown#{self.resource}#{self.fix}")

    def budget(self, of: str) -> Item:
        """Return a budget's row, empty where there is none yet."""
        return self.items.get(f"budget#{of}", {"version": 0, "spent_at": []})


def cooldown_key(resource: str, fix: str) -> tuple[str, str]:
    """Return the key of the row that tells when a fix was last applied; it stays for a week."""
    return f"cooldown#{resource}#{fix}", "-"


def keys(resource: str, fix: str) -> list[tuple[str, str]]:
    """Return the keys of the four rows that a fix needs."""
    return [
        (f"occupancy#{resource}", "-"),
        cooldown_key(resource, fix),
        (f"budget#{resource}", "-"),
        ("budget#environment", "-"),
    ]


def _recent(budget: Item, now: datetime) -> list[str]:
    return [text for text in budget["spent_at"] if text > to_text(now - BUDGET_WINDOW)]


def refuse(
    spent: Spent, limits: Limits, incident_id: str, now: datetime, *, by_hand: bool
) -> Why | None:
    """Say which limit is in the way, if one is. A request by hand passes cooldown and budget."""
    held = spent.occupancy
    if held and held["until"] > to_text(now) and held["incident_id"] != incident_id:
        return Why(
            "occupied",
            f"{spent.resource} has an unsettled change of {held['incident_id']} until {held['until']}",
            "wait",
        )
    if by_hand:
        return None
    cooldown = spent.cooldown
    if cooldown and cooldown["until"] > to_text(now):
        ago = whole_minutes(now - from_text(cooldown["applied_at"]))
        return Why(
            "cooldown",
            f"{spent.fix} was applied to {spent.resource} {ago} min ago and is not repeated "
            f"within {limits.cooldown_minutes} min",
            "escalate",
        )
    for of, most in _budgets(spent.resource, limits):
        count = len(_recent(spent.budget(of), now))
        if count >= most:
            return Why(
                "budget",
                f"the budget of {of} is empty: {count} fixes in 24 h, at most {most}",
                "escalate",
            )
    return None


def _budgets(resource: str, limits: Limits) -> tuple[tuple[str, int], ...]:
    return ((resource, limits.fixes_per_resource), ("environment", limits.fixes_per_environment))


def writes(
    spent: Spent,
    limits: Limits,
    incident_id: str,
    now: datetime,
    holds: timedelta,
    *,
    by_hand: bool,
) -> Sequence[Mapping[str, Any]]:
    """Return the transaction items that take all of it, each on the condition that it is still free."""
    until = now + timedelta(minutes=limits.cooldown_minutes)
    cooldown = {
        "until": to_text(until),
        "applied_at": to_text(now),
        "incident_id": incident_id,
        "verified_at": (spent.cooldown or {}).get("verified_at", ""),
    }
    return [
        occupy(spent.resource, incident_id, now, holds),
        _take(
            f"cooldown#{spent.resource}#{spent.fix}",
            cooldown,
            until,
            "" if by_hand else _FREE,
            {} if by_hand else {":now": to_text(now)},
            {} if by_hand else {"#until": "until"},
        ),
        *(_count(spent.budget(of), of, now) for of, _ in _budgets(spent.resource, limits)),
    ]


_FREE = "attribute_not_exists(pk) OR #until <= :now"


def occupy(resource: str, incident_id: str, now: datetime, holds: timedelta) -> dict[str, Any]:
    """Return the transaction item that occupies a resource until a change of it has settled."""
    return _take(
        f"occupancy#{resource}",
        {"until": to_text(now + holds), "incident_id": incident_id},
        now + holds,
        f"{_FREE} OR incident_id = :incident",
        {":now": to_text(now), ":incident": incident_id},
        {"#until": "until"},
    )


def _count(budget: Item, of: str, now: datetime) -> dict[str, Any]:
    version = budget["version"]
    return _take(
        f"budget#{of}",
        {"spent_at": [*_recent(budget, now), to_text(now)], "version": version + 1},
        now + BUDGET_WINDOW,
        "#version = :held" if version else "attribute_not_exists(pk)",
        {":held": version} if version else {},
        {"#version": "version"} if version else {},
    )


def _take(
    pk: str,
    values: Item,
    matters_until: datetime,
    condition: str,
    condition_values: Item,
    names: Mapping[str, str],
) -> dict[str, Any]:
    item = {
        **values,
        "pk": pk,
        "sk": "-",
        "schema": SCHEMA,
        "expires_at": int((matters_until + KEEP).timestamp()),
    }
    body: dict[str, Any] = {"Item": to_aws(item)}
    if condition:
        body["ConditionExpression"] = condition
    if condition_values:
        body["ExpressionAttributeValues"] = to_aws(condition_values)
    if names:
        body["ExpressionAttributeNames"] = dict(names)
    return {"Put": body}


def verified_before(items: Mapping[str, Item], resource: str, fix: str) -> str:
    """Return when the same fix last helped the same resource, as text; empty when it never did."""
    return str((Spent(items, resource, fix).cooldown or {}).get("verified_at", ""))


def release(resource: str, incident_id: str) -> dict[str, Any]:
    """Return the transaction item that frees the resource, if this incident still holds it."""
    return {
        "Delete": {
            "Key": to_aws({"pk": f"occupancy#{resource}", "sk": "-"}),
            "ConditionExpression": "attribute_not_exists(pk) OR incident_id = :incident",
            "ExpressionAttributeValues": to_aws({":incident": incident_id}),
        }
    }


def mark_verified(resource: str, fix: str, now: datetime) -> dict[str, Any]:
    """Return the transaction item that remembers when this fix last helped."""
    return {
        "Update": {
            "Key": to_aws({"pk": f"cooldown#{resource}#{fix}", "sk": "-"}),
            "UpdateExpression": "SET verified_at = :now, #schema = :schema",
            "ExpressionAttributeNames": {"#schema": "schema"},
            "ExpressionAttributeValues": to_aws({":now": to_text(now), ":schema": SCHEMA}),
        }
    }
