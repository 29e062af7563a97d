"""Clients of the database that are no part of the SaaS: somebody's notebook, a forgotten script."""

from collections.abc import Callable
from typing import Any

import psycopg

from rehearsal.saas.database import Database


class Strangers:
    """Takes connections, and keeps them.

    Args:
        database: returns whose.
    """

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._kept: list[Any] = []

    def _take_one(self) -> bool:
        address = self._database().address("stranger")
        try:
            self._kept.append(psycopg.connect(address, autocommit=True))
        except psycopg.OperationalError:
            return False
        return True

    def take(self, until: int) -> None:
        """Take connections until so many are in use, by whomever."""
        while (self._database().connections() or 0) < until and self._take_one():
            pass

    def take_all(self) -> None:
        """Take all that there are: those that the SaaS has are ended, so that it has to ask anew."""
        for _ in range(3):
            self._database().end_connections("saas")
            while self._take_one():
                pass

    def give_back(self) -> None:
        """Close them all."""
        for one in self._kept:
            one.close()
        self._kept.clear()
