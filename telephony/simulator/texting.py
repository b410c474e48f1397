"""Somebody sends our side a text message, and gets what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from .exchange import Exchange
from .record import new_sid
from .webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Texted:
    """A message that was delivered, and the answers to it."""

    sid: str
    answers: tuple[str, ...]


async def send_text(
    exchange: Exchange, *, from_: str, to: str, body: str, webhook: Webhook | None = None, sid: str = ""
) -> Texted:
    """Deliver a message to a number of our side; its `sms_url` says where, unless that is given here.

    The same `sid` twice is the carrier repeating itself. Raises TwimlError when our side does not take it.
    """
    number = exchange.number(to)
    chosen = webhook or (number.webhook("sms") if number else None)
    if chosen is None:
        raise ValueError(f"nobody has said where messages to {to} go")
    sid = sid or new_sid("SM")
    fields = {
        "AccountSid": exchange.account.sid,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": from_,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
    }
    answer = await exchange.courier.send(chosen, fields)
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own side wrote it
    return Texted(sid, tuple(message.text or "" for message in root.iter("Message")))
