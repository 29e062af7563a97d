"""A web server on this machine that answers what a test tells it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from threading import Thread
from typing import Any

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Length: 60\r\n"
_TRICKLED = {"head": (_HEAD, b"X-Slow: " + b"x" * 60), "body": (_HEAD + b"\r\n", b"x" * 60)}


@dataclass
class Web:
    """What the server answers, and what it was asked.

    Attributes:
        status, body, headers: of each answer.
        asked: method, path and headers of each request, in order.
        hangs: whether it takes a request and never answers.
        trickles: "head" or "body": it sends that part byte by byte, each soon enough for a socket.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    hangs: bool = False
    trickles: str = ""
    url: str = ""


def _trickle(to: BufferedIOBase, at_once: bytes, late: bytes) -> None:
    to.write(at_once)
    for byte in late:
        try:
            to.write(bytes([byte]))
            to.flush()
        except OSError:
            return  # the client has given up
        time.sleep(0.05)


class Answering(BaseHTTPRequestHandler):
    """Takes a request whole, and writes nothing to the terminal."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer()

    def answer(self) -> None:
        """Answer it."""
        raise NotImplementedError

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port until the test is over; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serve() -> Iterator[Web]:
    """Serve on a free port until the test is over."""
    web = Web()

    class Handler(Answering):
        def answer(self) -> None:
            web.asked.append((self.command, self.path, dict(self.headers)))
            if web.hangs:
                self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{")
                self.wfile.flush()
                self.rfile.read(1)  # until the client gives up
                return
            if web.trickles:
                _trickle(self.wfile, *_TRICKLED[web.trickles])
                return
            self.send_response(web.status)
            for name, value in web.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(web.body)))
            self.end_headers()
            self.wfile.write(web.body)

    with listening(Handler) as web.url:
        yield web
