"""moto behind an HTTP layer that writes down every call: who, what, on what, and what came of it."""

import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from rehearsal.journal import Journal

_CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/")
_LACKS = (404, 405, 500, 501)
"""What moto answers to an operation that it does not have; our functions provoke none of them."""


@dataclass(frozen=True)
class Call:
    """One HTTP call to the embedded AWS.

    Attributes:
        function: whose access key signed it; ``driver`` for the rehearsal itself.
        service: for example ``ecs``.
        operation: for example ``UpdateService``.
        target: what it is about, as the guard judged it.
        phase: before it takes effect, or after.
        status: HTTP's, 0 before.
    """

    function: str
    service: str
    operation: str
    target: str
    phase: str
    status: int = 0


Hook = Callable[[Call], None]
_SHOWN = {
    "PutParameter": ("Name", "Value"),
    "RegisterTaskDefinition": ("family", "cpu", "memory"),
    "RunTask": ("taskDefinition", "clientToken", "overrides"),
    "StopServiceDeployment": ("serviceDeploymentArn", "stopType"),
    "UpdateService": ("service", "desiredCount", "taskDefinition", "forceNewDeployment"),
}
"""What is written down of a change: the judge asks what was changed to what."""


class Server:
    """The embedded AWS's endpoint.

    Args:
        journal: gets a line in ``aws-calls.jsonl`` for each call of a function, and one in
            ``changes.jsonl`` with the parameters of each that changes something.
        whose: function name by access key.
    """

    def __init__(self, journal: Journal, whose: Callable[[str], str]) -> None:
        self._journal = journal
        self._whose = whose
        self._moto = DomainDispatcherApplication(create_backend_app)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.hooks: list[Hook] = []
        self._server = make_server(
            "127.0.0.1", 0, self._call, threaded=True, request_handler=MotoRequestHandler
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _call(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        call = self._understand(environ)
        shown = _shown(call.operation, environ)
        try:
            for hook in self.hooks:
                hook(call)
        except ConnectionAbortedError:
            start("503 Service Unavailable", [])
            return []
        status: list[int] = []

        def started(line: str, headers: Any, *rest: Any) -> Any:
            status.append(int(line.split(" ", 1)[0]))
            return start(line, headers, *rest)

        try:
            body = list(self._moto.get_application(environ)(environ, started))
        except Exception as error:  # whatever moto lacks shows itself as some exception
            self._journal.write(
                "unsupported", why=f"the embedded AWS broke: {error!r}", call=vars(call)
            )
            raise
        after = Call(call.function, call.service, call.operation, call.target, "after", status[0])
        if call.function != "driver":
            self._write(after, environ, shown)
        for hook in self.hooks:
            hook(after)
        return body

    def _write(self, call: Call, environ: dict[str, Any], shown: dict[str, Any]) -> None:
        if "HTTP_X_NIGHTSHIFT_JUDGED" not in environ:
            self._journal.write(
                "unsupported", why="a call that no policy was asked about", call=vars(call)
            )
        if call.status in _LACKS:
            self._journal.write("unsupported", why="the embedded AWS lacks it", call=vars(call))
        self._journal.write(
            "aws-calls",
            function=call.function,
            service=call.service,
            operation=call.operation,
            target=call.target,
            status=call.status,
        )
        if shown:
            self._journal.write(
                "changes",
                function=call.function,
                service=call.service,
                operation=call.operation,
                status=call.status,
                params=shown,
            )

    def _understand(self, environ: dict[str, Any]) -> Call:
        found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, service = found.groups() if found else ("", "unsigned")
        judged = environ.get("HTTP_X_NIGHTSHIFT_JUDGED", "")
        target = judged.split(" ", 1)[1] if " " in judged else ""
        operation = _operation(environ)
        return Call(self._whose(key), service, operation, target, "before")

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _operation(environ: dict[str, Any]) -> str:
    """Return the operation's name, which each of AWS's protocols puts somewhere else."""
    header = environ.get("HTTP_X_AMZ_TARGET", "")
    if header:
        return str(header.rsplit(".", 1)[-1])
    path = str(environ.get("PATH_INFO", ""))
    if "/operation/" in path:
        return path.rsplit("/", 1)[-1]
    if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        return str(parse_qs(body.decode()).get("Action", ["?"])[0])
    return f"{environ.get('REQUEST_METHOD', '?')} {path}"


def _shown(operation: str, environ: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a change, which are JSON in the body; reads have none that matter."""
    if operation not in _SHOWN:
        return {}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    found = json.loads(body)
    return {name: found[name] for name in _SHOWN[operation] if name in found}


def make_dynamodb_atomic() -> None:
    """Put one lock round moto's DynamoDB: its conditional writes are not atomic across threads."""
    lock = threading.RLock()
    original = DynamoHandler.call_action
    if getattr(original, "is_atomic", False):
        return

    def call_action(self: Any) -> Any:
        with lock:
            return original(self)

    call_action.is_atomic = True  # type: ignore[attr-defined]
    DynamoHandler.call_action = call_action
