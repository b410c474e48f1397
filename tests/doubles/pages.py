"""A page of the web on loopback: one address, whose answer a test may change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = "<title>Juniper</title><main><h1>Parking</h1><p>Behind the house.</p></main>"


@dataclass
class WebPage:
    """What it says, and where: `place` is host:port."""

    place: str
    body: str = PAGE
    status: int = 200

    @property
    def url(self) -> str:
        return f"http://{self.place}/"


@contextmanager
def web_page() -> Iterator[WebPage]:
    """It answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = page.body.encode()
            self.send_response(page.status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Not into the output of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    page = WebPage(f"127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
