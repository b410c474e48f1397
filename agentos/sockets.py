"""WebSocket addresses. Carrier sockets come bare: no session, no channel layer; pages bring a signed-in person."""

from typing import Any, cast

from django.urls import re_path

from calls.sockets import websocket_urlpatterns as calls
from telephony.sockets import websocket_urlpatterns as telephony


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """An address that does not exist: the handshake is refused."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [*telephony, *calls, re_path(r"", cast(Any, nowhere), name="nowhere")]
