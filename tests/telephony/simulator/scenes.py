"""What our side does in many calls."""

from __future__ import annotations

import base64

from twilio.request_validator import RequestValidator

from telephony.simulator.voices import tone
from tests.telephony.simulator.our_side import AUTH_TOKEN, Asked, Socket

EVERY_EVENT = ("initiated", "ringing", "answered", "completed")


def is_signed(asked: Asked) -> bool:
    fields = asked.fields if asked.method == "POST" else {}
    return RequestValidator(AUTH_TOKEN).validate(asked.url, fields, asked.headers["x-twilio-signature"])


def greeting(ms: int = 600) -> str:
    return base64.b64encode(tone(ms)).decode()


async def greet_and_listen(socket: Socket) -> None:
    await socket.accept()
    await socket.read_until("start")
    await socket.play(greeting())
    await socket.read_all()


async def greet_and_close(socket: Socket) -> None:
    await socket.accept()
    await socket.read_until("start")
    await socket.play(greeting())
    await socket.mark("greeted")
    await socket.read_until("mark")
    await socket.close()
