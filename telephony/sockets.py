"""WebSocket addresses of this app. The carrier's comes bare; the browser phone's brings a signed-in person."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from django.urls import URLPattern, path

from telephony.consumers import (
    BrowserPhoneConsumer,
    EitherConsumer,
    MediaStreamConsumer,
    WebsitePhoneConsumer,
)

websocket_urlpatterns: list[URLPattern] = [
    path("agents/<uuid:agent_id>/media", MediaStreamConsumer.as_asgi()),  # type: ignore[arg-type]
    path("agents/<uuid:agent_id>/ws", EitherConsumer.as_asgi()),  # type: ignore[arg-type]
    path("website/phone", WebsitePhoneConsumer.as_asgi()),  # type: ignore[arg-type]
    path(
        "t/<slug:slug>/agents/<uuid:agent_id>/phone",
        AuthMiddlewareStack(BrowserPhoneConsumer.as_asgi()),
    ),
]
