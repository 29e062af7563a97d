"""The web beyond AWS: one small server whose addresses answer what a test tells them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from web import Answering, listening


@dataclass
class Outside:
    """What each address answers, and what was asked.

    Attributes:
        url: of the server.
        says: status and body by path; None takes the request and never answers.
        posts: path and bearer token of each POST that came in.
    """

    url: str = ""
    says: dict[str, tuple[int, bytes] | None] = field(default_factory=dict)
    posts: list[tuple[str, str]] = field(default_factory=list)

    def say(self, path: str, said: object, status: int = 200) -> None:
        """Let an address answer JSON."""
        self.says[path] = (status, json.dumps(said).encode())

    def saved(self) -> dict[str, Any]:
        """Return what is said and was asked, to be put back later."""
        return {"says": dict(self.says), "posts": list(self.posts)}

    def put_back(self, saved: dict[str, Any]) -> None:
        """Be again what was saved."""
        self.says, self.posts = dict(saved["says"]), list(saved["posts"])


@contextmanager
def outside() -> Iterator[Outside]:
    """Serve on a free port until the test is over."""
    web = Outside()

    class Handler(Answering):
        def answer(self) -> None:
            if self.command == "POST":
                web.posts.append((self.path, self.headers.get("Authorization", "")))
            said = web.says[self.path]
            if said is None:
                self.rfile.read(1)  # until the client gives up
                return
            self.send_response(said[0])
            self.send_header("Content-Length", str(len(said[1])))
            self.end_headers()
            self.wfile.write(said[1])

    with listening(Handler) as web.url:
        yield web
