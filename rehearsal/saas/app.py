"""The SaaS's Celery worker: tasks that take real time and leave a trace in Redis.

Started by the embedded ECS as ``celery -A rehearsal.saas.app worker``. ``SAAS_BROKEN`` names a file; where
it exists the worker cannot start, as with a bad secret or a broken dependency.
"""

import json
import os
import sys
import time
from pathlib import Path

import psycopg
import redis
from celery import Celery

from rehearsal.saas import quotas
from rehearsal.saas.broker import DONE

URL = os.environ.get("SAAS_REDIS_URL", "redis://127.0.0.1:1/0")

app = Celery("saas", broker=URL)
app.conf.update(
    task_acks_late=True,
    task_default_queue=os.environ.get("SAAS_QUEUE", "celery"),
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    # Nobody on the web side waits for a result: the workers alone keep one, of the task that is asked for it.
    result_backend=URL if "worker" in sys.argv else None,
    task_ignore_result=True,
)

if "worker" in sys.argv and Path(os.environ.get("SAAS_BROKEN", "/nonexistent")).exists():
    sys.exit("cannot start: the database password in the secret is wrong")


_connections: list[psycopg.Connection[object]] = []
"""Of this process: Celery's children each keep one."""


def _use_database() -> None:
    """Ask the database on a kept connection, where there is one; a failure is logged, not raised."""
    address = os.environ.get("SAAS_DB")
    if not address:
        return
    try:
        if not _connections:
            _connections.append(psycopg.connect(address, autocommit=True, connect_timeout=2))
        _connections[0].execute("SELECT 1")
    except psycopg.Error as error:
        _connections.clear()
        line = {
            "level": "ERROR",
            "logger": "worker",
            "message": f"database: {str(error).strip()[:200]}",
        }
        os.write(2, (json.dumps(line) + "\n").encode())


@app.task(name="saas.reconcile_ai_quotas", ignore_result=False)  # type: ignore[untyped-decorator]  # Celery has no types
def reconcile_ai_quotas() -> None:
    """Rebuild the AI quota counters from the usage log."""
    counted = redis.Redis.from_url(URL)
    quotas.reconcile(os.environ["SAAS_DB"], counted, os.environ["SAAS_QUOTA_PREFIX"])


@app.task(name="saas.work")  # type: ignore[untyped-decorator]  # Celery has no types
def work(number: int, busy_seconds: float, wait_seconds: float) -> None:
    """Use the CPU, wait as for a database, and leave a trace."""
    until = time.process_time() + busy_seconds
    while time.process_time() < until:
        pass
    _use_database()
    time.sleep(wait_seconds)
    redis.Redis.from_url(URL).rpush(DONE, number)


def send(
    count: int, first: int, busy_seconds: float, wait_seconds: float, url: str, queue: str
) -> None:
    """Send tasks, numbered from ``first``: the SaaS's web side."""
    sender = Celery("saas-web", broker=url)
    sender.conf.task_default_queue = queue
    for number in range(first, first + count):
        sender.send_task("saas.work", (number, busy_seconds, wait_seconds), ignore_result=True)
    sender.close()
