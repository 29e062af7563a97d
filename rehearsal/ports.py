"""Ports of this machine that are free, and stay so until they are used."""

import random
import socket
from pathlib import Path

from rehearsal.parts import LOOPBACK

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000
TRIES = 100


def free_port() -> int:
    """Return a free port below those that the kernel gives to outgoing connections.

    One of those may be taken by any client between its choice and its use.

    Raises:
        RuntimeError: none of many is free.
    """
    highest = int(RANGE.read_text(encoding="ascii").split()[0]) if RANGE.exists() else 32_768
    for _ in range(TRIES):
        port = random.randrange(LOWEST, max(highest, LOWEST + 1))
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port on {LOOPBACK} among {TRIES}")
