"""What a person states who takes a migration back, each by its own name; nothing of it is assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.checks.alembic import REVISION
from runbook.errors import TriggerError
from runbook.fields import shown as _shown

MOST_NAME = 255
"""Characters of a snapshot's name, as RDS takes it."""
FIELDS = ("from", "backwards_compatible", "no_data_in_new_columns", "snapshot")
"""What a real request states besides its reason."""


@dataclass(frozen=True)
class Statements:
    """What a person states, each by its own name.

    Attributes:
        before: the revision that the dry run showed as the current one.
        backwards_compatible: the version that runs works without the migration.
        no_data_in_new_columns: nothing of value is in what the downgrade drops.
        snapshot: id of an RDS snapshot to go back to.
    """

    before: str = ""
    backwards_compatible: bool = False
    no_data_in_new_columns: bool = False
    snapshot: str = ""

    def missing(self) -> list[str]:
        """Return what is not stated, each with what it is to say."""
        rows = (
            (self.before, '"from": "<the current revision, as the dry run shows it>"'),
            (self.backwards_compatible, '"backwards_compatible": true'),
            (self.no_data_in_new_columns, '"no_data_in_new_columns": true'),
            (self.snapshot, '"snapshot": "<id of an RDS snapshot, younger than 24 h>"'),
        )
        return [text for stated, text in rows if not stated]


def parse(found: Mapping[str, Any]) -> Statements:
    """Understand the statements of a request; what is not stated is not assumed.

    Raises:
        TriggerError: one has another type than it must have.
    """
    for name in ("backwards_compatible", "no_data_in_new_columns"):
        if not isinstance(found.get(name, False), bool):
            raise TriggerError(f"request.{name} is {_shown(found[name])}; expected true or false")
    for name in ("from", "snapshot"):
        if not isinstance(found.get(name, ""), str):
            raise TriggerError(f"request.{name} is {_shown(found[name])}; expected a text")
    before, snapshot = found.get("from", ""), found.get("snapshot", "")
    if before and not REVISION.fullmatch(before):
        raise TriggerError(f"request.from is {_shown(before)}; expected a revision, written out")
    if len(snapshot) > MOST_NAME or any(one.isspace() or one in "*?" for one in snapshot):
        raise TriggerError(f"request.snapshot is {_shown(snapshot)}; expected a snapshot's id")
    return Statements(
        before,
        found.get("backwards_compatible", False),
        found.get("no_data_in_new_columns", False),
        snapshot,
    )
