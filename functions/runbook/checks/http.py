"""HTTP to the outside: https, the exact host, no redirects, 5 seconds, 64 KB.

What comes back is data: it is parsed, shown quoted, never obeyed. Credentials go in as a bearer token and
never come out again, in no answer and in no error.
"""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import urllib3

from runbook.model import Unknown

SECONDS = 5.0
"""For the whole call: a page that takes longer tells enough by that."""
MOST_BYTES = 64 * 1024
"""Of a body: a status summary has about 20 KB."""
_CHUNK = 8 * 1024
_GRACE_SECONDS = 0.5
"""For the call's own time-outs, which say better what was late."""
LOOPBACK = "127.0.0.1"
"""The one host that is spoken to without TLS: a rehearsal's own."""


@dataclass(frozen=True)
class Reply:
    """What a server answered.

    Attributes:
        status: HTTP's; a redirect is an answer of its own and is not followed.
        text: the body.
    """

    status: int
    text: str

    @property
    def json(self) -> Any:
        """Return the body as JSON, or None when it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):  # brackets in brackets in brackets ...
            return None


def get(url: str, *, token: str = "", most_bytes: int = MOST_BYTES) -> Reply | Unknown:
    """Read an address."""
    return _call("GET", url, None, token, most_bytes)


def post(url: str, body: Mapping[str, Any] | None = None, *, token: str = "") -> Reply | Unknown:
    """Send to an address, once: an answer that is lost is not asked for again."""
    return _call("POST", url, json.dumps(body or {}).encode(), token)


def _call(
    method: str, url: str, body: bytes | None, token: str, most_bytes: int = MOST_BYTES
) -> Reply | Unknown:
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", LOOPBACK):
        return Unknown(f"{parts.hostname}: only https is spoken")
    headers = {"Accept": "application/json", "User-Agent": "nightshift"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    ask = partial(_ask, method, url, body, headers, most_bytes)
    return _in_time(ask, str(parts.hostname))


def _in_time(ask: Callable[[], Reply | Unknown], host: str) -> Reply | Unknown:
    """Ask in a thread that is left alone when it is late.

    A socket's time-out begins anew with each byte: a server that sends one now and then would hold a look
    until Lambda ends it, and every look after it.
    """
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        return pool.submit(ask).result(timeout=SECONDS + _GRACE_SECONDS)
    except TimeoutError:
        return Unknown(f"{host}: not answered in full within {SECONDS:g} s")
    finally:
        pool.shutdown(wait=False)


def _ask(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], most_bytes: int
) -> Reply | Unknown:
    host, until = str(urlsplit(url).hostname), time.monotonic() + SECONDS
    try:
        with urllib3.PoolManager(retries=False) as pool:
            answer = pool.request(
                method,
                url,
                body=body,
                headers=headers,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=SECONDS),
            )
            return _read(answer, host, until, most_bytes)
    except urllib3.exceptions.HTTPError as error:
        return Unknown(f"{host}: {type(error).__name__}")
    except ValueError:  # of a header that cannot be sent, and its text is that header
        return Unknown(f"{host}: the request cannot be sent as it is")


def _read(
    answer: urllib3.BaseHTTPResponse, host: str, until: float, most_bytes: int
) -> Reply | Unknown:
    body = b""
    for chunk in answer.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > most_bytes:
            return Unknown(f"{host}: answered more than {most_bytes // 1024} KB")
        if time.monotonic() > until:
            return Unknown(f"{host}: not answered in full within {SECONDS:g} s")
    return Reply(answer.status, body.decode("utf-8", "replace"))
