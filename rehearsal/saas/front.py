"""One address on this machine for all that the environment file names by URL: the SaaS and its outside."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rehearsal.journal import Journal
from rehearsal.parts import LOOPBACK
from rehearsal.saas.balancer import Balancer, put
from rehearsal.saas.outside import Outside


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Front:
    """Serves the load balancer and the outside.

    Args:
        port: free on 127.0.0.1; the template names it.
        balancer: takes what the outside does not.
        outside: takes what is its own.
        journal: gets a line in ``http.jsonl`` for each request that writes.

    Attributes:
        away: whether nobody gets through to the load balancer, as with a wrong certificate or DNS record.
    """

    def __init__(self, port: int, balancer: Balancer, outside: Outside, journal: Journal) -> None:
        self.away = threading.Event()
        away = self.away

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                self._pass_on(b"")

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def _pass_on(self, body: bytes) -> None:
                token = self.headers.get("Authorization", "")
                reply = outside.answer(self.command, self.path, token)
                if reply is None and away.is_set():
                    self.close_connection = True
                    return
                reply = reply or balancer.forward(self.command, self.path, dict(self.headers), body)
                if self.command != "GET":
                    journal.write("http", method=self.command, path=self.path, status=reply.status)
                try:
                    put(reply, self)
                except OSError:
                    self.close_connection = True  # who asked has gone

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _Server((LOOPBACK, port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
