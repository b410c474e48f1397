"""Where a conversation stands: read again from its beginning for every reply, so nothing is kept between them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from . import changing, intents
from .changing import Change
from .facts import Facts
from .slots import find_reason, is_painful, read_name, read_reason
from .states import QUESTIONS, Asked, Mode, Move
from .when import DAY_NAMES, Day, When, read_when
from .wording import clock, plain

TAKES_DOWN = {"leave_message", "save_lead"}
LEAST_OF_A_MATTER = 3  # words that say what it is about
MOST_OF_A_CHOICE = 8  # words with which somebody names a department, and tells no story

_COMES = re.compile(r"\b(?:able to|can you|will you) (?:come|make it|be there)\b")
_MISSED = re.compile(r"did not (?:quite )?(?:catch|understand|get|hear)|missed that|not getting this")


@dataclass(slots=True)
class Slots:
    """What an appointment or a message needs."""

    name: str = ""
    reason: str = ""
    day: Day | None = None
    minutes: int | None = None
    part: str = ""
    message: str = ""
    which: str = ""  # when the appointment is now that is to be changed, where there are several


@dataclass(slots=True)
class Conversation:
    facts: Facts = field(default_factory=Facts)
    abilities: Collection[str] = ()  # the names of the tools that there are
    mode: Mode = Mode.IDLE
    change: Change = Change.HEAR  # of an appointment that is there already
    is_known: bool = False  # whether there is one
    own: dict[str, str] = field(default_factory=dict)  # those that were looked up: how they are said, by when they are
    slots: Slots = field(default_factory=Slots)
    asked: Asked = Asked.HELP
    said: str = ""  # what the caller heard from us last
    turns: int = 0
    misses: int = 0
    text: str = ""  # the caller's last turn in plain words
    raw: str = ""
    topics: list[str] = field(default_factory=list)
    department: str = ""  # of the menu, that this turn has chosen
    note: str = ""  # why a day or a time was not taken
    chosen: str = ""  # the day or the time that we chose for the caller
    news: set[str] = field(default_factory=set)  # the slots that this turn has filled or changed

    # What was said ---------------------------------------------------------------------------------------

    def agent_said(self, text: str) -> None:
        self.said = text
        heard = plain(text)
        self.misses = self.misses + 1 if _MISSED.search(heard) else 0
        if "you are booked" in heard:
            self.mode, self.slots, self.is_known = Mode.IDLE, Slots(name=self.slots.name), True
        elif self.mode is Mode.CHANGING and changing.is_settled(heard):
            self._settle(is_found=changing.NOT_FOUND.lower().rstrip(".") not in heard)
        elif self.mode is Mode.CHANGING and self.change is Change.HEAR and changing.is_told(heard):
            self._settle()
        elif "will pass it on" in heard:
            self.mode, self.slots.message = Mode.IDLE, ""
        places = [(found.start(), asked) for asked, question in QUESTIONS for found in re.finditer(question, heard)]
        self.asked = max(places, key=lambda place: place[0])[1] if places else self.pending()
        if self.mode is Mode.IDLE and self.asked in (Asked.REASON, Asked.DAY, Asked.TIME):
            self.mode = Mode.BOOKING

    def tool_said(self, text: str) -> None:
        self.own = changing.own_in(text) or self.own

    def pending(self) -> Asked:
        """What has to be asked next."""
        slots = self.slots
        if self.mode is Mode.BOOKING:
            wanted = (
                (slots.reason, Asked.REASON),
                (slots.day, Asked.DAY),
                (slots.minutes is not None, Asked.TIME),
                (slots.name, Asked.NAME),
            )
            return next((asked for known, asked in wanted if not known), Asked.CONFIRM)
        if self.mode is Mode.CHANGING:
            return self._pending_change()
        if self.mode is Mode.MESSAGE:
            return Asked.NAME if not slots.name else Asked.PASS_ON if slots.message else Asked.MESSAGE
        return Asked.ELSE if self.turns > 1 else Asked.HELP

    def caller_said(self, raw: str) -> Move:
        self.turns += 1
        self.raw, self.text = raw.strip(), plain(raw)
        self.note, self.chosen, self.news, self.topics, self.department = "", "", set(), [], ""
        for step in (self._meta, self._message, self._offers, self._question, self._which, self._matter):
            if move := step():
                return move
        for step in (self._confirm, self._closing, self._book):
            if move := step():
                return move
        return self._small()

    # What it means, from the most to the least urgent ----------------------------------------------------

    def _meta(self) -> Move | None:
        if not self.text:
            return Move.MISSED
        if pressed := intents.KEYS.match(self.raw):
            self.department = self.facts.menu.get(pressed["keys"].strip(), "")
            return Move.PERSON if self.department else Move.KEYS
        if intents.AGAIN.fullmatch(self.text):
            return Move.REPEAT
        dictating = self.asked is Asked.MESSAGE and len(self.text.split()) > 4
        if intents.FAREWELL.search(self.text) and not dictating and not self._is_wish():
            return Move.GOODBYE
        return None

    def _message(self) -> Move | None:
        if self.asked is Asked.MESSAGE and not intents.NEVER_MIND.search(self.text):
            self.mode, self.slots.message = Mode.MESSAGE, self.raw.rstrip(".")
            self._keep_message()
            return Move.PROGRESS
        if intents.PERSON.search(self.text) and not re.search(r"\bsee the\b|\bare you\b|\bam i\b", self.text):
            return Move.PERSON
        if len(self.text.split()) <= MOST_OF_A_CHOICE and (chosen := self.facts.department_in(self.text)):
            self.department = chosen
            return Move.PERSON
        if change := self._wanted_change():
            self._begin(change)
            return Move.PROGRESS
        if intents.EXISTING.search(self.text) and self.asked not in (Asked.CONFIRM, Asked.CHANGE, Asked.WHICH):
            return Move.EXISTING
        if intents.MESSAGE.search(self.text):
            self.mode = Mode.MESSAGE
            self._keep_message()
            self._take_name()
            return Move.PROGRESS
        return None

    def _offers(self) -> Move | None:
        refused, agreed = self._no(), self._yes()
        if agreed and _COMES.search(plain(self.said)):
            return Move.COMES
        if self.asked is Asked.OFFER:
            if agreed:
                self.mode = Mode.MESSAGE
                self._take_name()
                return Move.PROGRESS
            if refused and not self._is_wish():
                if self.mode is Mode.MESSAGE:
                    self.mode = Mode.IDLE
                return Move.GOODBYE if intents.DONE.search(self.text) else Move.DECLINED
        if self.asked is Asked.PASS_ON:
            if self._take_name():
                return Move.PROGRESS
            if agreed or refused:
                self.slots.message = self.slots.message if agreed else ""
                return Move.PASSED_ON if agreed else Move.PROGRESS
        return None

    def _question(self) -> Move | None:
        topics = self.facts.asked_for(self.text)
        when = self._when(bare=False)
        if topics == ["services"] and (when.day or when.minutes is not None or self._is_wish()):
            return None
        curious = intents.QUESTION.search(self.text) or re.search(
            r"\b(?:question about|ask about|like to know|want to know|what about|your (?:opening )?hours)\b", self.text
        )
        brief = len(self.text.split()) <= 4 and not when.day and self.asked is not Asked.NAME
        if not topics or not (curious or brief):
            return None
        self.topics = topics
        if self._is_wish():
            self.mode = Mode.BOOKING
            self._fill()
        return Move.QUESTION

    def _which(self) -> Move | None:
        """Several appointments were named, and one of them is to be changed."""
        if self.asked is not Asked.WHICH or self.mode is not Mode.CHANGING:
            return None
        if changing.KEEPS.search(self.text) or intents.NEVER_MIND.search(self.text):
            self._settle()
            return Move.KEPT
        self.slots.which = changing.meant(self.own, self.text, self._when(bare=True), self.facts.today)
        return Move.PROGRESS if self.slots.which else Move.MISSED

    def _matter(self) -> Move | None:
        """What somebody calls about is taken down where that is the agent's task; they need not ask for it."""
        said_it = self.asked is Asked.MATTER and len(self.text.split()) >= LEAST_OF_A_MATTER and not self._is_chat()
        is_wish = self.mode is Mode.IDLE and self._is_wish()
        if self._can_book or not (said_it or is_wish):
            return None
        self.mode, self.slots.message = Mode.MESSAGE, self.raw.rstrip(".")
        self._take_name()
        return Move.PROGRESS

    @property
    def _can_book(self) -> bool:
        """Where nothing can be taken down either, appointments are talked about as if they were booked."""
        return "book_appointment" in self.abilities or not TAKES_DOWN & set(self.abilities)

    def _confirm(self) -> Move | None:
        if self.asked not in (Asked.CONFIRM, Asked.CHANGE) or self.mode not in (Mode.BOOKING, Mode.CHANGING):
            return None
        if self.mode is Mode.CHANGING and self.change is Change.CANCEL:
            return self._confirm_cancel()
        if intents.NEVER_MIND.search(self.text):
            return None
        if self._fill():
            return Move.PROGRESS
        agreed, refused = self._yes(), self._no()
        if not agreed and (changed := self._forget_what_is_wrong()):
            self.news.discard(changed)
            return Move.PROGRESS
        if refused:
            return Move.REFUSED
        if agreed:
            whole = self.pending() is Asked.CONFIRM and re.search(r"right|correct|book", plain(self.said)[-40:])
            return Move.CONFIRMED if whole and self.asked is Asked.CONFIRM else Move.GO_ON
        return None

    def _closing(self) -> Move | None:
        if intents.NEVER_MIND.search(self.text):
            self.mode, self.slots = Mode.IDLE, Slots(name=self.slots.name)
            return Move.DROPPED
        if self._is_wish() or self._when(bare=False).day:
            return None
        if intents.DONE.search(self.text):
            return Move.GOODBYE
        if self.asked is Asked.ELSE:
            only_thanks = len(self.text.split()) <= 4 and intents.THANKS.search(self.text)
            if self._no() or (only_thanks and not self.text.startswith(("yes", "yeah", "sure"))):
                return Move.GOODBYE
        return None

    def _book(self) -> Move | None:
        text = self.text
        if self.mode is Mode.MESSAGE and not self._is_wish():
            return Move.PROGRESS if self._take_name() else None
        if self.asked is Asked.REASON and intents.UNSURE.search(text):
            self.slots.reason = "a visit"
            return Move.PROGRESS
        if self._is_chat() and not self._is_wish():
            return None
        filled = self._fill()
        if filled - {"name"} or self.note or self._is_wish():
            self.mode = Mode.CHANGING if self.mode is Mode.CHANGING else Mode.BOOKING
            return Move.PROGRESS
        return Move.PROGRESS if self.mode in (Mode.BOOKING, Mode.CHANGING) and filled else None

    def _small(self) -> Move:
        text = self.text
        if self._is_chat():
            return Move.SMALL_TALK
        if intents.THANKS.search(text) and len(text.split()) <= 5:
            return Move.THANKS
        if intents.GREETING.fullmatch(text) or "name" in self.news:
            return Move.GREETING
        harmless = (intents.YES, intents.NO, intents.UNSURE, intents.NUMBER, intents.SPELLING)
        if any(known.search(text) for known in harmless):
            return Move.GO_ON
        return Move.UNKNOWN if intents.QUESTION.search(text) and len(text.split()) > 2 else Move.MISSED

    # An appointment that is there already ----------------------------------------------------------------

    def _wanted_change(self) -> Change | None:
        slots = self.slots
        is_booking = self.mode is Mode.BOOKING and (slots.reason or slots.day or slots.minutes is not None)
        if is_booking or self.mode is Mode.MESSAGE or self.asked in (Asked.CONFIRM, Asked.CHANGE, Asked.WHICH):
            return None
        return changing.wanted(self.text, is_known=self.is_known, abilities=self.abilities)

    def _begin(self, change: Change) -> None:
        self.mode, self.change, self.slots = Mode.CHANGING, change, Slots(name=self.slots.name)
        self.text = changing.without_old_time(self.text)
        self._fill()

    def _pending_change(self) -> Asked:
        slots, moves = self.slots, self.change is Change.MOVE
        wanted = (
            (slots.day or not moves, Asked.DAY),
            (slots.minutes is not None or not moves, Asked.TIME),
            (slots.name, Asked.NAME),
        )
        return next((asked for known, asked in wanted if not known), Asked.CONFIRM)

    def _confirm_cancel(self) -> Move | None:
        if changing.KEEPS.search(self.text) or self._no():
            self._settle()
            return Move.KEPT
        return Move.CONFIRMED if self._yes() and self.asked is Asked.CONFIRM else None

    def _settle(self, *, is_found: bool = True) -> None:
        """A name under which nothing was found may have been misheard."""
        self.mode, self.slots = Mode.IDLE, Slots(name=self.slots.name if is_found else "")
        self.is_known = self.is_known or is_found

    # Reading ---------------------------------------------------------------------------------------------

    def _yes(self) -> bool:
        return bool(intents.YES.search(self.text)) and not self._no()

    def _no(self) -> bool:
        return bool(intents.NO.search(self.text))

    def _is_wish(self) -> bool:
        wants = intents.WANT.search(self.text) and find_reason(self.text)
        return bool(wants or intents.WISH.search(self.text)) and not intents.EXISTING.search(self.text)

    def _is_chat(self) -> bool:
        chats = (
            *(intents.HOW_ARE_YOU, intents.PRESENT, intents.WAIT, intents.WHO, intents.ROBOT, intents.ABILITY),
            *(intents.PLEASANT, intents.BUSINESS_UNKNOWN),
        )
        return any(chat.search(self.text) for chat in chats)

    def _when(self, *, bare: bool) -> When:
        return read_when(self.text, today=self.facts.today, bare=bare, opening=self.facts.opening)

    def _fill(self) -> set[str]:
        """Take every slot that this turn gives; which of them are new."""
        before = Slots(**{name: getattr(self.slots, name) for name in Slots.__slots__})
        slots, asked = self.slots, self.asked
        when = self._when(bare=asked in (Asked.TIME, Asked.CONFIRM, Asked.CHANGE))
        slots.day = when.day or slots.day
        slots.minutes = slots.minutes if when.minutes is None else when.minutes
        slots.part = when.part or slots.part
        if intents.WHENEVER.search(self.text):
            self._choose()
        free = asked is Asked.REASON and not when.day and not intents.QUESTION.search(self.text)
        reason, rest = read_reason(when.rest, asked=free and not intents.GREETING.fullmatch(self.text))
        slots.reason = reason or slots.reason
        name = read_name(rest, asked=asked is Asked.NAME)
        if name and (name.introduced or not slots.name):
            slots.name = name.text
        self._turn_down()
        self.news = {each for each in Slots.__slots__ if getattr(slots, each) != getattr(before, each)}
        return set(self.news)

    def _choose(self) -> None:
        """The caller leaves it to us: the next open day, and ten o'clock or three."""
        slots, weekday = self.slots, self.facts.next_open()
        if slots.day is None and weekday is not None:
            slots.day = Day(DAY_NAMES[weekday], weekday)
            self.chosen = slots.day.name
        elif slots.day is not None and slots.minutes is None:
            slots.minutes = 15 * 60 if slots.part in ("afternoon", "evening") else 10 * 60
            self.chosen = clock(slots.minutes)

    def _turn_down(self) -> None:
        """A day or a time at which nobody is there is not taken, and the caller is told why."""
        slots, facts = self.slots, self.facts
        if slots.day and facts.is_closed(slots.day.weekday):
            self.note, slots.day = f"We are closed on {DAY_NAMES[slots.day.weekday or 0]}s.", None
        if slots.minutes is not None and facts.knows_opening:
            start, end = facts.opening
            if not start <= slots.minutes < end:
                self.note, slots.minutes = f"We are open from {clock(start)} to {clock(end)}.", None

    def _forget_what_is_wrong(self) -> str:
        """ "The day is wrong": ask for it again."""
        for slot, words in intents.CHANGES.items():
            if words.search(self.text):
                match slot:
                    case "day":
                        self.slots.day = None
                    case "time":
                        self.slots.minutes, self.slots.part = None, ""
                    case "name":
                        self.slots.name = ""
                    case _:
                        self.slots.reason = ""
                return slot
        return ""

    def _take_name(self) -> bool:
        name = read_name(self._when(bare=False).rest, asked=self.asked is Asked.NAME)
        if not name or (self.slots.name and not name.introduced):
            return False
        self.slots.name = name.text
        self.news.add("name")
        return True

    def _keep_message(self) -> None:
        if found := intents.MESSAGE_ITSELF.search(self.raw.rstrip(".")):
            self.slots.message = found["message"]

    @property
    def in_pain(self) -> bool:
        return "reason" in self.news and is_painful(self.slots.reason)
