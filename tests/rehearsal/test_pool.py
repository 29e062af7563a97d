"""A web task's pool of connections: it keeps what it was given back, or leaks it, up to a number."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from rehearsal.saas.pool import LEAK_MOST, Pool

LIMIT, BACKENDS = 197, 4
"""Connections that the application may have, and its tasks in the case of the leak."""


class Connection:
    """One that only knows whether it is open."""

    def __init__(self, opened: list["Connection"]) -> None:
        self.closed = False
        opened.append(self)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Return every connection that was opened."""
    found: list[Connection] = []

    def connect(*_: Any, **__: Any) -> Connection:
        return Connection(found)

    monkeypatch.setattr(psycopg, "connect", connect)
    return found


def _ask(pool: Pool, times: int) -> None:
    for _ in range(times):
        with pool.connection():
            pass


def _held(opened: list[Connection]) -> int:
    return sum(not one.closed for one in opened)


def test_a_pool_that_leaks_nothing_needs_one_connection(
    opened: list[Connection], tmp_path: Path
) -> None:
    _ask(Pool("", 10, tmp_path / "leak"), 100)

    assert _held(opened) == 1


def test_a_leak_keeps_connections_up_to_a_number_and_serves_on(
    opened: list[Connection], tmp_path: Path
) -> None:
    (tmp_path / "leak").touch()

    _ask(Pool("", 10, tmp_path / "leak"), LEAK_MOST + 50)

    assert _held(opened) == LEAK_MOST + 1


def test_a_leak_that_is_repaired_gives_back_what_it_kept(
    opened: list[Connection], tmp_path: Path
) -> None:
    pool, leak = Pool("", 10, tmp_path / "leak"), tmp_path / "leak"
    leak.touch()
    _ask(pool, LEAK_MOST + 50)
    leak.unlink()

    _ask(pool, 1)

    assert _held(opened) == 1


def test_what_four_tasks_leak_is_too_much_and_what_three_leak_is_not() -> None:
    free_of_three = LIMIT - (BACKENDS - 1) * LEAK_MOST

    assert BACKENDS * LEAK_MOST > LIMIT
    assert free_of_three > LIMIT * 5 / 100
