"""An agent from a description without any model: the ready-made one that fits, with the facts that can be made out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.prompts import clean
from agents.providers.offline_voice.facts import Facts as Opening
from agents.providers.offline_voice.wording import clock
from agents.rehearsing import Scene
from agents.templates_catalog import Template, template
from agents.writing.shape import LONGEST_ANSWER, Proposed

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KINDS = (  # the first that fits
    ("reminder", r"\bremind|confirm (?:their |the )?appointments?"),
    ("menu", r"\bphone menu\b|\bpress (?:one|two|\d)|\bdepartments?\b|\bivr\b|\brout(?:e|ing) calls?"),
    ("after_hours", r"\bafter hours\b|\bwhen (?:we are|nobody is) (?:closed|there)|\bat night\b|answering machine"),
    ("lead", r"\bleads?\b|\bquotes?\b|\bestimates?\b|\bqualif|\bdemos?\b|\breal estate\b|\bsales\b"),
    ("support", r"\bsupport\b|\btroubleshoot|\bhelp ?desk\b|\bnot working\b|\btechnical\b"),
    ("front_desk", r"\bask\b|\bquestions?\b|\bprices?\b|\bmessages?\b|\breception"),
    ("booking", r"\bbook|\bappointments?\b|\bschedul|\breserv"),
)
_DAY = r"(mon|tue|wed|thu|fri|sat|sun)(?:s|rs?|nes|ur)?(?:day)?s?\b\.?"
_DAYS = re.compile(
    rf"\b{_DAY}\s*(?:-|–|to|through|until|till|and|&)\s*{_DAY}|\b{_DAY}|\b(every ?day|daily|seven days)", re.I
)
_HOURS = re.compile(
    r"\b(\d{1,2})(?::(\d\d))?\s*(am|pm)?\s*(?:-|–|to|until|till)\s*(\d{1,2})(?::(\d\d))?\s*(am|pm)?\b", re.I
)
_ADDRESS = re.compile(r"\bat (\d+ [A-Z]\w*(?: [A-Z0-9]\w*){0,4})")
_CITY = re.compile(r"\bin ([A-Z][a-z]+(?: [A-Z][a-z]+)?(?:, [A-Z]{2})?)")
_PHONE = re.compile(r"(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_PRICE = re.compile(
    r"((?:[A-Za-z-]+ ){1,3}?)(?:is|are|costs?|for|starts? at|from)\s+(?:from )?\$ ?(\d+(?:\.\d\d)?)", re.I
)
_WEB = re.compile(r"\b(?:www\.)?[a-z0-9-]+\.(?:com|org|net|co|io|us)\b", re.I)
_FILLER = {"a", "an", "the", "and", "our", "we", "or", "to", "of"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be made out. Empty for what is not said."""

    about: str
    hours: str = ""
    first_day: str = ""
    address: str = ""
    phone: str = ""
    website: str = ""
    prices: str = ""

    def lines(self) -> Iterator[tuple[str, str]]:
        named = (("Hours", self.hours), ("Address", self.address), ("Phone", self.phone))
        yield from (each for each in (*named, ("Website", self.website), ("Prices", self.prices)) if each[1])
        yield "About the business", self.about

    def answers(self) -> Iterator[tuple[str, str]]:
        if self.hours:
            yield "When are you open?", f"We are open {self.hours}."
        if self.address:
            yield "Where are you?", f"We are at {self.address}."
        if self.prices:
            yield "What does it cost?", f"{self.prices[:1].upper()}{self.prices[1:]}."


def compose(description: str) -> Proposed:
    """The same description gives the same agent."""
    ready, facts = _ready_made(description), read(description)
    known = "\n".join(f"{name}: {value}" for name, value in facts.lines())
    head, _, _ = ready.prompt.partition("What you know\n")
    return Proposed(
        name=ready.title,
        greeting=ready.greeting.replace("{{appointment}}", "with us"),
        prompt=f"{head}What you know\n{known}",
        farewell=ready.farewell,
        tools=list(ready.tools),
        criteria=list(ready.criteria),
        wanted=[dict(each) for each in ready.wanted],
        answers=[{"question": asked, "answer": answer[:LONGEST_ANSWER]} for asked, answer in facts.answers()],
        scenes=[_scene(scene, facts) for scene in ready.scenes if _fits(scene, facts)],
    )


def read(description: str) -> Facts:
    text = clean(re.sub(r"[{}]{2,}", "", description), 2000)
    hours, first = _hours(text)
    street, city = _ADDRESS.search(text), _CITY.search(text)
    address = ", ".join(found[1] for found in (street, city) if found) if street else ""
    phone, web = _PHONE.search(text), _WEB.search(text)
    prices = [_priced(found[1], found[2]) for found in _PRICE.finditer(text)]
    return Facts(
        about=text[:600].rstrip("."),
        hours=hours,
        first_day=first,
        address=address,
        phone=phone[0].strip() if phone else "",
        website=web[0] if web else "",
        prices=", ".join(each for each in prices if each),
    )


def _ready_made(description: str) -> Template:
    text = description.lower()
    return template(next((name for name, words in KINDS if re.search(words, text)), "front_desk"))


def _hours(text: str) -> tuple[str, str]:
    """The hours as they are said, and the first day; nothing where days or times cannot be made out.

    Days and times that come in pairs are all read; otherwise the first of each belong together.
    """
    days, times = list(_DAYS.finditer(text)), list(_HOURS.finditer(text))
    if not days or not times or any(max(int(each[1]), int(each[4])) > 24 for each in times):
        return "", ""
    pairs = list(zip(days, times, strict=True)) if len(days) == len(times) else [(days[0], times[0])]
    spoken = "; ".join(f"{_spoken_days(on)}, {_spoken_times(at)}" for on, at in pairs)
    return spoken, _day(days[0][1] or days[0][3] or "mon")


def _spoken_days(found: re.Match[str]) -> str:
    if found[4]:
        return "Monday to Sunday"
    return f"{_day(found[1])} to {_day(found[2])}" if found[2] else _day(found[3])


def _spoken_times(found: re.Match[str]) -> str:
    return f"{_clock(found[1], found[2], found[3])} to {_clock(found[4], found[5], found[6], is_end=True)}"


def _day(word: str) -> str:
    return next(day for day in DAYS if day.lower().startswith(word[:3].lower()))


def _clock(hour: str, minute: str | None, half: str | None, *, is_end: bool = False) -> str:
    """9 and 5 are 9 AM and 5 PM for whoever opens a business."""
    number = int(hour)
    if not half and number > 12:
        number, half = number - 12, "pm"
    half = half or ("pm" if number == 12 or (is_end and number < 12) or number < 6 else "am")
    return f"{number}{f':{minute}' if minute and minute != '00' else ''} {half.upper()}"


def _priced(words: str, amount: str) -> str:
    what = [word for word in words.split() if word.lower() not in _FILLER]
    return f"{' '.join(what).lower()} ${amount}" if what else ""


def _fits(scene: Scene, facts: Facts) -> bool:
    return bool(facts.hours) or not scene.name.startswith("Asks for the hours")


def _scene(scene: Scene, facts: Facts) -> dict[str, object]:
    """With the days and hours of this business in the place of those that the ready-made one has."""
    instead = dict(_own_times(facts)) if facts.hours else {}

    def told(text: str) -> str:
        for words, own in instead.items():
            text = text.replace(words, own).replace(words.lower(), own.lower())
        return text

    return {
        "name": scene.name,
        "lines": [told(line) for line in scene.lines],
        "says": [told(words) for words in scene.says],
        "never_says": list(scene.never_says),
        "uses": list(scene.uses),
        "answers": {name: told(answer) for name, answer in scene.answers.items()},
    }


def _own_times(facts: Facts) -> Iterator[tuple[str, str]]:
    """What a ready-made rehearsal says, and what is open here instead."""
    known = Opening.read(f"Hours: {facts.hours}")
    start, end = known.opening
    last = DAYS[max(known.open_days or {4})]
    yield "Monday to Friday", facts.hours.partition(",")[0]
    yield "Tuesday", facts.first_day
    yield "Friday", last if known.is_closed(DAYS.index("Friday")) else "Friday"
    for minutes, said, free in (
        (10 * 60, "at ten", "10:00 AM, 11:00 AM and 2:00 PM"),
        (14 * 60, "at two", "1 PM, 2 PM and 3 PM"),
    ):
        if not start <= minutes < end:
            own = clock(min(start + 60, end - 60))
            yield said, f"at {own}"
            yield free, own
