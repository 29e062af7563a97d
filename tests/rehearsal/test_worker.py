"""The stand-in worker, a real Celery on a real Redis: it holds as many messages as its environment says."""

import os
import time
from pathlib import Path

import pytest

from infra.environment import load
from rehearsal.ports import free_port
from rehearsal.processes import Processes
from rehearsal.saas.app import send
from rehearsal.saas.broker import Broker
from rehearsal.saas.saas import worker_command

pytestmark = pytest.mark.usefixtures("can_rehearse")

QUEUE = "celery"
SENT = 30
LONG_SECONDS = 60.0
"""Of each task: none is finished while the test lasts."""
PATIENCE_SECONDS = 30.0
STILL_SECONDS = 0.5
"""In which nothing more is taken, once all was that can be."""


@pytest.mark.parametrize("prefetch", [0, 1])
def test_a_worker_takes_what_it_works_on_and_what_it_reserves_and_no_more(
    prefetch: int, processes: Processes, tmp_path: Path
) -> None:
    worker = load("prod").worker.model_copy(update={"concurrency": 2, "prefetch": prefetch})
    broker = Broker(tmp_path, free_port(), processes)
    send(SENT, 0, 0.0, LONG_SECONDS, broker.url, QUEUE)

    processes.start(
        "worker",
        worker_command("0123456789", worker),
        log=tmp_path / "worker.log",
        env={**os.environ, "SAAS_REDIS_URL": broker.url, "SAAS_QUEUE": QUEUE},
    )

    left = SENT - 2 * (1 + prefetch)
    until = time.monotonic() + PATIENCE_SECONDS
    while broker.depth(QUEUE) > left and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(STILL_SECONDS)
    assert broker.depth(QUEUE) == left, (tmp_path / "worker.log").read_text()[-2000:]
    broker.client.close()
