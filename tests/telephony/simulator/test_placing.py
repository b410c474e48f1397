from __future__ import annotations

import pytest

from telephony import mulaw
from telephony.simulator.people import HangUp, Person, Say, WaitForAgent
from telephony.simulator.placing import Errand, NotPlaced, place_here, place_through
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account
from telephony.simulator.voices import Humming, tone
from tests.telephony.simulator.conftest import CALLER, OURS
from tests.telephony.simulator.our_side import OurSide
from tests.telephony.simulator.test_call_flow import greet_and_listen


class Mute:
    """A voice that is not installed."""

    async def speak(self, text: str, voice: str) -> bytes:
        raise RuntimeError("no voice is installed")


@pytest.fixture
def errand(our_side: OurSide) -> Errand:
    our_side.talk = greet_and_listen
    voice, status = our_side.answer("voice", our_side.stream()), our_side.answer("status", "")
    steps = (WaitForAgent(quiet_ms=100), Say("Hello"), HangUp())
    return Errand(CALLER, OURS, voice, status, Person(steps))


async def test_a_call_placed_here_and_one_placed_elsewhere_are_told_alike(
    our_side: OurSide, account: Account, errand: Errand
):
    here = await place_here(errand, account, Humming())
    async with PracticeCarrier(account, speaker=Humming()) as carrier:
        through = await place_through(carrier.url, errand, account)
        assert carrier.exchange.calls == {}

    assert through is not None
    for placed in (here, through):
        began = placed.facts["utterances"][0]["began_ms"]
        assert placed.facts["status"] == "completed"
        assert placed.facts["utterances"][0]["text"] == "Hello"
        assert placed.said.part(began, began + 100) == tone(100)
        assert any(mulaw.is_voiced(frame) for frame in mulaw.frames(bytes(placed.heard.audio)))
    assert len(our_side.asked_for("status")) == 2


async def test_where_no_practice_carrier_answers_none_is_used(our_side: OurSide, account: Account, errand: Errand):
    assert await place_through("http://127.0.0.1:1", errand, account) is None
    assert await place_through(our_side.url, errand, account) is None


async def test_a_practice_carrier_of_another_account_is_not_used(account: Account, errand: Errand):
    stranger = Account("AC" + "9" * 32, "other")
    async with PracticeCarrier(stranger, speaker=Humming()) as carrier:
        with pytest.raises(NotPlaced, match="another account"):
            await place_through(carrier.url, errand, account)


async def test_a_simulation_that_breaks_says_why(account: Account, errand: Errand):
    with pytest.raises(NotPlaced, match="no voice is installed"):
        await place_here(errand, account, Mute())
    async with PracticeCarrier(account, speaker=Mute()) as carrier:
        with pytest.raises(NotPlaced, match="no voice is installed"):
            await place_through(carrier.url, errand, account)
