"""What a monitor asks over HTTP: /metrics in Prometheus's text, /health in JSON."""

import json
import logging
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from types import TracebackType
from typing import Any, Self

from gateway.metrics import metrics, metrics_text
from gateway.office import Office
from market.disk import space
from store.database import database_now, reading

KEPT_SECONDS = 10.0
"""How long metrics are given again before the store is asked anew: it is never asked more often than that."""

SWEPT_SECONDS = 60.0
"""A gateway that works looks at its landing every few seconds; after so long without one it is not well."""

REQUEST_SECONDS = 10.0
"""How long a request may take to come."""

_log = logging.getLogger(__name__)


def health(office: Office, disk_reserve: int) -> dict[str, Any]:
    """Whether a gateway is well: `working` or standing by, and what is wrong with it, which is nothing."""
    wrong = []
    try:
        with reading(office.engine) as session:
            database_now(session)
    except Exception as error:
        _log.exception("the store cannot be reached")
        wrong.append(f"the store cannot be reached: {type(error).__name__}")
    disk = space(office.home.root, disk_reserve)
    if disk.is_short:
        wrong.append(str(disk))
    swept, working = office.swept, office.token is not None
    if working and swept is not None and time.monotonic() - swept > SWEPT_SECONDS:
        wrong.append(f"the landing was last looked at {time.monotonic() - swept:.0f} seconds ago")
    return {"gateway": office.name, "working": working, "well": not wrong, "wrong": wrong}


class Observation:
    """Answers a monitor on a listening socket (None: nobody asks), as a context."""

    def __init__(self, listening: socket | None, office: Office, disk_reserve: int) -> None:
        self._office = office
        self._reserve = disk_reserve
        self._lock = threading.Lock()
        self._kept = ("", float("-inf"))
        self._server = _server(listening, {"/metrics": self._metrics, "/health": self._health}) if listening else None

    def __enter__(self) -> Self:
        if self._server is not None:
            self._thread = threading.Thread(target=self._server.serve_forever, name="observation", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def _metrics(self) -> tuple[int, str, str]:
        with self._lock:
            text, at = self._kept
            if time.monotonic() - at > KEPT_SECONDS:
                with reading(self._office.engine) as session:
                    found = metrics(session, self._office.home, self._office.clock(), self._reserve)
                text = metrics_text(found)
                self._kept = (text, time.monotonic())
        return 200, "text/plain; version=0.0.4; charset=utf-8", text

    def _health(self) -> tuple[int, str, str]:
        found = health(self._office, self._reserve)
        return 200 if found["well"] else 503, "application/json", json.dumps(found) + "\n"


Page = Callable[[], tuple[int, str, str]]


def _server(listening: socket, pages: dict[str, Page]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS
        server_version, sys_version = "gridpost", ""

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            if page is None:
                self._answer(404, "text/plain", "there are /metrics and /health\n")
                return
            try:
                self._answer(*page())
            except (ConnectionError, TimeoutError):
                self.close_connection = True
            except Exception:
                _log.exception("a monitor's question cannot be answered")
                self._answer(503, "text/plain", "the store cannot be asked now\n")

        def _answer(self, code: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A monitor asks all day: its requests are no events."""

    server = ThreadingHTTPServer(listening.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.daemon_threads = True
    return server
