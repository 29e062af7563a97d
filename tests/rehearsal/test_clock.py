"""The shared clock: fast, stopped while paused, never backwards, the same in two processes."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal.clock import SharedClock

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECOND = 1_000_000_000
ROOT = Path(__file__).parents[2]
READER = """
import sys, time
from rehearsal.aws.launcher import wear_clock
wear_clock(sys.argv[1])
for line in sys.stdin:
    moments = [time.time_ns() for _ in range(int(line))]
    assert moments == sorted(moments), "the clock ran backwards"
    print(moments[-1], flush=True)
"""
"""What a function's process does: wear the clock, then look at it when asked."""


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    made = SharedClock(tmp_path / "clock", START)
    yield made
    made.close()


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the real time in seconds, in a list: a test sets it."""
    seconds = [1000]
    stepped = SimpleNamespace(monotonic_ns=lambda: seconds[0] * SECOND)
    monkeypatch.setattr("rehearsal.clock.time", stepped)
    return seconds


@pytest.fixture
def reader(clock: SharedClock) -> Iterator[Callable[[int], int]]:
    """Return what has another process read the clock so many times and tell the last moment."""
    with subprocess.Popen(  # noqa: S603  # this interpreter and the program above
        [sys.executable, "-c", READER, str(clock.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:

        def read(times: int) -> int:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{times}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield read


def test_runs_sixty_times_as_fast_as_the_real_one(real: list[int], tmp_path: Path) -> None:
    clock = SharedClock(tmp_path / "clock", START)

    real[0] += 2

    assert clock.now() == START + timedelta(seconds=120)
    clock.close()


def test_stands_still_while_paused_and_goes_on_where_it_stood(
    real: list[int], tmp_path: Path
) -> None:
    clock = SharedClock(tmp_path / "clock", START)

    real[0] += 1
    with clock.paused():
        real[0] += 100
        during = clock.now()
    real[0] += 1

    assert during == START + timedelta(seconds=60)
    assert clock.now() == START + timedelta(seconds=120)
    clock.close()


def test_a_pause_within_a_pause_ends_with_the_outer_one(real: list[int], tmp_path: Path) -> None:
    clock = SharedClock(tmp_path / "clock", START)

    with clock.paused():
        with clock.paused():
            real[0] += 10
        real[0] += 10
        after_the_inner = clock.now()
    real[0] += 1

    assert after_the_inner == START
    assert clock.now() == START + timedelta(seconds=60)
    clock.close()


def test_goes_on_after_a_pause_in_which_something_failed(real: list[int], tmp_path: Path) -> None:
    clock = SharedClock(tmp_path / "clock", START)

    def fail() -> None:
        with clock.paused():
            raise OSError("a function's process is gone")

    with pytest.raises(OSError, match="is gone"):
        fail()

    real[0] += 1
    assert clock.now() == START + timedelta(seconds=60)
    clock.close()


def test_refuses_a_rate_that_processes_could_not_keep_up_with(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"rate 61\.0 is above 60\.0"):
        SharedClock(tmp_path / "clock", START, 61.0)


def test_moments_are_aware_and_in_utc(clock: SharedClock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_who_wears_it_sees_the_virtual_moment_and_then_the_real_one_again(
    clock: SharedClock,
) -> None:
    before = time.time_ns()

    with clock.paused(), clock.worn():
        seen = time.time_ns()
        told = datetime.now(UTC)
        paused = clock.time_ns()

    assert paused == seen
    assert (told - START) < timedelta(minutes=10)
    assert time.time_ns() >= before


def test_another_process_sees_the_same_moment(
    clock: SharedClock, reader: Callable[[int], int]
) -> None:
    with clock.paused():
        theirs = reader(1)
        ours = clock.time_ns()

    assert ours == theirs


def test_another_process_sees_no_moment_outside_of_ours(
    clock: SharedClock, reader: Callable[[int], int]
) -> None:
    for _ in range(20):
        before = clock.time_ns()
        theirs = reader(1)
        after = clock.time_ns()

        assert before <= theirs <= after


def test_never_runs_backwards_in_another_process(
    clock: SharedClock, reader: Callable[[int], int]
) -> None:
    done = threading.Event()

    def toggle() -> None:
        while not done.is_set():
            with clock.paused():
                pass

    thread = threading.Thread(target=toggle)
    thread.start()
    try:
        moments = [reader(20_000) for _ in range(5)]
    finally:
        done.set()
        thread.join()

    assert sorted(moments) == moments


def test_never_runs_backwards_in_another_thread(
    clock: SharedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.append(clock.time_ns()))
    seconds = iter([time.monotonic_ns(), *(time.monotonic_ns() + SECOND for _ in range(9))])

    def read_meanwhile() -> int:
        moment = next(seconds)  # taken first, and used after the other thread has read a later one
        if reader.ident is None:
            reader.start()
            reader.join(0.2)
        return moment

    monkeypatch.setattr("rehearsal.clock.time", SimpleNamespace(monotonic_ns=read_meanwhile))
    with clock.paused():
        reader.join()
        stopped_at = clock.time_ns()

    assert seen == [stopped_at]
