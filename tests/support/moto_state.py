"""What of moto changes in a flow: read, saved and put back from the inside, without a call."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import moto.backends

from ecs import ACCOUNT
from runbook.table import from_aws
from seam import REGION

_STATE = (
    ("dynamodb", "tables"),
    ("cloudwatch", "metric_data"),
    ("cloudwatch", "alarms"),
    ("logs", "groups"),
    ("ssm", "_parameters"),
)
"""By backend; the rest is as it was built."""


def _backend(service: str) -> Any:
    return moto.backends.get_backend(service)[ACCOUNT][REGION]  # type: ignore[call-overload]


def items(table: str) -> list[dict[str, Any]]:
    """Return every item of a table, in the order of their keys; also those of another schema."""
    found = [one.to_json()["Attributes"] for one in _backend("dynamodb").tables[table].all_items()]
    plain = [
        {**from_aws({**item, "schema": {"N": "1"}}), "schema": int(item["schema"]["N"])}
        for item in found
    ]
    return sorted(plain, key=lambda item: (item["pk"], item["sk"]))


def take() -> list[Any]:
    """Return a copy of all of it."""
    return copy.deepcopy([_plain(getattr(_backend(name), what)) for name, what in _STATE])


def put_back(saved: Sequence[Any]) -> None:
    """Make moto what it was when the copy was taken."""
    for (name, what), value in zip(_STATE, saved, strict=True):
        _replace(_backend(name), what, copy.deepcopy(value))


def _plain(state: Any) -> Any:
    """Return moto's state as something that can be copied: its dicts of a class of their own cannot."""
    return dict(state) if isinstance(state, Mapping) else state


def _replace(backend: Any, what: str, state: Any) -> None:
    if not isinstance(state, dict):
        setattr(backend, what, state)
        return
    kept = getattr(backend, what)
    kept.clear()
    kept.update(state)
