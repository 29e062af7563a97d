"""The one place through which every AWS call of the functions under test goes.

It sits where botocore hands a request over (its public events), so what comes before it, the check of
parameters and the retries, is botocore's own. Tests put hooks here: to record, to kill a function
before or after a call, to lose an answer, to refuse, to make a look stand still.

The clients are made once per process and shared by all tests: they keep nothing between calls.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from runbook.aws import Aws, Calls, SideBySide, in_threads, one_by_one


class Killed(BaseException):
    """The function's process ended here; nothing of it runs any more."""


class LostAnswer(Exception):  # noqa: N818  # it is an instruction to the seam, not a fault
    """Raised by a hook: the call takes effect and its answer never arrives."""


@dataclass(frozen=True)
class Call:
    """One API call of a function.

    Attributes:
        actor: the function's name.
        service: botocore's service id in lower case, for example ``dynamodb``.
        operation: for example ``UpdateItem``.
        params: as the function gave them.
    """

    actor: str
    service: str
    operation: str
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return ``service.Operation``."""
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True)
class Refusal:
    """An answer that AWS itself would give: an error code, or none for a call that AWS does not answer.

    Attributes:
        code: for example ``AccessDeniedException``.
        status: HTTP's.
    """

    code: str
    status: int = 400


Hook = Callable[[Call], Refusal | None]
Answer = Callable[[Call], tuple[int, Any] | None]


@dataclass
class Hooks:
    """What one stage wants to know and to disturb.

    Attributes:
        before: asked before each call is sent; may raise ``Killed`` or return a refusal.
        after: told after each call was answered; may raise ``Killed``.
        heard: told what the function got for an answer.
        sending: told each time a request leaves, retries included; may raise ``LostAnswer``, or a
            botocore error for a request that never arrived.
        answer: answers a request instead of moto: status and body (a text as it is, else as JSON), or None.
        landed: told when a request took effect.
    """

    before: list[Hook] = field(default_factory=list)
    after: list[Callable[[Call], None]] = field(default_factory=list)
    heard: list[Callable[[Call, Mapping[str, Any]], None]] = field(default_factory=list)
    sending: list[Callable[[Call], None]] = field(default_factory=list)
    answer: Answer = lambda _call: None  # the default of a field
    landed: list[Callable[[Call], None]] = field(default_factory=list)


class _Seam:
    def __init__(self) -> None:
        self.hooks = Hooks()
        self.actors = threading.local()
        self._now = threading.local()
        # AWS makes each request whole; moto does so only while nobody else makes one.
        self._one_at_a_time = threading.RLock()

    def listen(self, events: Any) -> None:
        # botocore asks every listener: moto's own would make each call a second time.
        events.unregister("before-send", botocore_stubber)
        events.register("before-parameter-build", self._asked)
        events.register("before-call", self._before)
        events.register("before-send", self._send)
        events.register("after-call", self._after)

    def _asked(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_id.lower().replace(" ", "")
        actor = getattr(self.actors, "name", "nobody")
        self._now.call = Call(actor, service, model.name, dict(params))

    def _before(self, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        call: Call = self._now.call
        for hook in self.hooks.before:
            refusal = hook(call)
            self._now.call = call  # a hook may have let another look make its calls
            if refusal is not None:
                error = {"Error": {"Code": refusal.code, "Message": "as the test says"}}
                metadata = {"ResponseMetadata": {"HTTPStatusCode": refusal.status}}
                return AWSResponse("", refusal.status, {}, MockRawResponse("")), error | metadata
        return None

    def _send(self, event_name: str, request: Any, **_: Any) -> AWSResponse:
        call: Call = self._now.call
        lost = False
        for hook in self.hooks.sending:
            try:
                hook(call)
            except LostAnswer:
                lost = True
        with self._one_at_a_time:
            answer = self._answer(call, event_name, request)
            if answer.status_code < 300:
                for told in self.hooks.landed:
                    told(call)
        if lost:
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def _answer(self, call: Call, event_name: str, request: Any) -> AWSResponse:
        own = self.hooks.answer(call)
        if own is not None:
            headers = {"x-amzn-RequestId": f"id-of-{call.name}"}
            body = own[1] if isinstance(own[1], str) else json.dumps(own[1])
            return AWSResponse(request.url, own[0], headers, MockRawResponse(body))
        answer = botocore_stubber(event_name, request)
        if answer is None:
            raise AssertionError(f"moto does not know {call.name}")
        return answer

    def _after(self, parsed: Mapping[str, Any], **_: Any) -> None:
        call: Call = self._now.call
        for listener in self.hooks.heard:
            listener(call, parsed)
        for hook in self.hooks.after:
            hook(call)


SEAM = _Seam()
REGION = "me-south-1"


def _session() -> boto3.session.Session:
    session = boto3.session.Session(
        aws_access_key_id="AKIATEST", aws_secret_access_key="test", region_name=REGION
    )
    SEAM.listen(session.events)
    return session


_SESSION = _session()


def aws(side_by_side: SideBySide = one_by_one) -> Aws:
    """Return clients whose calls go through the seam."""
    return _ONE_BY_ONE if side_by_side is one_by_one else Aws(REGION, _SESSION, side_by_side)


def in_threads_of(actor: str) -> SideBySide:
    """Return how a deployed function makes its calls: at once, in threads that are all its own."""

    def as_actor(call: Callable[[], Any]) -> Any:
        SEAM.actors.name = actor
        return call()

    def side_by_side(calls: Calls) -> dict[str, Any]:
        return in_threads({name: partial(as_actor, call) for name, call in calls.items()})

    return side_by_side


_ONE_BY_ONE = Aws(REGION, _SESSION, one_by_one)
