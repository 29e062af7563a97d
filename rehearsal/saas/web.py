"""The SaaS's web backend: one process a task, started by the embedded ECS.

What it does is decided by environment variables, as in a real one: addresses, the database's password, the
pool's size. Two are its bugs, and wait for a file: ``SAAS_CRASH_WHEN`` (the process ends with 1),
``SAAS_LEAK_WHEN`` (connections are not given back). A report is kept in memory, up to ``SAAS_CACHE_MIB``.
"""

import json
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import redis

from rehearsal.saas.pool import Pool
from rehearsal.saas.quotas import count_usage

ENV = os.environ
READY = "listening"
"""The message of the line that says so."""
REDIS_SECONDS = 0.3
"""Real: Redis on the same machine answers within a millisecond."""
PROVIDER_SECONDS = 0.15
"""Real, for the AI provider's answer: 9 virtual seconds."""
CRASH_SECONDS = 0.7
"""Real, before a look for the file that lets it crash: less than ECS takes to call a deployment steady."""
STEP = 1024 * 1024
REPORT_MIB = 8
"""Of memory that a report takes."""


def log(level: str, logger: str, message: str, **more: object) -> None:
    """Write one JSON line, as the container's log driver takes it."""
    line = {"level": level, "logger": logger, "message": message, "task": ENV.get("SAAS_TASK", "")}
    print(json.dumps({**line, **more}), flush=True)


class Backend:
    """What the requests share.

    Attributes:
        provider: the AI provider's name, read once, at start.
    """

    def __init__(self) -> None:
        self.pool = Pool(
            ENV["SAAS_DB"],
            int(ENV.get("SAAS_POOL", "10")),
            Path(ENV.get("SAAS_LEAK_WHEN", "/nowhere")),
        )
        self.redis = redis.Redis.from_url(
            ENV["SAAS_REDIS_URL"],
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        )
        self.provider = _provider()
        self._cache_mib = int(ENV.get("SAAS_CACHE_MIB", "96"))
        self._cache: list[bytes] = []

    def report(self) -> tuple[int, dict[str, Any]]:
        """Make a report, and keep it in memory as long as the cache takes it."""
        if len(self._cache) * REPORT_MIB < self._cache_mib:
            self._cache.append(os.urandom(STEP) * REPORT_MIB)
        return 200, {"reports": len(self._cache)}

    def health(self) -> tuple[int, dict[str, str]]:
        """Ask the database and Redis, really."""
        parts = {"db": self._well(self._ask_database), "redis": self._well(self.redis.ping)}
        well = all(word == "ok" for word in parts.values())
        return (200 if well else 503), {"status": "ok" if well else "degraded", **parts}

    def _ask_database(self) -> None:
        with self.pool.connection() as connection:
            connection.execute("SELECT 1")

    @staticmethod
    def _well(ask: Any) -> str:
        try:
            ask()
        except (psycopg.Error, redis.RedisError, OSError):
            return "error"
        return "ok"

    def items(self) -> tuple[int, dict[str, Any]]:
        """Read from the database; a failure is the user's to see."""
        try:
            with self.pool.connection() as connection:
                found = connection.execute("SELECT id, name FROM items LIMIT 5").fetchall()
        except psycopg.Error as error:
            log("ERROR", "web", f"GET /api/v1/items failed: {str(error).strip()[:200]}")
            return 500, {"error": "internal"}
        return 200, {"items": [{"id": one, "name": name} for one, name in found]}

    def chat(self, user: str) -> tuple[int, dict[str, Any]]:
        """Ask the AI provider; users get a fallback where it fails. Count what was used."""
        address = f"{ENV['SAAS_AI']}/{self.provider}/v1/chat"
        try:
            with urllib.request.urlopen(address, timeout=PROVIDER_SECONDS) as answer:  # noqa: S310
                text = json.loads(answer.read())["text"]
        except (OSError, ValueError, urllib.error.URLError) as error:
            why = f"{self.provider}: {error}"
            log("ERROR", "ai_gateway", f"provider timeout: {why}", provider=self.provider)
            return 200, {"text": "Our assistant is away for a moment.", "fallback": True}
        log("INFO", "ai_gateway", "answered", provider=self.provider)
        self._count(user, len(text))
        return 200, {"text": text}

    def _count(self, user: str, tokens: int) -> None:
        try:
            with self.pool.connection() as connection:
                count_usage(connection, self.redis, ENV["SAAS_QUOTA_PREFIX"], user, tokens)
        except (psycopg.Error, redis.RedisError) as error:
            log("ERROR", "quota", f"usage of {user} not counted in full: {type(error).__name__}")

    def reconcile(self, token: str) -> tuple[int, dict[str, Any]]:
        """Queue the task that rebuilds the counters; only for who has the token."""
        if token != f"Bearer {ENV['SAAS_ADMIN_TOKEN']}":
            return 401, {"error": "unauthorized"}
        from rehearsal.saas.app import app  # noqa: PLC0415  # Celery is slow to import

        try:
            task = app.send_task("saas.reconcile_ai_quotas", retry=False)
        except Exception as error:  # noqa: BLE001  # kombu raises what its transport raises
            log("ERROR", "web", f"reconcile not queued: {type(error).__name__}")
            return 503, {"error": "the queue is away"}
        return 202, {"task_id": task.id}


def _provider() -> str:
    """Return the AI provider's name, which SSM has."""
    if "SAAS_PROVIDER_PARAMETER" not in ENV:
        return "none"
    import boto3  # noqa: PLC0415  # slow to import, and not every case has AI

    found = boto3.client("ssm").get_parameter(Name=ENV["SAAS_PROVIDER_PARAMETER"])
    return str(found["Parameter"]["Value"])


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    backend: Backend

    def do_GET(self) -> None:
        """Answer what users and the load balancer ask."""
        path = self.path.split("?")[0]
        if path == "/live":
            self._answer(200, {"alive": True})
        elif path == "/api/v1/health":
            self._answer(*self.backend.health())
        elif path == "/api/v1/items":
            self._answer(*self.backend.items())
        elif path == "/api/v1/report":
            self._answer(*self.backend.report())
        elif path == "/api/v1/chat":
            self._answer(*self.backend.chat(self.headers.get("X-User", "nobody")))
        else:
            self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        """Answer the administrators."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/v1/admin/tasks/reconcile-ai-quotas":
            self._answer(*self.backend.reconcile(self.headers.get("Authorization", "")))
        else:
            self._answer(404, {"error": "not found"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Stay silent: requests are counted by the load balancer."""


class Server(ThreadingHTTPServer):
    """Takes a burst of requests, and a port that was just in use."""

    daemon_threads = True
    request_queue_size = 64
    address_family = socket.AF_INET


def _crash_when(path: str) -> None:
    time.sleep(CRASH_SECONDS)
    while not Path(path).exists():
        time.sleep(CRASH_SECONDS)
    log("ERROR", "web", "unhandled: KeyError: 'plan'; the process ends")
    os._exit(1)


def main() -> None:
    """Serve until the end."""
    Handler.backend = Backend()
    server = Server((ENV["SAAS_HOST"], int(ENV["SAAS_PORT"])), Handler)
    if path := ENV.get("SAAS_CRASH_WHEN"):
        threading.Thread(target=_crash_when, args=(path,), daemon=True).start()
    log("INFO", "web", READY, at=datetime.now(UTC).isoformat())
    server.serve_forever()


if __name__ == "__main__":
    main()
