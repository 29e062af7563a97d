"""Hooks that disturb a function at one of its calls: ended, answer lost, refused, somebody else in between.

Each returns a hook for ``stage.hooks``; a call is named as ``service.Operation`` or by its number.
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError

from seam import Call, Killed, LostAnswer, Refusal

FUNCTION = "worker_stuck"
Told = Callable[[Call], None]


def refuse(name: str, code: str = "AccessDeniedException", status: int = 400) -> Any:
    """Answer every call of the function with this name with an error."""

    def before(call: Call) -> Refusal | None:
        ours = call.actor == FUNCTION and call.name == name
        return Refusal(code, status) if ours else None

    return before


def silent(name: str) -> Told:
    """Let no request with this name arrive, nor an answer come: each attempt runs into its time-out."""

    def sending(call: Call) -> None:
        if call.actor == FUNCTION and call.name == name:
            raise ReadTimeoutError(endpoint_url=name)

    return sending


def first_answer_lost(name: str) -> Told:
    """Let the next request with this name take effect and its answer not arrive; others are answered."""
    left = [name]

    def sending(call: Call) -> None:
        if call.actor == FUNCTION and call.name in left:
            left.remove(call.name)
            raise LostAnswer

    return sending


def then_do(name: str, number: int, act: Callable[[], Any]) -> Any:
    """Do something right before the function's nth call with this name."""
    seen: list[Call] = []

    def before(call: Call) -> None:
        if call.actor == FUNCTION and call.name == name:
            seen.append(call)
            if len(seen) == number:
                act()

    return before


class Counted:
    """Counts the function's calls, and ends its process at one of them.

    Args:
        number: of the call at which the process ends, from 0; None never ends it.
        after: whether the call is made.
    """

    def __init__(self, number: int | None, *, after: bool) -> None:
        self._at = (number, after)
        self.names: list[str] = []

    def before(self, call: Call) -> None:
        """Count, and end the process before the call is made."""
        if call.actor != FUNCTION:
            return
        self.names.append(call.name)
        if self._at == (len(self.names) - 1, False):
            raise Killed(f"before {call.name}")

    def after(self, call: Call) -> None:
        """End the process after the call was answered."""
        if call.actor == FUNCTION and self._at == (len(self.names) - 1, True):
            raise Killed(f"after {call.name}")
