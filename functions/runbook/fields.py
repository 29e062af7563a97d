"""Reads fields of an event, or says which one is wrong and what was expected."""

from collections.abc import Mapping
from typing import Any

from runbook.errors import TriggerError


def text(found: Mapping[str, Any], field: str, where: str) -> str:
    """Return a field that must be a text, not an empty one.

    Raises:
        TriggerError: it is not.
    """
    value = found.get(field)
    if not isinstance(value, str) or not value:
        raise TriggerError(f"{where}.{field} is {value!r}; expected a text")
    return value


def part(found: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    """Return a field that must be an object.

    Raises:
        TriggerError: it is not.
    """
    value = found.get(field)
    if not isinstance(value, Mapping):
        raise TriggerError(f"{where}.{field} is {value!r}; expected an object")
    return value
