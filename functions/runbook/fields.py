"""Reads fields of an event, or says which one is wrong and what was expected."""

import reprlib
from collections.abc import Mapping
from typing import Any

from runbook.errors import TriggerError

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 120
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist = 2, 3, 3


def shown(value: object) -> str:
    """Return a value as it stands in a message: what is long or deep is shortened in the middle."""
    return _SHORT.repr(value)


def text(found: Mapping[str, Any], field: str, where: str) -> str:
    """Return a field that must be a text, not an empty one.

    Raises:
        TriggerError: it is not.
    """
    value = found.get(field)
    if not isinstance(value, str) or not value:
        raise TriggerError(f"{where}.{field} is {shown(value)}; expected a text")
    return value


def part(found: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    """Return a field that must be an object.

    Raises:
        TriggerError: it is not.
    """
    value = found.get(field)
    if not isinstance(value, Mapping):
        raise TriggerError(f"{where}.{field} is {shown(value)}; expected an object")
    return value
