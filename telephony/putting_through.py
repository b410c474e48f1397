"""Does at the carrier what callers need who wait for a person. Blocking, so only for tasks and threads.

What is to be done follows from stored rows each time, and every errand says when it may come up again: a call to a
person never does. So it does not matter who looks, or how often, or whether somebody dies in the middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.db import connection

from agentos.tenants.scoping import tenant_transaction
from calls.admission import Refused, tenant_of
from calls.transfers import rooms
from calls.transfers.steps import RINGS_S, Errand, Fetch, HangUp, PlaceCall
from telephony import addresses, carrier
from telephony.carrier import CarrierError
from telephony.models import PhoneNumber

LONGEST_S = 4 * 3600
NOT_IN_PROGRESS = ("21220", "20404")  # there is no such call any more
MOST_ROUNDS = 10  # of people, one after the other, whom the carrier refuses to ring

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(8, thread_name_prefix="transfers")


def look_after(tenant_id: int, transfer_id: int) -> None:
    """Do all that is to be done now for one transfer. Repeating it changes nothing."""
    for _ in range(MOST_ROUNDS):
        results = [_do(tenant_id, transfer_id, errand) for errand in rooms.look_after(tenant_id, transfer_id)]
        if all(results):
            return


def _do(tenant_id: int, transfer_id: int, errand: Errand) -> bool:
    """Whether this came about; if not, what is stored now says what else is to be done."""
    try:
        match errand:
            case PlaceCall():
                _place(tenant_id, errand)
            case HangUp():
                carrier.hang_up(errand.carrier_sid)
                rooms.put_down(tenant_id, errand.ring_id)
            case Fetch():
                carrier.redirect(errand.carrier_sid, addresses.transferred_url(errand.agent_id))
    except CarrierError as error:
        log.warning("a transfer is held up", errand=type(errand).__name__, transfer_id=transfer_id, code=error.code)
        return _give_up(tenant_id, transfer_id, errand, error)
    return True


def _give_up(tenant_id: int, transfer_id: int, errand: Errand, error: CarrierError) -> bool:
    """What could not be done later comes up again by itself; True where there is nothing to look at now."""
    match errand:
        case PlaceCall() if not error.is_unknown:
            rooms.not_placed(tenant_id, errand.ring_id)
            return False
        case Fetch() if error.code in NOT_IN_PROGRESS:
            rooms.caller_is_gone(tenant_id, transfer_id)
            return False
    return True


def _place(tenant_id: int, errand: PlaceCall) -> None:
    with tenant_transaction(tenant_id):
        ours = PhoneNumber.objects.filter(e164=errand.from_).first() or PhoneNumber.objects.order_by("pk").first()
    by_trunk = ours is not None and not errand.to.lower().startswith("sip:")
    call = carrier.place_call(
        to=errand.to,
        from_=str(ours.e164) if ours is not None else errand.from_,
        url=addresses.person_url(errand.agent_id, errand.ring_id),
        status_callback=addresses.person_status_url(errand.agent_id, errand.ring_id),
        ring_s=RINGS_S,
        longest_s=LONGEST_S,
        byoc=ours.byoc_trunk if ours is not None and by_trunk else "",
    )
    rooms.placed(tenant_id, errand.ring_id, call.sid)


# Behind a webhook ----------------------------------------------------------------------------------------


def soon_for_caller(agent_id: UUID, carrier_sid: str) -> None:
    """Look after the transfer of this caller, if there is one, without waiting for it."""
    _soon(agent_id, lambda tenant_id: rooms.of_call(tenant_id, agent_id, carrier_sid))


def soon_for_person(agent_id: UUID, ring_id: UUID) -> None:
    """Look after the transfer for which this person was rung, without waiting for it."""
    _soon(agent_id, lambda tenant_id: rooms.of_ring(tenant_id, ring_id))


def _soon(agent_id: UUID, find: Callable[[int], int | None]) -> None:
    asyncio.get_running_loop().run_in_executor(_threads, _look, agent_id, find)


def _look(agent_id: UUID, find: Callable[[int], int | None]) -> None:
    try:
        tenant_id = tenant_of(agent_id).tenant_id
        transfer_id = find(tenant_id)
        if transfer_id is not None:
            look_after(tenant_id, transfer_id)
    except Refused:
        return
    except Exception:  # the end of a thread: the watchdog looks again
        log.exception("a transfer was not looked after", agent_id=str(agent_id))
    finally:
        connection.close()
