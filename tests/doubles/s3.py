"""A store that speaks S3: objects put, got, looked for and deleted, each request signed with version 4."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI", "us-east-1"


class S3Double:
    """`with S3Double() as store`: what is kept is in `store.objects`, by its path."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.seen: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> S3Double:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """From now on nobody answers."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(store: S3Double) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = unquote(urlsplit(self.path).path)
                store.seen.append(f"{self.command} {path}")
                if not is_signed(self.command, self.path, dict(self.headers.items()), body):
                    self.say(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
                elif self.command == "PUT":
                    store.objects[path] = body
                    self.say(200)
                elif self.command == "DELETE":
                    store.objects.pop(path, None)
                    self.say(204)
                elif path not in store.objects:
                    self.say(404, b"<Error><Code>NoSuchKey</Code></Error>")
                else:
                    self.say(200, store.objects[path])

            do_GET = do_HEAD = do_PUT = do_DELETE = answer

            def say(self, status: int, body: bytes = b"") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')
                self.send_header("Last-Modified", "Mon, 14 Dec 2026 18:00:00 GMT")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *line: object) -> None:
                """Tests are quiet."""

        return Handler


def is_signed(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature is that of this request with our secret, and the body the one that was signed."""
    given = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    scheme, _, rest = given.get("authorization", "").partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    scope = parts.get("Credential", "").split("/")
    if scheme != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[0] != KEY:
        return False
    if given.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
        return False
    url = urlsplit(target)
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(url.query, keep_blank_values=True))
    )
    signed = parts["SignedHeaders"].split(";")
    lines = [method, url.path, query, *(f"{name}:{given.get(name, '')}" for name in signed), "", ";".join(signed)]
    request = "\n".join([*lines, given["x-amz-content-sha256"]])
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join([scheme, given["x-amz-date"], "/".join(scope[1:]), hashed])
    key = f"AWS4{SECRET}".encode()
    for step in scope[1:]:
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), parts["Signature"])
