"""A seeded set of clips: right ones, and ones that say something else than they should."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

from agents.providers.offline_voice.espeak import Espeak
from agents.providers.offline_voice.mulaw import amplify, decode, encode
from agents.providers.offline_voice.saying import as_spoken
from campaigns.texts.messages import Message, render
from telephony.mulaw import SILENCE

TEMPLATES = (
    "Hello {{first_name}}. This is Juniper Dental. Your next visit is on {{visit_date}} at {{visit_time}}. "
    "Press 1 to confirm, or press 2 for another time. Thank you and goodbye.",
    "Good morning, this is a message for {{name}} from Juniper Dental. We expect you on {{visit_date}} "
    "at {{visit_time}}. Please bring your insurance card.",
    "Hello {{name}}, this is Juniper Dental. You have an open balance of {{amount}}. "
    "Please call us at {{callback_number}} before {{due_date}}. Thank you.",
)
FIRST = [
    "James",
    "Maria",
    "Robert",
    "Linda",
    "Michael",
    "Susan",
    "David",
    "Karen",
    "Thomas",
    "Nancy",
    "Daniel",
    "Lisa",
    "Anna",
    "Peter",
    "Rosa",
    "Kevin",
]
LAST = [
    "Smith",
    "Garcia",
    "Johnson",
    "Miller",
    "Brown",
    "Davis",
    "Wilson",
    "Anderson",
    "Taylor",
    "Moore",
    "Martin",
    "Clark",
    "Lewis",
    "Walker",
    "Delgado",
]
VOICES = ("en-us", "en-us+adam", "en-us+f2", "en-us+linda")

Values = dict[str, str]


@dataclass(frozen=True)
class Case:
    """A message, the sound of a clip, and what is wrong with it (nothing: it is right)."""

    wrong: str
    voice: str
    message: Message
    sound: bytes


class Speaker:
    """The offline voice, in this process."""

    def __init__(self) -> None:
        self._espeak = Espeak()

    def say(self, text: str, voice: str = "en-us") -> bytes:
        sounds: list[bytes] = []

        def keep(sound: bytes, words: list[tuple[int, int]]) -> bool:
            sounds.append(sound)
            return True

        self._espeak.speak(" ".join(as_spoken(text)), voice, 1.0, keep)
        return b"".join(sounds)


def values(chance: random.Random) -> Values:
    """A person and a visit. Day and month can be exchanged."""
    visit = date(2027, chance.randint(1, 12), chance.randint(1, 12))
    while visit.day == visit.month:
        visit += timedelta(days=1)
    first = chance.choice(FIRST)
    return {
        "first_name": first,
        "name": f"{first} {chance.choice(LAST)}",
        "visit_date": visit.isoformat(),
        "due_date": visit.isoformat(),
        "visit_time": time(chance.randint(8, 17), chance.choice((0, 10, 15, 20, 30, 40, 45))).isoformat("minutes"),
        "amount": f"{chance.randint(20, 400)}.{chance.choice(('00', '50', '25'))}",
        "callback_number": f"+1208555{chance.randint(1000, 9999)}",
    }


def right(count: int, seed: int, speaker: Speaker) -> Iterator[Case]:
    """Clips that say what they should."""
    chance = random.Random(seed)
    for index in range(count):
        message = render(TEMPLATES[index % len(TEMPLATES)], values(chance))
        voice = chance.choice(VOICES)
        yield Case("", voice, message, speaker.say(message.text, voice))


def wrong(count: int, seed: int, speaker: Speaker) -> Iterator[Case]:
    """Clips with one thing wrong each, in turn."""
    chance = random.Random(seed)
    for index in range(count):
        template, meant = TEMPLATES[index % len(TEMPLATES)], values(chance)
        message = render(template, meant)
        what = WRONGS[index % len(WRONGS)]
        voice = chance.choice(VOICES)
        sound = speaker.say(render(template, _said(what, meant, chance)).text, voice)
        yield Case(what, voice, message, _spoiled(what, sound))


WRONGS = ("day and month", "time or sum", "name", "cut", "silent", "weekday later", "quiet")


def _said(what: str, meant: Values, chance: random.Random) -> Values:
    """What the voice was given instead."""
    day = date.fromisoformat(meant["visit_date"])
    if what == "day and month":
        day = day.replace(day=day.month, month=day.day)
    if what == "weekday later":
        day += timedelta(days=7)
    said = meant | {"visit_date": day.isoformat(), "due_date": day.isoformat()}
    if what == "time or sum":
        hour, minute = meant["visit_time"].split(":")
        said["visit_time"] = f"{int(hour) - 1:02}:{minute}"
        said["amount"] = f"{float(meant['amount']) + 10:.2f}"
    if what == "name":
        first = chance.choice([name for name in FIRST if name[0] != meant["first_name"][0]])
        said |= {"first_name": first, "name": f"{first} {meant['name'].split()[1]}"}
    return said


def _spoiled(what: str, sound: bytes) -> bytes:
    if what == "cut":
        return sound[: len(sound) * 7 // 10]
    if what == "silent":
        return SILENCE * (len(sound) // len(SILENCE))
    if what == "quiet":
        return encode(amplify(decode(sound), 0.01))
    return sound
