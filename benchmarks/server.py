"""A small HTTP server on 127.0.0.1 that answers AWS calls after a delay, and keeps their times.

Each connection has its own thread, so calls made side by side wait side by side, as they do at AWS.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.world import HEALTH, RECONCILE, STATUS_PAGE, StrangeCallError, World

INVOKE = "/2015-03-31/functions/"
WEB = {"/health": HEALTH, "/status": STATUS_PAGE, "/reconcile": RECONCILE}
"""What the web has, by its path."""


@dataclass(frozen=True)
class Call:
    """One call that was answered.

    Attributes:
        operation: for example ``UpdateService``; of the web, what is asked.
        answered_at: on this machine's monotonic clock, which all its processes share.
        lines: log lines that the answer has.
    """

    operation: str
    answered_at: float
    lines: int = 0


@dataclass
class Server:
    """What the server does now, and what it was asked.

    Attributes:
        world: whose answers it gives.
        port: on 127.0.0.1.
        delay_seconds: that each call takes.
        calls: since they were last taken.
        strange: why a call could not be answered; empty when all were.
    """

    world: World
    port: int = 0
    delay_seconds: float = 0.0
    calls: list[Call] = field(default_factory=list)
    strange: str = ""

    def take(self) -> list[Call]:
        """Return the calls since the last time.

        Raises:
            StrangeCallError: one of them has no answer.
        """
        if self.strange:
            raise StrangeCallError(self.strange)
        calls, self.calls = self.calls, []
        return calls


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    state: Server

    def do_GET(self) -> None:
        self._answer(WEB.get(self.path, self.path), {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path in WEB or self.path.startswith(INVOKE):
            self._answer(WEB.get(self.path, "Invoke"), {})
        else:
            self._answer(*_understand(self.headers.get("X-Amz-Target", ""), body))

    def _answer(self, operation: str, params: Mapping[str, Any]) -> None:
        time.sleep(self.state.delay_seconds)
        try:
            status, answer = self.state.world.answer(operation, params)
        except StrangeCallError as error:
            self.state.strange = str(error)
            status, answer = 400, {"__type": "StrangeCall", "message": str(error)}
        content = answer if isinstance(answer, str) else json.dumps(answer)
        kind = "text/xml" if isinstance(answer, str) else "application/x-amz-json-1.1"
        found = answer.get("events", ()) if isinstance(answer, dict) else ()
        # Before the answer leaves: whoever reads it may ask for the calls at once.
        self.state.calls.append(Call(operation, time.monotonic(), len(found)))
        self._send(status, kind, content.encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amzn-RequestId", "0")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Say nothing: the standard output is the report's."""


def _understand(target: str, body: bytes) -> tuple[str, Mapping[str, Any]]:
    if target:
        return target.rsplit(".", 1)[-1], json.loads(body or b"{}")
    query = dict(parse_qsl(body.decode()))
    return query.get("Action", "a call without a name"), query


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that a finished process left behind."""


@contextmanager
def serve(world: World) -> Iterator[Server]:
    """Serve a world on a free port until the block ends."""
    state = Server(world)
    handler = type("Handler", (_Handler,), {"state": state})
    with _Quiet(("127.0.0.1", 0), handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
