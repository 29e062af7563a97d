"""The load balancer: spreads requests over the backend's tasks, checks their health, counts.

Counts are put into CloudWatch each virtual minute under the names and dimensions that an ALB uses; as there,
a counter without an event has no datapoint. Not rehearsed: percentiles of the response time.
"""

import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ANSWER_SECONDS = 2.0
"""Real: the ALB's idle timeout is 60 s by default."""
CHECK_SECONDS = 0.2
"""Real, between two health checks of each task: 12 virtual seconds."""
UNHEALTHY = 2
"""Failed checks in a row that take a task out, as the target group's threshold."""
HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server"}
)


@dataclass(frozen=True)
class Reply:
    """What a task answered, or the load balancer in its place."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    by_target: bool


class Balancer:
    """Stands in front of one service.

    Args:
        hosts: returns the addresses of the tasks that are registered.
        port: where each task listens.
    """

    def __init__(self, hosts: Callable[[], list[str]], port: int) -> None:
        self._hosts = hosts
        self._port = port
        self._turn = itertools.count()
        self._failed: Counter[str] = Counter()
        self._passed: set[str] = set()
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._seconds = 0.0
        self._fewest: int | None = None
        self._stop = threading.Event()
        self._checker = threading.Thread(target=self._check_all, daemon=True)

    def start(self) -> None:
        """Begin to check."""
        self._checker.start()

    def close(self) -> None:
        """Stop checking."""
        self._stop.set()
        if self._checker.is_alive():
            self._checker.join(timeout=5)

    def healthy(self) -> list[str]:
        """Return the addresses of the tasks that may get requests."""
        return [
            one for one in self._hosts() if one in self._passed and self._failed[one] < UNHEALTHY
        ]

    def _check_all(self) -> None:
        while not self._stop.wait(CHECK_SECONDS):
            for host in self._hosts():
                reply = self._ask(host, "GET", "/live", {}, b"", 1.0)
                if reply is not None and reply.status == 200:
                    self._passed.add(host)
                    self._failed[host] = 0
                else:
                    self._failed[host] += 1
            count = len(self.healthy())
            with self._lock:
                self._fewest = count if self._fewest is None else min(self._fewest, count)

    def forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Pass one request on, and count what came of it."""
        began = time.monotonic()
        hosts = self.healthy()
        if hosts:
            host = hosts[next(self._turn) % len(hosts)]
            found = self._ask(host, method, path, headers, body, ANSWER_SECONDS)
            late = time.monotonic() - began >= ANSWER_SECONDS
            reply = found or _own(504 if late else 502)
        else:
            reply = _own(503)
        self._count(reply, time.monotonic() - began, chosen=bool(hosts))
        return reply

    def _ask(
        self,
        host: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        within: float,
    ) -> Reply | None:
        connection = http.client.HTTPConnection(host, self._port, timeout=within)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
            return Reply(answer.status, kept, answer.read(), by_target=True)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _count(self, reply: Reply, seconds: float, *, chosen: bool) -> None:
        """Count as an ALB does: RequestCount is of the requests for which a target was chosen."""
        who = "Target" if reply.by_target else "ELB"
        with self._lock:
            if chosen:
                self._counts["RequestCount"] += 1
            self._counts[f"HTTPCode_{who}_{reply.status // 100}XX_Count"] += 1
            if reply.by_target:
                self._counts["answered"] += 1
                self._seconds += seconds

    def measured(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return what was counted since the last call: by load balancer, and by target group."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            seconds, self._seconds = self._seconds, 0.0
            fewest, self._fewest = self._fewest, None
        answered = counts.pop("answered", 0)
        by_balancer: dict[str, float] = dict(counts)
        if answered:
            by_balancer["TargetResponseTime"] = seconds / answered
        registered, healthy = len(self._hosts()), len(self.healthy())
        fewest = healthy if fewest is None else fewest
        by_group = {
            "HealthyHostCount": float(fewest),
            "UnHealthyHostCount": float(max(registered - fewest, 0)),
        }
        return by_balancer, by_group


def _own(status: int) -> Reply:
    reasons = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
    body = f"<html><head><title>{status} {reasons[status]}</title></head></html>".encode()
    return Reply(status, [("Content-Type", "text/html")], body, by_target=False)


def put(reply: Reply, handler: Any) -> None:
    """Answer a request with a reply."""
    handler.send_response(reply.status)
    for name, value in reply.headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(reply.body)))
    handler.end_headers()
    handler.wfile.write(reply.body)
