"""One virtual clock for moto, alarms, schedules and functions: fast, and stopped while a function runs.

The clock is 32 bytes in a mapped file, written by the case's process only: a count that is odd while the
rest changes, a virtual moment, the machine's monotonic moment at which it was set, and the rate. Functions
read it in their own processes; they see it stopped, so a look takes no virtual time however loaded this
machine is. Real time is always ``time.monotonic``, which nothing here touches.
"""

import mmap
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

_COUNT = struct.Struct("=q")
_LAYOUT = struct.Struct("=qqd")
"""Behind the count."""
NANOSECONDS = 1_000_000_000
FASTEST = 60.0
"""Virtual seconds per real second: faster, and a worker's start would take longer than in production."""


class SharedClock:
    """The case's side of the clock.

    Args:
        path: the file to share; made anew.
        start: the first moment, aware.
        rate: virtual seconds per real second, at most ``FASTEST``.
    """

    def __init__(self, path: Path, start: datetime, rate: float = FASTEST) -> None:
        if rate > FASTEST:
            raise ValueError(f"rate {rate} is above {FASTEST}: processes could not keep up")
        size = _COUNT.size + _LAYOUT.size
        path.write_bytes(bytes(size))
        self.path = path
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), size)
        self._rate = rate
        self._paused = 0
        self._lock = threading.Lock()
        first = int(start.timestamp() * NANOSECONDS)
        self._map[_COUNT.size :] = _LAYOUT.pack(first, time.monotonic_ns(), rate)

    def _at(self, moment_ns: int) -> int:
        virtual, real, rate = _LAYOUT.unpack_from(self._map, _COUNT.size)
        return int(virtual + (moment_ns - real) * rate)

    def _go_on(self, rate: float) -> None:
        """Change the rate from here on, with the lock held.

        Who reads meanwhile would go on at the old rate, beyond the moment at which this one begins, and
        then see time run backwards: the lock keeps threads off, the odd count other processes.
        """
        (count,) = _COUNT.unpack_from(self._map)
        _COUNT.pack_into(self._map, 0, count + 1)
        real = time.monotonic_ns()
        _LAYOUT.pack_into(self._map, _COUNT.size, self._at(real), real, rate)
        _COUNT.pack_into(self._map, 0, count + 2)

    def time_ns(self) -> int:
        """Return the virtual moment in nanoseconds since the epoch."""
        with self._lock:
            return self._at(time.monotonic_ns())

    def now(self) -> datetime:
        """Return the virtual moment, aware, in UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time_ns() // 1000)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock for a while; may be nested."""
        with self._lock:
            self._paused += 1
            if self._paused == 1:
                self._go_on(0.0)
        try:
            yield
        finally:
            with self._lock:
                self._paused -= 1
                if self._paused == 0:
                    self._go_on(self._rate)

    @contextmanager
    def worn(self) -> Iterator[None]:
        """Make this process's ``time.time`` and ``datetime.now`` show the virtual moment."""
        travel = time_machine.travel(0, tick=True)
        traveller = travel.start()
        traveller.time_ns = self.time_ns  # type: ignore[method-assign]  # the library's own seam
        try:
            yield
        finally:
            travel.stop()

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
        self._file.close()
