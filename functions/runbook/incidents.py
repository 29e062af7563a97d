"""Incidents: opened, claimed, joined, re-opened and written down, all by conditional writes.

A claim is one conditional write. Two looks at one incident, and one that dies::

    look A   claim v1 ......... intent v2 ... call ... record v3, next look at ...
    look B        claim refused: joins, counted
    look A'  claim v1 .. dies
    patrol   ..................... 90 s later: due ... claim v2: the next look finds the intent

Each claim counts as unfinished until a look writes: patrol pages where several in a row have died.
Each later write of a look names the version that the look holds, so a look that lost its claim
(it was frozen for longer than 90 s) cannot write, and the intent is such a write: it comes before
the call.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from runbook.clock import from_text, to_text
from runbook.errors import LostClaimError
from runbook.model import Attempt, Incident, Outcome, Status
from runbook.permissions import Need
from runbook.table import SCHEMA, Conflict, Item, Table, put, to_aws

NEEDS = (
    Need("dynamodb:GetItem", "table"),
    Need("dynamodb:PutItem", "table"),
    Need("dynamodb:UpdateItem", "table"),
)

FUNCTION_TIMEOUT = timedelta(seconds=60)
"""What the stack gives each function; a test compares the two."""
CLAIM = FUNCTION_TIMEOUT + timedelta(seconds=30)
"""How long a claim lasts without a record: the look is dead by then, and looked at again."""
REOPEN_WINDOW = timedelta(minutes=60)
"""A trigger this soon after the end re-opens the same incident, with its clock and history."""
KEEP_RECORDS = timedelta(days=400)
"""Records outlive a yearly review."""
CURRENT = "current"

Asking = Literal["trigger", "look", "request"]
"""trigger: an alarm; look: patrol's second look; request: a person, who does not wait for the next look."""


@dataclass(frozen=True)
class Joined:
    """The claim was refused: somebody looks at the incident now, or will soon.

    Attributes:
        incident_id: the open incident, empty when there is none.
        why: fit to answer the caller with.
    """

    incident_id: str
    why: str


def key(scenario: str, target: str) -> str:
    """Return the partition of the one current incident of a scenario and target."""
    return f"incident#{scenario}#{target}"


def new_id(scenario: str, now: datetime) -> str:
    """Return an incident id that tells what and when, for example ``worker_stuck-20261123-0314-7f3a``."""
    return f"{scenario}-{now:%Y%m%d-%H%M}-{secrets.token_hex(2)}"


_FREE = "claim_until <= :now"
_KNOWN = "(attribute_not_exists(#schema) OR #schema = :schema)"
"""A claim writes the schema: without this it would pass off another version's item as ours."""
_CONDITIONS: Mapping[Asking, str] = {
    "trigger": f"{_KNOWN} AND (attribute_not_exists(pk) OR ({_FREE} AND next_look_at <= :now))",
    "look": f"{_KNOWN} AND attribute_exists(#open) AND {_FREE} AND next_look_at <= :now",
    "request": f"{_KNOWN} AND (attribute_not_exists(pk) OR {_FREE})",
}


@dataclass(frozen=True)
class Incidents:
    """The incidents of one environment."""

    table: Table

    def read(self, scenario: str, target: str, now: datetime) -> Incident:
        """Return the incident as a look would find it, without claiming it."""
        found = self.table.get(key(scenario, target), CURRENT)
        return _found(found or {"version": 0}, scenario, target, now)

    def claim(self, scenario: str, target: str, asking: Asking, now: datetime) -> Incident | Joined:
        """Take the incident for one look, opening or re-opening it where that is due.

        Raises:
            TableError: nothing could be claimed, so nothing may be changed.
            SchemaError: another version wrote the incident; it is left as it is.
        """
        answer = self.table.update(
            key(scenario, target),
            CURRENT,
            "SET version = if_not_exists(version, :zero) + :one, claim_until = :until, "
            "next_look_at = :until, #open = :open, #schema = :schema, scenario = :scenario, "
            "target = :target, pending_since = if_not_exists(pending_since, :now) "
            "ADD triggers :counted, unfinished :one",
            _CONDITIONS[asking],
            {"#open": "open", "#schema": "schema"},
            {
                ":zero": 0,
                ":one": 1,
                ":now": to_text(now),
                ":until": to_text(now + CLAIM),
                ":open": "open",
                ":schema": SCHEMA,
                ":scenario": scenario,
                ":target": target,
                ":counted": 0 if asking == "look" else 1,
            },
        )
        if isinstance(answer, Conflict):
            return self._join(scenario, target, asking, answer.old, now)
        return _found(answer, scenario, target, now)

    def _join(
        self, scenario: str, target: str, asking: Asking, old: Item | None, now: datetime
    ) -> Joined:
        if asking == "trigger":
            self.table.update(
                key(scenario, target),
                CURRENT,
                "ADD triggers :one",
                "attribute_exists(pk)",
                {},
                {":one": 1},
            )
        if old is None or "open" not in old:
            return Joined(
                "", "nothing is open: the incident has ended since this look was asked for"
            )
        incident_id = str(old.get("incident_id", ""))
        if old["claim_until"] > to_text(now):
            return Joined(incident_id, "another look is at it now; joined")
        return Joined(incident_id, f"already open, next look at {old['next_look_at']}; joined")

    def write(
        self,
        incident: Incident,
        *,
        claimed_until: datetime,
        next_look_at: datetime,
        record: Item,
        also: Sequence[Mapping[str, Any]] = (),
        token: str,
    ) -> Incident | Conflict:
        """Write the incident, its record and whatever belongs to them in one transaction.

        Args:
            incident: as it shall be, with the version that the look holds.
            claimed_until: now, where the look ends with this write.
            next_look_at: when it is due again.
            record: what was seen, decided and done; the incident's id and version become its key.
            also: further transaction items, each with its own condition.
            token: makes a retry of this transaction harmless.

        Returns:
            The incident with its new version, or which of ``also`` refused (``failed`` starts with them).

        Raises:
            LostClaimError: another look holds the incident now.
            TableError: DynamoDB refused or did not answer.
        """
        written = Incident(**{**vars(incident), "version": incident.version + 1})
        item = _item(written, claimed_until, next_look_at)
        writes = [
            _update(item, incident.version),
            put(_record(written, record, claimed_until), unless_exists=True),
            *also,
        ]
        conflict = self.table.write_all(writes, token)
        if conflict is None:
            return written
        if conflict.failed[0] or conflict.failed[1]:
            raise LostClaimError(
                f"incident {incident.id} is no longer at version {incident.version}: "
                "another look has it; nothing was written"
            )
        return Conflict(conflict.failed[2:])


def open_other(scenario: str, target: str, now: datetime) -> dict[str, Any]:
    """Return the transaction item that makes another scenario's incident due now, opening it if need be.

    It leaves the version and a running claim alone: a look that holds that incident is not disturbed.
    """
    return {
        "Update": {
            "Key": to_aws({"pk": key(scenario, target), "sk": CURRENT}),
            "UpdateExpression": (
                "SET #open = :open, #schema = :schema, scenario = :scenario, target = :target, "
                "next_look_at = :now, claim_until = if_not_exists(claim_until, :now), "
                "version = if_not_exists(version, :zero), "
                "pending_since = if_not_exists(pending_since, :now) ADD triggers :one"
            ),
            "ExpressionAttributeNames": {"#open": "open", "#schema": "schema"},
            "ExpressionAttributeValues": to_aws(
                {
                    ":open": "open",
                    ":schema": SCHEMA,
                    ":scenario": scenario,
                    ":target": target,
                    ":now": to_text(now),
                    ":zero": 0,
                    ":one": 1,
                }
            ),
        }
    }


def _record(incident: Incident, record: Item, now: datetime) -> dict[str, Any]:
    return {
        **record,
        "pk": f"record#{incident.id}",
        "sk": f"{incident.version:06}",
        "schema": SCHEMA,
        "expires_at": int((now + KEEP_RECORDS).timestamp()),
    }


_KEY = ("pk", "sk")


def _update(item: Item, version: int) -> dict[str, Any]:
    """Return a transaction's Update that sets what has a value and removes what has none."""
    names = {f"#{name}": name for name in item if name not in _KEY}
    values = {f":{name}": item[name] for name in names.values() if item[name] is not None}
    gone = [f"#{name}" for name in names.values() if item[name] is None]
    expression = "SET " + ", ".join(f"#{name[1:]} = {name}" for name in values)
    if gone:
        expression += " REMOVE " + ", ".join(gone)
    return {
        "Update": {
            "Key": to_aws({"pk": item["pk"], "sk": item["sk"]}),
            "UpdateExpression": expression,
            "ConditionExpression": "#version = :held",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_aws({**values, ":held": version}),
        }
    }


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _moment(text: Any) -> datetime | None:
    return from_text(text) if text else None


def _item(incident: Incident, claimed_until: datetime, next_look_at: datetime) -> dict[str, Any]:
    resolved = incident.status is Status.RESOLVED
    # The counter belongs to the joiners, who add to it without the claim; it starts anew at the end.
    # So does a person's word that the page was seen: the next trouble of this target pages anew.
    anew = {"triggers": 0, "acknowledged_at": None} if resolved else {}
    return {
        **anew,
        "pk": key(incident.scenario, incident.target),
        "sk": CURRENT,
        "schema": SCHEMA,
        "open": None if resolved else "open",
        "claim_until": to_text(claimed_until),
        "next_look_at": to_text(next_look_at),
        "unfinished": 0,
        "pending_since": None,
        "incident_id": incident.id,
        "scenario": incident.scenario,
        "target": incident.target,
        "status": incident.status.value,
        "version": incident.version,
        "opened_at": to_text(incident.opened_at),
        "attempts": [_attempt_item(one) for one in incident.attempts],
        "reopened_at": [to_text(one) for one in incident.reopened_at],
        "blind_looks": incident.blind_looks,
        "refused_since": _text(incident.refused_since),
        "resolved_at": _text(incident.resolved_at),
        "told_at": _text(incident.told_at),
        "page_again_at": _text(incident.page_again_at),
        "page": dict(incident.page) or None,
        "handed_over_at": _text(incident.handed_over_at),
        "handed_over_to": incident.handed_over_to or None,
    }


def _attempt_item(attempt: Attempt) -> dict[str, Any]:
    return {
        **{name: value for name, value in vars(attempt).items() if value is not None},
        "intended_at": to_text(attempt.intended_at),
        "tried_at": to_text(attempt.tried_at),
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "outcome_at": _text(attempt.outcome_at),
        "prior": dict(attempt.prior),
        "left": dict(attempt.left),
    }


def _attempt(item: Item) -> Attempt:
    return Attempt(
        **{
            **item,
            "intended_at": from_text(item["intended_at"]),
            "tried_at": from_text(item["tried_at"]),
            "outcome": Outcome(item["outcome"]) if item["outcome"] else None,
            "outcome_at": _moment(item["outcome_at"]),
        }
    )


def _found(item: Item, scenario: str, target: str, now: datetime) -> Incident:
    """Return the incident that a look finds: the open one, the one to re-open, or a new one."""
    opened_at = from_text(item["pending_since"]) if item.get("pending_since") else now
    if "status" not in item:
        return Incident(
            id=new_id(scenario, now),
            scenario=scenario,
            target=target,
            status=Status.OPEN,
            version=item["version"],
            opened_at=opened_at,
        )
    stored = _stored(item)
    if stored.status is not Status.RESOLVED:
        return stored
    if stored.resolved_at and now - stored.resolved_at > REOPEN_WINDOW:
        return Incident(
            id=new_id(scenario, now),
            scenario=scenario,
            target=target,
            status=Status.OPEN,
            version=stored.version,
            opened_at=opened_at,
        )
    recent = tuple(one for one in stored.reopened_at if now - one <= REOPEN_WINDOW)
    changed = {
        "status": Status.OPEN,
        "resolved_at": None,
        "blind_looks": 0,
        "refused_since": None,
        "handed_over_at": None,
        "handed_over_to": "",
        "told_at": None,
        "reopened_at": (*recent, now),
    }
    return Incident(**{**vars(stored), **changed})


def _stored(item: Item) -> Incident:
    return Incident(
        id=item["incident_id"],
        scenario=item["scenario"],
        target=item["target"],
        status=Status(item["status"]),
        version=item["version"],
        opened_at=from_text(item["opened_at"]),
        attempts=tuple(_attempt(one) for one in item["attempts"]),
        reopened_at=tuple(from_text(one) for one in item["reopened_at"]),
        blind_looks=item["blind_looks"],
        refused_since=_moment(item.get("refused_since")),
        resolved_at=_moment(item.get("resolved_at")),
        told_at=_moment(item.get("told_at")),
        page_again_at=_moment(item.get("page_again_at")),
        page=item.get("page", {}),
        triggers=item["triggers"],
        handed_over_at=_moment(item.get("handed_over_at")),
        handed_over_to=item.get("handed_over_to", ""),
    )
