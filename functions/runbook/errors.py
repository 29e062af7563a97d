"""Every error that Nightshift raises on purpose.

::

    NightshiftError
    ├── SettingsError      the function's environment is not what the code expects
    ├── TriggerError       an event that no part of Nightshift sent or asked for
    ├── SchemaError        an item in the table written by a version that this code does not know
    ├── LostClaimError     another look took the incident over; this one must not write
    ├── FixError           a fix's call outside AWS was refused, or its answer was lost
    └── TableError         the table cannot be reached: no fix, page directly

A refusal by the gate is not here: it is an expected answer, hence a value (``gate.Refusal``).
"""


class NightshiftError(Exception):
    """Base of all errors raised by Nightshift."""


class SettingsError(NightshiftError):
    """A setting is missing, unknown or of the wrong type; the message names the key."""


class TriggerError(NightshiftError):
    """An event cannot be understood; the message names the field and what was expected."""


class SchemaError(NightshiftError):
    """A stored item carries a schema version that this code does not know."""


class LostClaimError(NightshiftError):
    """The incident's version moved on: another look holds it now."""


class TableError(NightshiftError):
    """DynamoDB did not answer or refused: nothing can be claimed, so nothing may be changed."""


class FixError(NightshiftError):
    """A fix's call was refused, or its answer was lost.

    Args:
        why: fit to page someone with; never with a credential in it.
        lost: whether the call may have taken effect all the same.
    """

    def __init__(self, why: str, *, lost: bool = False) -> None:
        super().__init__(why)
        self.lost = lost
