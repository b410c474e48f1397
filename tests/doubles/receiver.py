"""A server of the business on this machine: keeps what it is sent, and answers as it is set to."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Receiver:
    """Answers every request with `status` and `body`, and keeps headers and bodies in `received`."""

    def __init__(self) -> None:
        self.status, self.body = 204, b""
        self.received, self.paths = list[tuple[dict[str, str], bytes]](), list[str]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.place = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.place}/hook"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                receiver.paths.append(self.path)
                self.send_response(receiver.status)
                self.send_header("content-length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                """Nothing to say."""

        return Handler

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def kinds(self) -> list[str]:
        """Of the webhooks that came."""
        return [json.loads(body)["type"] for _, body in self.received]
