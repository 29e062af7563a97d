"""The stand-in load balancer, before real servers: what it counts, and under whose name."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

import pytest

from rehearsal.ports import free_port
from rehearsal.saas import balancer as module
from rehearsal.saas.balancer import Balancer
from web import Answering

WELL, SICK = "127.0.3.1", "127.0.3.2"
NOBODY = "127.0.3.3"
"""Where nothing listens."""
PATIENCE_SECONDS = 10.0


@dataclass
class Tasks:
    """What the tasks behind the load balancer answer, and which of them are registered."""

    port: int
    hosts: list[str] = field(default_factory=lambda: [WELL])
    live: dict[str, int] = field(default_factory=dict)
    status: int = 200
    waits: float = 0.0
    drops: bool = False
    served: list[str] = field(default_factory=list)


@pytest.fixture
def tasks() -> Iterator[Tasks]:
    made = Tasks(free_port())

    class Handler(Answering):
        def answer(self) -> None:
            host = str(self.server.server_address[0])
            if self.path == "/live":
                status = made.live.get(host, 200)
            elif made.drops:
                self.close_connection = True
                return
            else:
                made.served.append(host)
                time.sleep(made.waits)
                status = made.status
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ExitStack() as servers:
        for host in (WELL, SICK):
            server = ThreadingHTTPServer((host, made.port), Handler)
            server.daemon_threads = True
            servers.callback(server.server_close)
            servers.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield made


@pytest.fixture
def balancer(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Balancer]:
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    with closing(Balancer(lambda: tasks.hosts, tasks.port)) as made:
        made.start()
        _wait(lambda: made.healthy() == tasks.hosts)
        yield made


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < until
        time.sleep(0.005)


def _counted(balancer: Balancer) -> dict[str, float]:
    counts, _ = balancer.measured()
    counts.pop("TargetResponseTime", None)
    return counts


@pytest.mark.parametrize("status", [200, 302, 404, 500, 503])
def test_counts_whatever_a_target_answers_as_the_targets(
    status: int, tasks: Tasks, balancer: Balancer
) -> None:
    tasks.status = status

    replies = [balancer.forward("GET", "/health", {}, b"") for _ in range(3)]

    assert [one.status for one in replies] == [status] * 3
    name = f"HTTPCode_Target_{status // 100}XX_Count"
    assert _counted(balancer) == {"RequestCount": 3, name: 3}


def test_without_a_healthy_target_its_own_503_is_no_request_in_the_count(
    tasks: Tasks, balancer: Balancer
) -> None:
    tasks.hosts = []

    assert balancer.forward("GET", "/health", {}, b"").status == 503
    assert _counted(balancer) == {"HTTPCode_ELB_5XX_Count": 1}


def _hang_up(tasks: Tasks) -> None:
    tasks.drops = True


def _hang(tasks: Tasks) -> None:
    tasks.waits = 1.0


@pytest.mark.parametrize(
    ("does", "status"), [(_hang_up, 502), (_hang, 504)], ids=["hangs up", "hangs"]
)
def test_a_chosen_target_that_does_not_answer_is_a_request_and_an_error_of_its_own(
    does: Callable[[Tasks], None], status: int, tasks: Tasks, balancer: Balancer
) -> None:
    does(tasks)

    assert balancer.forward("GET", "/chat", {}, b"").status == status
    assert _counted(balancer) == {"RequestCount": 1, "HTTPCode_ELB_5XX_Count": 1}


def test_a_count_begins_anew_with_each_minute(balancer: Balancer) -> None:
    balancer.forward("GET", "/", {}, b"")
    balancer.measured()

    assert balancer.measured()[0] == {}


def test_the_response_time_is_the_mean_of_what_targets_answered(
    tasks: Tasks, balancer: Balancer
) -> None:
    balancer.forward("GET", "/", {}, b"")
    tasks.waits = 0.2
    balancer.forward("GET", "/", {}, b"")
    tasks.drops = True
    balancer.forward("GET", "/", {}, b"")

    counts, _ = balancer.measured()

    assert 0.1 <= counts["TargetResponseTime"] < 0.2


def test_a_failing_check_takes_a_task_out_and_a_passed_one_back_in(
    tasks: Tasks, balancer: Balancer
) -> None:
    tasks.hosts = [WELL, SICK]
    _wait(lambda: balancer.healthy() == [WELL, SICK])

    tasks.live[SICK] = 503
    _wait(lambda: balancer.healthy() == [WELL])
    _wait(lambda: _hosts(balancer) == (1, 1))

    tasks.live[SICK] = 200
    _wait(lambda: _hosts(balancer) == (2, 0))


def test_a_task_gets_nothing_before_its_first_check(tasks: Tasks) -> None:
    unchecked = Balancer(lambda: tasks.hosts, tasks.port)

    assert unchecked.healthy() == []
    assert unchecked.forward("GET", "/", {}, b"").status == 503


def test_a_task_that_does_not_answer_is_registered_and_not_healthy(
    tasks: Tasks, balancer: Balancer
) -> None:
    tasks.hosts = [WELL, NOBODY]

    _wait(lambda: _hosts(balancer) == (1, 1))

    assert balancer.healthy() == [WELL]


def test_healthy_tasks_take_turns(tasks: Tasks, balancer: Balancer) -> None:
    tasks.hosts = [WELL, SICK]
    _wait(lambda: balancer.healthy() == [WELL, SICK])

    for _ in range(4):
        balancer.forward("GET", "/", {}, b"")

    assert sorted(tasks.served) == [WELL, WELL, SICK, SICK]


def _hosts(balancer: Balancer) -> tuple[float, float]:
    _, by_group = balancer.measured()
    return by_group["HealthyHostCount"], by_group["UnHealthyHostCount"]
