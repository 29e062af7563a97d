"""Hooks that disturb a function at one of its calls: ended, answer lost, refused, somebody else in between.

The functions return a hook for ``stage.hooks``; ``At`` installs its own. A call is named as
``service.Operation``, or by its number within a look.
"""

from collections.abc import Callable
from typing import Any, Literal

from botocore.exceptions import ReadTimeoutError

from seam import Call, Hooks, Killed, LostAnswer, Refusal

FUNCTION = "worker_stuck"
_THROTTLED = {"sns": "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"}
"""As each service words it; SNS still speaks XML."""
_CONFLICTS = {
    "dynamodb.UpdateItem": {"__type": "TransactionConflictException", "message": "ongoing"},
    "dynamodb.DeleteItem": {"__type": "TransactionConflictException", "message": "ongoing"},
    "dynamodb.TransactWriteItems": {
        "__type": "TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
    },
}
"""Calls that DynamoDB refuses while another transaction writes the same item; moto never does."""
Told = Callable[[Call], None]


def refuse(name: str, code: str = "AccessDeniedException", actor: str = FUNCTION) -> Any:
    """Answer every call of the function with this name with an error."""

    def before(call: Call) -> Refusal | None:
        ours = call.actor == actor and call.name == name
        return Refusal(code) if ours else None

    return before


def refuse_patrol(stage: Any, operation: str) -> None:
    """Answer every call of patrol's with this operation with an error."""

    def before(call: Call) -> Refusal | None:
        ours = call.actor == "patrol" and call.operation == operation
        return Refusal("InternalError", 500) if ours else None

    stage.hooks.before.append(before)


def silent(name: str) -> Told:
    """Let no request with this name arrive, nor an answer come: each attempt runs into its time-out."""

    def sending(call: Call) -> None:
        if call.actor == FUNCTION and call.name == name:
            raise ReadTimeoutError(endpoint_url=name)

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


How = Literal[
    "ended before",
    "ended after",
    "answer lost",
    "throttled once",
    "conflict once",
    "refused",
    "silent",
]


class At:
    """Counts the function's calls and disturbs it at one of them.

    Args:
        number: of the call, from 0; None disturbs none.
        how: ended before or after the call: the process is gone. answer lost, throttled once, conflict
            once: what the client sends again, if it does, is answered; a conflict is DynamoDB's, with
            another write on the same item. refused, silent: that is not answered either.
        actor: which function.
    """

    def __init__(
        self, number: int | None = None, how: How = "ended before", actor: str = FUNCTION
    ) -> None:
        self._number = number
        self._how = how
        self._actor = actor
        self.names: list[str] = []

    def install(self, hooks: Hooks) -> None:
        """Begin to count."""
        usual = hooks.answer
        hooks.before.append(self._before)
        hooks.sending.append(self._sending)
        hooks.answer = lambda call: self._answer(call) or usual(call)
        hooks.after.append(self._after)

    def _is(self, call: Call, *how: How) -> bool:
        here = call.actor == self._actor and len(self.names) - 1 == self._number
        return here and self._how in how

    def _once(self) -> None:
        self._number = None

    def _before(self, call: Call) -> Refusal | None:
        if call.actor == self._actor:
            self.names.append(call.name)
        if self._is(call, "ended before"):
            raise Killed(f"before {call.name}")
        return Refusal("ThrottlingException") if self._is(call, "refused") else None

    def _sending(self, call: Call) -> None:
        if self._is(call, "silent"):
            raise ReadTimeoutError(endpoint_url=call.name)
        if self._is(call, "answer lost"):
            self._once()
            raise LostAnswer

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if self._is(call, "throttled once"):
            self._once()
            return 400, _THROTTLED.get(call.service, {"__type": "ThrottlingException"})
        if self._is(call, "conflict once") and call.name in _CONFLICTS:
            self._once()
            return 400, _CONFLICTS[call.name]
        return None

    def _after(self, call: Call) -> None:
        if self._is(call, "ended after"):
            raise Killed(f"after {call.name}")
