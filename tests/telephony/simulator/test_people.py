from __future__ import annotations

import pytest

from telephony.simulator.clock import Clock
from telephony.simulator.handset import Handset
from telephony.simulator.people import (
    BargeIn,
    Beep,
    HangUp,
    Noise,
    Pause,
    Person,
    Press,
    Say,
    StaySilent,
    Step,
    Talker,
    WaitForAgent,
    WaitForTone,
    conversation,
    step_from_json,
    step_to_json,
)
from telephony.simulator.voices import Humming, tone


class Telephone:
    """A handset on no line."""

    def __init__(self) -> None:
        self.handset = Handset(Clock(50))
        self.pressed = ""
        self.noted: list[str] = []
        self.hung_up_ms: float | None = None

    def press(self, digit: str) -> None:
        self.pressed += digit

    def hang_up(self) -> None:
        self.hung_up_ms = self.handset.clock.now_ms()

    def note(self, kind: str, **facts: object) -> None:
        self.noted.append(kind)


class CountingVoice(Humming):
    """Knows how often it was asked."""

    asked = 0

    async def speak(self, text: str, voice: str) -> bytes:
        self.asked += 1
        return await super().speak(text, voice)


async def played(*steps: Step, stays_ms: int = 0) -> Telephone:
    telephone = Telephone()
    talker = Talker(Person(steps, stays_ms=stays_ms), Humming())
    await talker.prepare()
    telephone.handset.start()
    await talker.talk(telephone)
    telephone.handset.stop()
    return telephone


@pytest.mark.parametrize(
    "step",
    [
        Say("Hi", "en-gb"),
        WaitForAgent(),
        BargeIn("No", 500),
        Pause(3),
        StaySilent(),
        Press("1#"),
        Noise(5),
        Beep(),
        WaitForTone(),
        HangUp(),
    ],
)
def test_every_step_survives_json(step: Step):
    assert step_from_json(step_to_json(step)) == step


def test_a_person_survives_json():
    person = Person(conversation("One", "Two"), voice="en-gb", takes_call="busy")

    assert Person.from_json(person.to_json()) == person


def test_a_conversation_takes_turns():
    assert conversation("One", "Two") == (
        WaitForAgent(),
        Say("One"),
        WaitForAgent(),
        Say("Two"),
        WaitForAgent(),
        HangUp(),
    )


async def test_phrases_are_made_before_the_call():
    voice, telephone = CountingVoice(), Telephone()
    talker = Talker(Person((Say("One"), BargeIn("Two", timeout_ms=0)), stays_ms=0), voice)

    await talker.prepare()
    made = voice.asked
    telephone.handset.start()
    await talker.talk(telephone)
    telephone.handset.stop()

    assert (made, voice.asked) == (2, 2)


async def test_things_are_said_one_after_the_other_with_pauses_between():
    telephone = await played(Say("One"), Pause(1000), Say("Two"))

    first, second = telephone.handset.utterances
    assert (first.text, second.text) == ("One", "Two")
    assert first.voice_ended_ms is not None
    assert second.began_ms is not None
    assert second.began_ms >= first.voice_ended_ms + 1000


async def test_keys_are_pressed_one_by_one():
    assert (await played(Press("42#"))).pressed == "42#"


async def test_noise_is_heard_as_voice():
    telephone = await played(Noise(500))

    assert telephone.handset.utterances[0].text == "(noise)"
    assert telephone.handset.utterances[0].voice_ended_ms is not None


async def test_a_person_hangs_up_after_having_stayed_for_a_while():
    telephone = await played(Say("Bye"), stays_ms=2000)

    assert telephone.hung_up_ms is not None
    assert telephone.hung_up_ms >= (telephone.handset.utterances[0].voice_ended_ms or 0) + 2000


async def test_an_agent_that_never_speaks_is_not_waited_for_for_ever():
    telephone = await played(WaitForAgent(timeout_ms=1000), BargeIn("Hello?", timeout_ms=1000))

    assert telephone.noted == ["waited in vain", "waited in vain"]
    assert [one.text for one in telephone.handset.utterances] == ["Hello?"]


async def test_what_the_agent_said_before_is_no_answer():
    telephone = Telephone()
    talker = Talker(Person((Say("One"), WaitForAgent(quiet_ms=100, timeout_ms=1000)), stays_ms=0), Humming())
    await talker.prepare()
    telephone.handset.start()
    telephone.handset.hear(tone(40))
    await talker.talk(telephone)
    telephone.handset.stop()

    assert telephone.noted == ["waited in vain"]
