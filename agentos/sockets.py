"""WebSocket addresses. Carrier sockets come bare: no session, no channel layer; pages bring a signed-in person."""

from calls.sockets import websocket_urlpatterns as calls
from telephony.sockets import websocket_urlpatterns as telephony

websocket_urlpatterns = [*telephony, *calls]
