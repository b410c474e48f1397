"""The REST API, asked by the carrier's own SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.people import Pause, Person, Say
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Webhook
from tests.telephony.simulator.conftest import CALLER, OURS
from tests.telephony.simulator.our_side import ACCOUNT_SID, AUTH_TOKEN, OurSide

Ask = Callable[..., Any]
VOICE = "https://app.example.com/voice"
CREDENTIALS = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN)}


@pytest.fixture
async def carrier(account: Account) -> AsyncIterator[PracticeCarrier]:
    options = CallOptions(time_scale=30.0)
    async with PracticeCarrier(account, speaker=Humming(), options=options) as carrier:
        carrier.exchange.people[CALLER] = Person()
        yield carrier


def client_of(carrier: PracticeCarrier, token: str = AUTH_TOKEN) -> Client:
    client = Client(ACCOUNT_SID, token, environment={"_": "1"})
    client.api.base_url = carrier.url
    return client


@pytest.fixture
def client(carrier: PracticeCarrier) -> Client:
    return client_of(carrier)


async def ask(method: Ask, *args: Any, **more: Any) -> Any:
    """Run the blocking SDK off the loop on which the carrier lives."""
    return await asyncio.to_thread(method, *args, **more)


async def refusal(method: Ask, *args: Any, **more: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as raised:
        await ask(method, *args, **more)
    return raised.value


async def test_a_call_is_created_queued_and_lives_its_life(our_side: OurSide, carrier: PracticeCarrier, client: Client):
    voice, status = our_side.answer("voice", "<Hangup/>"), our_side.answer("status", "")

    created = await ask(
        client.calls.create,
        to=CALLER,
        from_=OURS,
        url=voice,
        status_callback=status,
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    record = await carrier.exchange.record(created.sid)
    fetched = await ask(client.calls(created.sid).fetch)

    assert (created.status, created.direction, created.to, created._from) == ("queued", "outbound-api", CALLER, OURS)
    assert created.start_time is None
    assert (fetched.status, fetched.duration) == ("completed", str(record.duration_s))
    assert fetched.start_time <= fetched.end_time
    assert fetched.start_time.tzinfo is not None
    assert [one.fields["CallStatus"] for one in our_side.asked_for("status")] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]


async def test_a_call_may_bring_its_instructions(carrier: PracticeCarrier, client: Client):
    created = await ask(client.calls.create, to=CALLER, from_=OURS, twiml="<Response><Say>Hi</Say></Response>")

    record = await carrier.exchange.record(created.sid)

    assert [facts["text"] for facts in record.of_kind("announcement")] == ["Hi"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": OURS, "Url": VOICE}, 21201),
        ({"To": CALLER, "Url": VOICE}, 21213),
        ({"To": "12085550199", "From": OURS, "Url": VOICE}, 21211),
        ({"To": CALLER, "From": "nobody", "Url": VOICE}, 21212),
        ({"To": CALLER, "From": OURS}, 21205),
        ({"To": CALLER, "From": OURS, "Url": "/voice"}, 21205),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "Urll": VOICE}, 20001),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "Timeout": "soon"}, 20422),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "Record": "maybe"}, 20422),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "Method": "PUT"}, 20422),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "Byoc": "trunk"}, 20422),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "StatusCallback": "https://my_host/status"}, 20422),
        ({"To": CALLER, "From": OURS, "Url": VOICE, "StatusCallbackEvent": "hungup"}, 21626),
        ({"To": CALLER, "From": OURS, "Twiml": "x" * 4001}, 21605),
    ],
)
async def test_a_request_that_the_api_does_not_know_is_refused_by_its_code(
    carrier: PracticeCarrier, form: dict[str, str], code: int
):
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    async with aiohttp.ClientSession(headers=CREDENTIALS) as session, session.post(url, data=form) as response:
        answer = await response.json()

    assert response.status == 400
    assert answer["code"] == code
    assert answer["status"] == 400
    assert answer["message"]
    assert answer["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert carrier.exchange.calls == {}


async def test_a_parameter_that_comes_twice_is_refused_unless_it_is_a_list(carrier: PracticeCarrier):
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    form = [("To", CALLER), ("From", OURS), ("Url", VOICE), ("Url", VOICE)]
    async with aiohttp.ClientSession(headers=CREDENTIALS) as session, session.post(url, data=form) as response:
        answer = await response.json()

    assert answer["code"] == 20422


async def test_another_token_is_refused(carrier: PracticeCarrier):
    error = await refusal(client_of(carrier, "wrong").api.accounts(ACCOUNT_SID).fetch)

    assert (error.status, error.code) == (401, 20003)


async def test_the_account_introduces_itself(client: Client):
    account = await ask(client.api.accounts(ACCOUNT_SID).fetch)

    assert (account.sid, account.status, account.type) == (ACCOUNT_SID, "active", "Full")


async def test_an_unknown_call_is_not_found(client: Client):
    error = await refusal(client.calls("CA" + "0" * 32).fetch)

    assert (error.status, error.code) == (404, 20404)


async def test_a_call_is_ended_and_ending_it_again_changes_nothing(
    our_side: OurSide, carrier: PracticeCarrier, client: Client
):
    created = await ask(client.calls.create, to=CALLER, from_=OURS, url=our_side.answer("voice", our_side.stream()))
    call = carrier.exchange.calls[created.sid]
    while call.stream is None:
        await asyncio.sleep(0.01)

    updated = await ask(client.calls(created.sid).update, status="completed")
    record = await carrier.exchange.record(created.sid)
    again = await ask(client.calls(created.sid).update, status="completed")

    assert (updated.status, again.status, record.ended_by) == ("completed", "completed", "api")
    assert our_side.sockets[0].events()[-1] == "stop"


async def test_a_call_is_moved_to_other_instructions(our_side: OurSide, carrier: PracticeCarrier, client: Client):
    created = await ask(client.calls.create, to=CALLER, from_=OURS, url=our_side.answer("voice", our_side.stream()))
    call = carrier.exchange.calls[created.sid]
    while call.stream is None:
        await asyncio.sleep(0.01)

    await ask(client.calls(created.sid).update, url=our_side.answer("transfer", "<Hangup/>"))
    await carrier.exchange.record(created.sid)
    error = await refusal(client.calls(created.sid).update, twiml="<Response/>")

    assert len(our_side.asked_for("transfer")) == 1
    assert (error.status, error.code) == (400, 21220)


async def test_a_queued_call_waits_until_it_is_canceled(our_side: OurSide, carrier: PracticeCarrier, client: Client):
    carrier.faults.add(RestFault(Mode.QUEUE, times=1))
    status = our_side.answer("status", "")
    created = await ask(client.calls.create, to=CALLER, from_=OURS, url=VOICE, status_callback=status)
    waiting = await ask(client.calls(created.sid).fetch)

    await ask(client.calls(created.sid).update, status="canceled")
    record = await carrier.exchange.record(created.sid)

    assert waiting.status == "queued"
    assert record.status == "canceled"
    assert our_side.asked_for("status")[0].fields["CallStatus"] == "canceled"


async def test_a_live_call_cannot_be_canceled(our_side: OurSide, carrier: PracticeCarrier, client: Client):
    created = await ask(client.calls.create, to=CALLER, from_=OURS, url=our_side.answer("voice", our_side.stream()))
    while carrier.exchange.calls[created.sid].stream is None:
        await asyncio.sleep(0.01)

    error = await refusal(client.calls(created.sid).update, status="canceled")

    assert error.code == 21220


async def test_calls_beyond_the_pace_of_the_account_are_queued(account: Account):
    async with PracticeCarrier(account, speaker=Humming(), calls_per_second=0.001) as carrier:
        client = client_of(carrier)
        first = await ask(client.calls.create, to=CALLER, from_=OURS, url=VOICE)
        second = await ask(client.calls.create, to=CALLER, from_=OURS, url=VOICE)

        assert first.queue_time == "0"
        assert int(second.queue_time) > 900_000
        assert carrier.exchange.calls[second.sid].status == "queued"


async def test_calls_are_listed_newest_first_and_page_by_page(carrier: PracticeCarrier, client: Client):
    sids = []
    for n in range(5):
        created = await ask(client.calls.create, to=f"+1208555010{n}", from_=OURS, twiml="<Response/>")
        sids.append(created.sid)

    listed = await ask(client.calls.list, page_size=2)
    limited = await ask(client.calls.list, limit=3)

    assert [call.sid for call in listed] == sids[::-1]
    assert [call.sid for call in limited] == sids[:1:-1]


async def test_calls_are_found_by_number_status_and_time(carrier: PracticeCarrier, client: Client):
    first = await ask(client.calls.create, to=CALLER, from_=OURS, twiml="<Response/>")
    await ask(client.calls.create, to="+12085550123", from_=OURS, twiml="<Response/>")
    await carrier.exchange.record(first.sid)
    now = datetime.now(UTC)

    async def found(**filters: Any) -> list[str]:
        return [call.to for call in await ask(client.calls.list, **filters)]

    assert await found(to=CALLER, from_=OURS) == [CALLER]
    assert await found(to=CALLER, status="completed") == [CALLER]
    assert await found(to=CALLER, status="busy") == []
    assert await found(to=CALLER, start_time_after=now - timedelta(minutes=5)) == [CALLER]
    assert await found(to=CALLER, start_time_before=now - timedelta(minutes=5)) == []
    assert await found(to=CALLER, parent_call_sid=first.sid) == []


async def test_numbers_are_bought_configured_found_and_released(client: Client):
    bought = await ask(client.incoming_phone_numbers.create, phone_number=OURS, voice_url=VOICE)
    await ask(client.incoming_phone_numbers(bought.sid).update, status_callback=f"{VOICE}/status", voice_method="GET")
    (found,) = await ask(client.incoming_phone_numbers.list, phone_number=OURS)
    assert (found.voice_url, found.voice_method, found.status_callback) == (VOICE, "GET", f"{VOICE}/status")
    assert found.capabilities["voice"] is True
    assert (await refusal(client.incoming_phone_numbers.create, phone_number=OURS)).code == 21422

    await ask(client.incoming_phone_numbers(bought.sid).delete)

    assert await ask(client.incoming_phone_numbers.list) == []


async def test_a_call_to_a_number_asks_where_the_number_says(
    our_side: OurSide, carrier: PracticeCarrier, client: Client
):
    voice, status = our_side.answer("voice", "<Hangup/>"), our_side.answer("status", "")
    await ask(client.incoming_phone_numbers.create, phone_number=OURS, voice_url=voice, status_callback=status)

    call = carrier.exchange.ring(from_=CALLER, to=OURS, person=Person())
    await carrier.exchange.record(call.record.call_sid)

    assert (len(our_side.asked_for("voice")), len(our_side.asked_for("status"))) == (1, 1)


@pytest.mark.parametrize(
    ("mode", "status", "code"),
    [
        (Mode.ERROR, 500, 20500),
        (Mode.THROTTLE, 429, 20429),
        (Mode.SUSPENDED, 400, 10001),
        (Mode.CONCURRENCY, 400, 10004),
        (Mode.UNAUTHORIZED, 401, 20003),
    ],
)
async def test_a_refused_call_does_not_exist(
    carrier: PracticeCarrier, client: Client, mode: Mode, status: int, code: int
):
    carrier.faults.add(RestFault(mode, times=1))

    error = await refusal(client.calls.create, to=CALLER, from_=OURS, url=VOICE)

    assert (error.status, error.code) == (status, code)
    assert carrier.exchange.calls == {}
    await ask(client.calls.create, to=CALLER, from_=OURS, url=VOICE)


async def test_a_call_may_be_placed_although_the_answer_is_an_error(carrier: PracticeCarrier, client: Client):
    carrier.faults.add(RestFault(Mode.ERROR_AFTER_ACCEPT, times=1))

    error = await refusal(client.calls.create, to=CALLER, from_=OURS, url=VOICE)

    assert error.status == 500
    assert [call.setup.to for call in carrier.exchange.calls.values()] == [CALLER]


async def test_a_call_may_be_placed_although_no_answer_comes(carrier: PracticeCarrier, client: Client):
    carrier.faults.add(RestFault(Mode.LOSE_REPLY, times=1))

    with pytest.raises((TwilioException, OSError)):
        await ask(client.calls.create, to=CALLER, from_=OURS, url=VOICE)

    assert [call.setup.to for call in carrier.exchange.calls.values()] == [CALLER]


async def test_a_number_may_be_refused_for_good(carrier: PracticeCarrier, client: Client):
    carrier.faults.add(RestFault(number=CALLER, refuse=21217))

    error = await refusal(client.calls.create, to=CALLER, from_=OURS, url=VOICE)
    await ask(client.calls.create, to="+12085550123", from_=OURS, url=VOICE)

    assert error.code == 21217


async def test_a_share_of_requests_is_struck_the_same_way_every_time(carrier: PracticeCarrier, client: Client):
    carrier.faults.add(RestFault(Mode.THROTTLE, share=0.5))

    outcomes = []
    for _ in range(10):
        try:
            await ask(client.calls.create, to=CALLER, from_=OURS, url=VOICE)
            outcomes.append("accepted")
        except TwilioRestException:
            outcomes.append("throttled")

    assert set(outcomes) == {"accepted", "throttled"}


async def test_a_recorded_message_is_fetched_with_credentials_only(our_side: OurSide, carrier: PracticeCarrier):
    our_side.answer("recorded", "<Hangup/>")
    voice = our_side.answer("voice", '<Record action="/recorded" timeout="2"/>')
    person = Person(steps=(Pause(1000), Say("Call me back")))
    call = carrier.exchange.ring(from_=CALLER, to=OURS, person=person, voice=Webhook(voice))
    await carrier.exchange.record(call.record.call_sid)
    url = our_side.asked_for("recorded")[0].fields["RecordingUrl"]

    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}.wav") as stranger:
            assert stranger.status == 401
        async with session.get(f"{url}.wav", headers=CREDENTIALS) as response:
            assert (await response.read())[:4] == b"RIFF"
