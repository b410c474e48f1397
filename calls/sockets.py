"""WebSocket addresses of the pages that watch calls."""

websocket_urlpatterns: list[object] = []
