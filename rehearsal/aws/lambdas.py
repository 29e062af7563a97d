"""Runs the deployed functions: AWS's runtime client in a process each, behind a runtime API of ours.

Synchronous calls here; what is asynchronous about EventBridge -> Lambda (retries, ages, destinations) is
in ``queue.py``. The clock stands still from the moment a function is called until it answered.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rehearsal.aws.ecs import roles_of_families
from rehearsal.clock import SharedClock
from rehearsal.processes import Processes

INIT_SECONDS = 20.0
"""Real seconds for a function to start: Lambda allows 10; this machine has 2 busy cores."""
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
INTERPRETER = ROOT / ".venv-lambda" / "bin" / "python"
LAUNCHER_ONLY = ROOT / ".venv-lambda" / "launcher"


@dataclass(frozen=True)
class Deployed:
    """One function as the template describes it.

    Attributes:
        name: the function's name.
        code: the unpacked asset.
        handler: module and attribute.
        environment: the template's variables.
        timeout: real seconds.
        memory_mib: shown to the function; not enforced.
        role: the ARN of its role.
        policies: the role's documents, as deployed.
        log_group: where its lines go.
        access_key: its identity in the embedded AWS.
    """

    name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    timeout: float
    memory_mib: int
    role: str
    policies: list[Any]
    log_group: str
    access_key: str


@dataclass(frozen=True)
class Answer:
    """What came of an invocation.

    Attributes:
        ok: whether the handler returned.
        payload: its answer, or the error as Lambda reports it.
        error: the error's type, empty when it is ok.
        milliseconds: real time.
    """

    ok: bool
    payload: Any
    error: str
    milliseconds: float


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    server: ThreadingHTTPServer
    inbox: "queue.Queue[tuple[str, bytes]]" = field(default_factory=queue.Queue)
    outbox: "queue.Queue[tuple[str, Any]]" = field(default_factory=queue.Queue)
    ready: threading.Event = field(default_factory=threading.Event)


class Functions:
    """The host of all functions of a case.

    Args:
        folder: the case's folder, for logs.
        clock: stops while a function is in flight.
        processes: starts them.
        endpoint: the embedded AWS.
        place: region and account.
        guard: what the launcher's guard needs besides the policies.
        on_line: gets each line that a function writes, with its log group.
    """

    def __init__(
        self,
        folder: Path,
        clock: SharedClock,
        processes: Processes,
        endpoint: str,
        guard: Mapping[str, Any],
        on_line: Callable[[Deployed, str], None],
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._processes = processes
        self._endpoint = endpoint
        self._guard = dict(guard)
        self._on_line = on_line
        self._deployed: dict[str, Deployed] = {}
        self._running: dict[str, _Running] = {}
        self._read: dict[str, int] = {}
        self.invocations = 0
        self.broken: set[str] = set()
        """Functions of which every invocation fails, for a case that breaks Nightshift itself."""

    def deploy(self, deployed: Deployed) -> None:
        """Make a function known; it starts at its first call."""
        self._deployed[deployed.name] = deployed

    def names(self) -> list[str]:
        """Return the names of all functions."""
        return sorted(self._deployed)

    def by_key(self, access_key: str) -> str:
        """Return which function makes calls with an access key; ``driver`` for any other."""
        found = [one.name for one in self._deployed.values() if one.access_key == access_key]
        return found[0] if found else "driver"

    def get(self, name: str) -> Deployed:
        """Return a function by name."""
        return self._deployed[name]

    def kill(self, name: str) -> None:
        """Kill a function's process, as when its sandbox dies."""
        if name in self._running:
            self._processes.signal(self._running[name].process, signal.SIGKILL)

    def invoke(self, name: str, event: Any, request_id: str) -> Answer:
        """Call a function and wait for its answer, its death or its timeout."""
        began = time.monotonic()
        self.invocations += 1
        with self._clock.paused():
            if name in self.broken:
                ok, payload = False, {"errorType": "Runtime.ExitError", "errorMessage": "broken"}
            else:
                ok, payload = self._invoke(self._deployed[name], event, request_id)
            self._drain_log(self._deployed[name])
        error = "" if ok else str(payload.get("errorType", "Unknown"))
        return Answer(ok, payload, error, (time.monotonic() - began) * 1000)

    def _invoke(self, deployed: Deployed, event: Any, request_id: str) -> tuple[bool, Any]:
        running = self._running.get(deployed.name)
        if running is None or running.process.poll() is not None:
            running = self._start(deployed)
            if not self._wait(running, running.ready.is_set, INIT_SECONDS):
                return self._dead(deployed, "Runtime.InitError")
        running.inbox.put((request_id, json.dumps(event).encode()))
        if not self._wait(running, lambda: not running.outbox.empty(), deployed.timeout):
            kind = "Runtime.ExitError" if running.process.poll() is not None else "Sandbox.Timedout"
            return self._dead(deployed, kind)
        kind, payload = running.outbox.get_nowait()
        return kind == "response", payload

    def _wait(self, running: _Running, done: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if done():
                return True
            if running.process.poll() is not None:
                return done()
            time.sleep(0.001)
        return False

    def _dead(self, deployed: Deployed, kind: str) -> tuple[bool, Any]:
        self._stop(deployed.name)
        return False, {"errorType": kind, "errorMessage": f"{deployed.name}: {kind}"}

    def _start(self, deployed: Deployed) -> _Running:
        self._stop(deployed.name)
        holder: list[_Running] = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), _api(holder, deployed))
        server.daemon_threads = True
        process = self._processes.start(
            deployed.name,
            [str(INTERPRETER), "-I", str(HERE / "launcher.py")],
            log=self._log(deployed),
            env=self._environment(deployed, server.server_address[1]),
            cwd=deployed.code,
        )
        running = _Running(process, server)
        holder.append(running)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._running[deployed.name] = running
        return running

    def _environment(self, deployed: Deployed, port: int) -> dict[str, str]:
        roles = roles_of_families(self._guard["account"], self._guard["region"])
        guard = {
            **self._guard,
            "role": deployed.role,
            "policies": deployed.policies,
            "roles": roles,
        }
        own = {
            "path": [str(LAUNCHER_ONLY), str(HERE)],
            "clock": str(self._clock.path),
            "guard": guard,
        }
        return {
            **deployed.environment,
            "AWS_ACCESS_KEY_ID": deployed.access_key,
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": self._guard["region"],
            "AWS_REGION": self._guard["region"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed.memory_mib),
            "AWS_LAMBDA_FUNCTION_NAME": deployed.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": deployed.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": "rehearsal",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "LAMBDA_TASK_ROOT": str(deployed.code),
            "LANG": "en_US.UTF-8",
            "NIGHTSHIFT_REHEARSAL": json.dumps(own),
            "PATH": os.defpath,
            "TZ": "UTC",
            "_HANDLER": deployed.handler,
        }

    def _log(self, deployed: Deployed) -> Path:
        return self._folder / f"{deployed.name}.log"

    def _drain_log(self, deployed: Deployed) -> None:
        path = self._log(deployed)
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read.get(deployed.name, 0))
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read[deployed.name] = self._read.get(deployed.name, 0) + len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._on_line(deployed, line)

    def _stop(self, name: str) -> None:
        running = self._running.pop(name, None)
        if running is None:
            return
        self._processes.signal(running.process, signal.SIGKILL)
        running.process.wait()
        running.server.shutdown()
        running.server.server_close()

    def close(self) -> None:
        """Stop all functions."""
        for name in list(self._running):
            self._stop(name)


def new_request_id() -> str:
    """Return an id as Lambda gives one to each invocation."""
    return str(uuid.uuid4())


def _api(holder: list[_Running], deployed: Deployed) -> type[BaseHTTPRequestHandler]:
    """Return the handler of one function's runtime API."""

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            """Hand over the next event; the client waits here between invocations."""
            running = holder[0]
            running.ready.set()
            request_id, event = running.inbox.get()
            arn = f"arn:aws:lambda:::function:{deployed.name}"
            self._answer(
                200,
                event,
                {
                    "Content-Type": "application/json",  # without it the native client crashes
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + deployed.timeout) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": arn,
                },
            )

        def do_POST(self) -> None:
            """Take a response, an error, or an error of init."""
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length) if length else self._chunked()
            kind = "response" if self.path.endswith("/response") else "error"
            holder[0].outbox.put((kind, json.loads(body or b"null")))
            holder[0].ready.set()
            self._answer(202, b'{"status":"OK"}', {})

        def _chunked(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(parts)

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """Stay silent: the case has its own journal."""

    return Api
