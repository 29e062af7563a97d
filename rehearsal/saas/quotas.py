"""The SaaS's AI quotas: counters in Redis, one a user, which the usage log in the database can rebuild."""

from typing import Any

import psycopg

LOCK = 7
"""Advisory lock in Postgres: shared by those who count, held alone by who rebuilds."""


def count_usage(connection: Any, redis: Any, prefix: str, user: str, tokens: int) -> None:
    """Write down what a user used, and add it to their counter.

    Raises:
        redis.RedisError: the counter is not to be had; the log has the usage all the same.
    """
    connection.execute("SELECT pg_advisory_lock_shared(%s)", (LOCK,))
    try:
        connection.execute(
            "INSERT INTO ai_usage_log (user_id, tokens) VALUES (%s, %s)", (user, tokens)
        )
        redis.incrby(f"{prefix}{user}", tokens)
    finally:
        connection.execute("SELECT pg_advisory_unlock_shared(%s)", (LOCK,))


def reconcile(address: str, redis: Any, prefix: str) -> dict[str, int]:
    """Set each counter to what the log says; a counter that the log does not know goes."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))  # until the connection closes
        totals = sums(connection)
        for user, total in totals.items():
            redis.set(f"{prefix}{user}", total)
        for user in counters(redis, prefix).keys() - totals.keys():
            redis.delete(f"{prefix}{user}")
    return totals


def sums(connection: Any) -> dict[str, int]:
    """Return each user's tokens by the usage log."""
    found = connection.execute("SELECT user_id, sum(tokens) FROM ai_usage_log GROUP BY user_id")
    return {str(user): int(total) for user, total in found.fetchall()}


def counters(redis: Any, prefix: str) -> dict[str, int]:
    """Return each user's tokens by Redis."""
    found = {}
    for key in redis.scan_iter(f"{prefix}*"):
        name = key.decode() if isinstance(key, bytes) else key
        found[name.removeprefix(prefix)] = int(redis.get(key) or 0)
    return found
