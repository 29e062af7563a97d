"""A real Redis of the test's own on 127.0.0.1, and ports where something else answers."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import redis

from redis_probe.probe import Settings
from rehearsal.parts import redis_server

Start = Callable[[], int]
READY_SECONDS = 20


class NotReadyError(Exception):
    """The server ended, or does not answer."""


@contextmanager
def running(binary: str, port: int, folder: Path) -> Iterator[None]:
    own = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    process = subprocess.Popen(  # noqa: S603  # the wheel's binary with our arguments
        [binary, *own, "--save", "", "--appendonly", "no"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(port, process)
        yield
    finally:
        process.kill()
        process.wait()


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with redis.Redis(host="127.0.0.1", port=port) as client:
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
    raise NotReadyError(f"redis-server did not become ready; its exit code is {process.poll()}")


def unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def free_port() -> Iterator[int]:
    """Return a port that is taken, so that nobody else gets it, and on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Start]:
    """Return what starts Redis, or starts it anew on the same port."""
    if sys.platform != "linux":
        pytest.skip("the wheel with a redis-server is for Linux")
    binary, ports = redis_server(), list[int]()
    with ExitStack() as stack:

        def start() -> int:
            stack.close()
            if ports:
                stack.enter_context(running(binary, ports[0], tmp_path))
                return ports[0]
            for _ in range(5):  # another process may take the port before Redis does
                port = unused_port()
                with suppress(NotReadyError):
                    stack.enter_context(running(binary, port, tmp_path))
                    ports.append(port)
                    return port
            raise NotReadyError("redis-server found no port")

        yield start


@pytest.fixture
def listener() -> Iterator[Callable[[bytes], int]]:
    """Return what opens a port that sends the same bytes to whoever connects, and then nothing."""
    with ExitStack() as stack:

        def listen(answer: bytes) -> int:
            opened = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            accepted: list[socket.socket] = []

            def accept() -> None:
                while True:
                    try:
                        connection, _ = opened.accept()
                    except OSError:
                        return
                    accepted.append(connection)
                    with suppress(OSError):  # it may be gone already
                        connection.sendall(answer)

            thread = threading.Thread(target=accept)
            thread.start()
            stack.callback(lambda: [one.close() for one in accepted])
            stack.callback(thread.join)
            stack.callback(opened.shutdown, socket.SHUT_RDWR)
            return int(opened.getsockname()[1])

        yield listen


@pytest.fixture
def settings() -> Callable[..., Settings]:
    def of(port: int, *, tls: bool = False) -> Settings:
        return Settings(
            environment="prod",
            redis_host="127.0.0.1",
            redis_port=port,
            redis_tls=tls,
            queue="celery",
            unacked="unacked",
            quota_pattern="ai_quota:*",
            region="me-south-1",
            redis_secret="",
        )

    return of
