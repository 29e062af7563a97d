"""Clients of the database that are no part of the SaaS: somebody's notebook, a forgotten script."""

from typing import Any

import psycopg


class Strangers:
    """Takes connections, and keeps them.

    Args:
        address: libpq's connection string.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._kept: list[Any] = []

    def take(self, until: int) -> None:
        """Take connections until so many are in use, by whomever."""
        while self._count() < until:
            self._kept.append(psycopg.connect(self._address, autocommit=True))

    def _count(self) -> int:
        if not self._kept:
            self._kept.append(psycopg.connect(self._address, autocommit=True))
        [(count,)] = (
            self._kept[0]
            .execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
            .fetchall()
        )
        return int(count)

    def take_all(self) -> None:
        """Take whatever the database gives, and end what the SaaS has, so that it has to ask anew."""
        while True:
            try:
                self._kept.append(psycopg.connect(self._address, autocommit=True))
            except psycopg.OperationalError:
                return

    def give_back(self) -> None:
        """Close them all."""
        for one in self._kept:
            one.close()
        self._kept.clear()
