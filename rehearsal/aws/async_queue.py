"""What is asynchronous about EventBridge -> Lambda: retries, maximum age, the on-failure destination."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rehearsal.aws.cloudformation import ASYNC
from rehearsal.aws.lambdas import Answer, Functions, new_request_id
from rehearsal.journal import Journal

RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=2))
"""Lambda waits 1 minute before the first retry and 2 before the second."""


@dataclass(frozen=True)
class Waiting:
    """One event on its way to a function.

    Attributes:
        function: its name.
        event: what it gets.
        rule: which rule sent it.
        since: when it was taken in.
        due: when it is handed over.
        attempt: 1 for the first.
        request_id: the same for all attempts, as in Lambda.
    """

    function: str
    event: Any
    rule: str
    since: datetime
    due: datetime
    attempt: int
    request_id: str


class AsyncQueue:
    """The asynchronous invocations of a case.

    Args:
        functions: calls them.
        journal: gets a line in ``invocations.jsonl`` for each attempt.
        count: adds 1 to an AWS/Lambda metric of a function.
        dead_letter: puts a record into a queue by ARN, on behalf of a function's role.
    """

    def __init__(
        self,
        functions: Functions,
        journal: Journal,
        count: Callable[[str, str], None],
        dead_letter: Callable[[str, str, str], None],
    ) -> None:
        self._functions = functions
        self._journal = journal
        self._count = count
        self._dead_letter = dead_letter
        self._waiting: list[Waiting] = []

    def take(self, function: str, event: Any, rule: str, now: datetime) -> None:
        """Take an event in."""
        self._waiting.append(Waiting(function, event, rule, now, now, 1, new_request_id()))

    def run(self, now: datetime) -> None:
        """Hand over everything that is due, oldest first."""
        while due := [one for one in self._waiting if one.due <= now]:
            first = min(due, key=lambda one: one.due)
            self._waiting.remove(first)
            self._hand_over(first, now)

    def _hand_over(self, one: Waiting, now: datetime) -> None:
        answer = self._functions.invoke(one.function, one.event, one.request_id)
        self._count(one.function, "Invocations")
        self._journal.write(
            "invocations",
            function=one.function,
            event_id=one.event.get("id", "") if isinstance(one.event, dict) else "",
            request_id=one.request_id,
            kind="async",
            rule=one.rule,
            attempt=one.attempt,
            ok=answer.ok,
            error=answer.error,
            duration_ms=round(answer.milliseconds, 1),
            answer=answer.payload,
        )
        if not answer.ok:
            self._count(one.function, "Errors")
            self._failed(one, answer, now)

    def _failed(self, one: Waiting, answer: Answer, now: datetime) -> None:
        config = ASYNC.get(one.function, {"age": 21600, "retries": 2, "on_failure": ""})
        due = now + RETRY_AFTER[min(one.attempt - 1, 1)]
        too_old = due - one.since > timedelta(seconds=config["age"])
        if one.attempt <= config["retries"] and not too_old:
            self._waiting.append(replace(one, due=due, attempt=one.attempt + 1))
            return
        self._count(one.function, "AsyncEventsDropped")
        if config["on_failure"]:
            record = _record(
                one, answer, now, "EventAgeExceeded" if too_old else "RetriesExhausted"
            )
            self._dead_letter(one.function, config["on_failure"], json.dumps(record))


def _record(one: Waiting, answer: Answer, now: datetime, condition: str) -> dict[str, Any]:
    """Return what Lambda puts into an on-failure destination."""
    return {
        "version": "1.0",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "requestContext": {
            "requestId": one.request_id,
            "functionArn": one.function,
            "condition": condition,
            "approximateInvokeCount": one.attempt,
        },
        "requestPayload": one.event,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": answer.payload,
    }
