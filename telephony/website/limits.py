"""How many calls a button may bring: at once, in a day, and for one visitor in an hour.

Nothing of a visitor's address is kept but a keyed hash of it, in the cache, until the hour is over.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

import structlog
from django.core.cache import cache
from django.utils import timezone
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from agentos.errors import DomainError
from calls.services import live_calls
from telephony.website.models import Widget

HOUR_S = 3600
ONE_HOUSEHOLD = 64  # bits of an IPv6 address that a visitor cannot change at will

log = structlog.get_logger(__name__)


def insist(widget: Widget) -> None:
    """That one more call is within the limits, inside the tenant and its zone. Raises DomainError."""
    if live_calls().filter(pk__in=widget.calls.values("call")).count() >= widget.at_once:
        raise DomainError("busy", "All lines of this button are busy.")
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    if widget.calls.filter(call__created_at__gte=today).count() >= widget.a_day:
        raise DomainError("day_full", "This button has brought as many calls as it may in a day.")


def insist_on_visitor(widget: Widget, address: str) -> None:
    """That this visitor may call once more. Raises DomainError. Uncountable, they may: the other limits hold."""
    try:
        called = int(cache.get(_name(widget, address), 0))
    except RedisError as error:
        log.warning("calls of a visitor are not counted", widget_id=str(widget.pk), error=type(error).__name__)
        return
    if called >= widget.an_hour_each:
        raise DomainError("hour_full", "This visitor has called as often as one may in an hour.")


def count(widget: Widget, address: str) -> None:
    """This visitor has called."""
    name = _name(widget, address)
    try:
        cache.add(name, 0, timeout=HOUR_S)
        cache.incr(name)
    except (RedisError, ValueError) as error:
        log.warning("calls of a visitor are not counted", widget_id=str(widget.pk), error=type(error).__name__)


def _name(widget: Widget, address: str) -> str:
    hour = int(timezone.now().timestamp()) // HOUR_S
    visitor = salted_hmac("agentos.telephony.website.visitor", _household(address), algorithm="sha256").hexdigest()
    return f"widget:{widget.pk}:{hour}:{visitor[:32]}"


def _household(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return ""  # a socket of this machine: all of them are one
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(IPv6Address(int(known) >> ONE_HOUSEHOLD << ONE_HOUSEHOLD))
    return str(known)
