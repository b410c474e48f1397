"""HTTP and WebSocket, joined."""

import asyncio
import gc
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - Django must be set up first
from django.urls import get_resolver  # noqa: E402

from agentos.bounds import with_bounds  # noqa: E402
from agentos.health import with_health  # noqa: E402
from agentos.lifespan import at_end, at_start, lifespan  # noqa: E402
from agentos.sockets import websocket_urlpatterns  # noqa: E402
from calls.process import let_go_of_process, prepare_process  # noqa: E402
from campaigns.people.text_messages import waiting_messages  # noqa: E402
from telephony.services import carrier_events  # noqa: E402


async def take_up_work() -> None:
    """Be as quick for the first caller as for the next, and store what an earlier process could not."""
    await asyncio.to_thread(get_resolver().check)
    carrier_events().resume()
    waiting_messages().resume()


async def keep_pauses_short() -> None:
    """Let nothing hold up the event loop for longer than a frame takes.

    What was imported lives as long as the process: the collector, which would look through all of it for a quarter of a
    second, leaves it out from now on. A thread that works beside the loop gives way within a tenth of a millisecond.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 5, 400)
    sys.setswitchinterval(0.0001)


at_start(prepare_process)
at_start(take_up_work)
at_start(keep_pauses_short)
at_end(let_go_of_process)

application = ProtocolTypeRouter(
    {"http": with_health(with_bounds(http)), "websocket": URLRouter(websocket_urlpatterns), "lifespan": lifespan}
)
