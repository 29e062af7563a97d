"""The rehearsal's stand-in for Vercel's API on a port of its own, with what may go wrong on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rehearsal.saas.balancer import Reply, put
from rehearsal.saas.outside import TOKEN, Outside
from runbook.checks.vercel import Place
from web import Answering, listening

PROJECT, SECRET = "prj_saas", "prod/vercel-token"


@dataclass
class Vercel:
    """The stand-in, what it was asked, and how it misbehaves.

    Attributes:
        loses: answers of POST never arrive.
        takes: whether a POST takes effect.
        instead: answered in place of everything, where it is set.
    """

    outside: Outside = field(default_factory=lambda: Outside({}, PROJECT))
    asked: list[str] = field(default_factory=list)
    loses: bool = False
    takes: bool = True
    instead: Reply | None = None
    url: str = ""

    @property
    def place(self) -> Place:
        """Return the project there."""
        return Place(f"{self.url}/vercel/", PROJECT, "", SECRET)

    def posts(self) -> list[str]:
        """Return the paths that were posted to."""
        return [one.removeprefix("POST ") for one in self.asked if one.startswith("POST ")]

    def answer(self, method: str, path: str, bearer: str) -> Reply | None:
        """Answer one request; None where the answer is lost."""
        self.asked.append(f"{method} {path}")
        if self.instead is not None:
            return self.instead
        if method == "POST" and not self.takes:
            return None
        reply = self.outside.answer(method, path, bearer)
        return None if method == "POST" and self.loses else reply


@contextmanager
def serve_vercel() -> Iterator[Vercel]:
    """Serve on a free port until the test is over."""
    vercel = Vercel()

    class Handler(Answering):
        def answer(self) -> None:
            bearer = self.headers.get("Authorization", "")
            reply = vercel.answer(self.command, self.path, bearer)
            if reply is not None:
                put(reply, self)

    with listening(Handler) as vercel.url:
        yield vercel


class Secrets:
    """A Secrets Manager with Vercel's token in it."""

    def __init__(self, value: str = TOKEN) -> None:
        self.value = value

    def get_secret_value(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"SecretId": SECRET}
        return {"SecretString": f"{self.value}\n"}
