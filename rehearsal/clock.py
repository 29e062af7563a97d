"""One virtual clock for moto, alarms, schedules and functions: fast, and stopped while a function runs.

The clock is 24 bytes in a mapped file, written by the case's process only: a virtual moment, the
machine's monotonic moment at which it was set, and the rate. Functions read it in their own processes;
they see it stopped, so a look takes no virtual time however loaded this machine is. Real time is always
``time.monotonic``, which nothing here touches.
"""

import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

_LAYOUT = struct.Struct("=qqd")
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
        path.write_bytes(bytes(_LAYOUT.size))
        self.path = path
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), _LAYOUT.size)
        self._rate = rate
        self._paused = 0
        self._set(int(start.timestamp() * NANOSECONDS), rate)

    def _set(self, virtual_ns: int, rate: float) -> None:
        self._map[:] = _LAYOUT.pack(virtual_ns, time.monotonic_ns(), rate)

    def time_ns(self) -> int:
        """Return the virtual moment in nanoseconds since the epoch."""
        virtual, real, rate = _LAYOUT.unpack(self._map[:])
        return int(virtual + (time.monotonic_ns() - real) * rate)

    def now(self) -> datetime:
        """Return the virtual moment, aware, in UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time_ns() // 1000)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock for a while; may be nested."""
        self._paused += 1
        if self._paused == 1:
            self._set(self.time_ns(), 0.0)
        try:
            yield
        finally:
            self._paused -= 1
            if self._paused == 0:
                self._set(self.time_ns(), self._rate)

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
