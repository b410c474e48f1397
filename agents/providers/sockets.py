"""A vendor's websocket: opened and closed within bounds, and its failures said in our words."""

from __future__ import annotations

import functools
import json
import ssl
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.http11 import Response

from .ports import ProviderError

OPEN_S = 3.0
CLOSE_S = 0.8
PING_S = 5.0
LARGEST_MESSAGE = 2**20
HOPELESS_CLOSES = {1003, 1007, 1008, 1009}


def socket_base(base_url: str) -> str:
    """`http(s)://host/path/` as `ws(s)://host/path`."""
    return "ws" + base_url.removeprefix("http").rstrip("/")


def may_pass(status: int) -> bool:
    """Whether the same request could be answered later: the vendor is busy or broken, not unwilling."""
    return status in {408, 409, 425, 429} or status >= 500


@functools.cache
def _tls() -> ssl.SSLContext:
    """Reading the system's certificates takes milliseconds, so it happens once and not for every call."""
    return ssl.create_default_context()


async def open_socket(provider: str, url: str, headers: Mapping[str, str]) -> ClientConnection:
    """Connect within `OPEN_S`, without compression. Raises ProviderError; a refusal carries the status as its code."""
    try:
        return await connect(
            url,
            additional_headers=headers,
            ssl=_tls() if url.startswith("wss:") else None,
            compression=None,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            max_size=LARGEST_MESSAGE,
            max_queue=64,
        )
    except InvalidStatus as refusal:
        raise refused(provider, refusal.response) from refusal
    except TimeoutError as error:
        raise ProviderError(provider, "the socket did not open in time", code="connect_timeout") from error
    except InvalidURI as error:
        raise ProviderError(provider, "the address is not valid", retryable=False, code="address") from error
    except (OSError, EOFError, WebSocketException) as error:
        raise ProviderError(provider, f"no connection ({type(error).__name__})", code="connection") from error


def refused(provider: str, response: Response) -> ProviderError:
    """The vendor answered the handshake with something else than a socket."""
    status = response.status_code
    reason = response.headers.get("dg-error") or _reason(response.body)
    message = f"refused with {status} {reason}".rstrip()
    return ProviderError(provider, message, retryable=may_pass(status), code="quota" if status == 402 else str(status))


def lost(provider: str, closed: ConnectionClosed) -> ProviderError:
    """The socket ended by itself. Its code is the vendor's word for it, or the number of the close."""
    frame = closed.rcvd
    if frame is None:
        return ProviderError(provider, "the connection was lost", code="connection_lost")
    word = frame.reason.split(" ")[0][:40]
    message = f"closed with {frame.code} {word}".rstrip()
    return ProviderError(provider, message, retryable=frame.code not in HOPELESS_CLOSES, code=word or str(frame.code))


def _reason(body: bytes | None) -> str:
    """The error's name in a refusal's JSON, in either of the two shapes that vendors use."""
    try:
        answer = json.loads(body or b"")
        return str(answer.get("err_code") or answer["detail"]["status"])[:60]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
