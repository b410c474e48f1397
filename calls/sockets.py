"""WebSocket addresses of the pages that watch calls."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from django.urls import URLPattern, path

from calls.consumers import CallConsumer, CallListConsumer, SoundConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("t/<slug:slug>/calls/live", AuthMiddlewareStack(CallListConsumer.as_asgi())),
    path("t/<slug:slug>/calls/<uuid:call_id>/live", AuthMiddlewareStack(CallConsumer.as_asgi())),
    path("t/<slug:slug>/calls/<uuid:call_id>/sound", AuthMiddlewareStack(SoundConsumer.as_asgi())),
]
