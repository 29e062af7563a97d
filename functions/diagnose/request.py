"""What a person may ask: ``{"reason": "...", "send": false}``, by direct Invoke and in no other way."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.errors import TriggerError
from runbook.fields import shown, text
from runbook.trigger import MOST_REASON

FIELDS = ("reason", "send")


@dataclass(frozen=True)
class Request:
    """One person's wish.

    Attributes:
        reason: shown in the report.
        send: whether the report is also sent as an update.
    """

    reason: str
    send: bool = False


def parse(event: object) -> Request:
    """Understand a request.

    Raises:
        TriggerError: it is none; the message names the field and what was expected.
    """
    if not isinstance(event, Mapping):
        raise TriggerError(f"the request is a {type(event).__name__}; expected a JSON object")
    unknown = sorted(str(field) for field in event if field not in FIELDS)
    if unknown:
        raise TriggerError(
            f"the request has {', '.join(unknown)[:120]}; expected only {', '.join(FIELDS)}"
        )
    reason = text(event, "reason", "request")
    if len(reason) > MOST_REASON:
        raise TriggerError(
            f"request.reason has {len(reason)} characters; expected at most {MOST_REASON}"
        )
    send = event.get("send", False)
    if not isinstance(send, bool):
        raise TriggerError(f"request.send is {shown(send)}; expected true or false")
    return Request(reason, send)
