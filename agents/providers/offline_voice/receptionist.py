"""A small receptionist by rules: answers from its prompt, books appointments, takes messages, says goodbye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ports import Message, ToolCall, ToolSpec
from . import intents
from .changing import CANCELED, FIND, MOVED, NOT_DONE, NOT_FOUND, SEVERAL, TOOL, Change
from .conversation import Conversation
from .facts import Facts, first_passage
from .states import Asked, Mode, Move
from .wishes import Result, results_of, wish_for
from .wording import UNITS, clock

QUESTIONS = {
    Asked.HELP: ("How can I help you?", "What can I do for you?"),
    Asked.REASON: ("What would you like to come in for?", "What is the appointment for?"),
    Asked.DAY: ("What day would suit you?", "Which day would you like?"),
    Asked.TIME: ("What time would you like?", "What time would suit you?"),
    Asked.NAME: ("May I have your name, please?", "What name should I put down?"),
    Asked.CHANGE: ("What should I change: the day, the time, the name or the reason?",),
    Asked.WHICH: ("Which one do you mean?",),
    Asked.MATTER: ("What is it about?",),
    Asked.ELSE: (
        "Is there anything else?",
        "Is there anything else I can help with?",
        "Anything else I can do for you?",
    ),
    Asked.OFFER: ("Would you like to leave a message?", "Shall I take a message?"),
    Asked.MESSAGE: ("What should I tell them?", "What is your message?"),
}
MISSED = (
    "I am sorry, I did not catch that.",
    "Sorry, I did not quite understand.",
    "I am afraid I missed that.",
)
GIVING_UP = "I am sorry, I did not get that either. Shall I take a message, or would you like to try once more?"
AGREED = ("Of course.", "Gladly.", "Certainly.")
NOTED = ("Very good.", "All right.", "Good.")
BEFORE = {"check_availability": "Let me look.", "transfer_call": "I will put you through. One moment, please."}
UNREACHED = "I am sorry, nobody can take your call right now."
NOBODY = "I am an offline assistant, so I cannot reach anybody right now."
BOOKS = "book_appointment"
CHANGES = {BOOKS: "book", "move_appointment": "move", "cancel_appointment": "cancel"}
FAREWELLS = ("Thank you for calling. Goodbye.", "Thank you, and have a good day. Goodbye.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say; or with a `call`, what to ask for before there is more to say."""

    text: str
    hangs_up: bool = False
    call: ToolCall | None = None


def respond(messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> Answer:
    """What to say or to ask for next. The same conversation always gets the same answer."""
    conversation = Conversation(asked=Asked.HELP, abilities={tool.name for tool in tools})
    move, found = Move.GREETING, ""
    for message in messages:
        match message.role:
            case "system" if message is not messages[0]:
                found = first_passage(message.content)
            case "system":
                conversation.facts = Facts.read(message.content)
            case "tool":
                conversation.tool_said(message.content)
            case "assistant" if message.content:
                conversation.agent_said(message.content)
            case "user":
                move = conversation.caller_said(message.content)
    receptionist = Receptionist(conversation, found)
    if results := results_of(messages):
        return receptionist.tell(move, results[-1])
    wish = wish_for(move, conversation, tools)
    if wish is None or wish.name == "end_call":
        answer = receptionist.answer(move)
        return Answer(answer.text, hangs_up=answer.hangs_up and wish is None, call=wish)
    return Answer(BEFORE.get(wish.name, ""), call=wish)


class Receptionist:
    """Puts a reply into words. `found` is what was looked up for the caller's last words, for when it knows nothing."""

    def __init__(self, conversation: Conversation, found: str = "") -> None:
        self._now, self._found = conversation, found

    def answer(self, move: Move) -> Answer:
        if move is Move.GOODBYE:
            return Answer(self._one_of(FAREWELLS), hangs_up=True)
        return Answer(" ".join(filter(None, self._sentences(move))))

    def tell(self, move: Move, result: Result) -> Answer:
        """What came of what was asked for. Nothing is said to be done unless the tool says so."""
        if result.is_under_way:
            return Answer("I am on it.")
        if result.name == "transfer_call":
            return Answer(f"{UNREACHED} {self._ask(Asked.OFFER)}")
        if result.name == "check_availability":
            asked = Asked.TIME if result.text.startswith("Free") else Asked.DAY
            return Answer(f"{result.spoken} {self._ask(asked)}")
        if result.name in TOOL.values():
            return Answer(" ".join(filter(None, self._told_of_own(move, result))))
        if result.is_done and move in (Move.CONFIRMED, Move.PASSED_ON):
            return self.answer(move)
        again = self._ask(Asked.TIME) if "free" in result.text else self._ask(Asked.OFFER)
        return Answer(f"I am sorry. {result.spoken} {again}")

    def _sentences(self, move: Move) -> tuple[str, ...]:
        match move:
            case Move.PROGRESS:
                return self._acknowledged(), self._next()
            case Move.CONFIRMED if self._now.mode is Mode.CHANGING:
                return NOT_DONE, self._ask(Asked.OFFER)
            case Move.KEPT:
                return "All right, it stays as it is.", self._ask(Asked.ELSE)
            case Move.CONFIRMED:
                return f"You are booked for {self._appointment()}.", self._ask(Asked.ELSE)
            case Move.REFUSED:
                return "I am sorry.", self._ask(Asked.CHANGE)
            case Move.PASSED_ON:
                return "Thank you, I will pass it on.", self._ask(Asked.ELSE)
            case Move.COMES:
                return "Thank you. We look forward to seeing you.", self._ask(Asked.ELSE)
            case Move.DROPPED:
                return "No problem.", self._ask(Asked.ELSE)
            case Move.DECLINED:
                return "All right.", self._next()
            case Move.QUESTION:
                return self._facts()
            case Move.UNKNOWN:
                return self._looked_up()
            case Move.MISSED if self._found:
                return self._looked_up()
            case Move.PERSON:
                return NOBODY, self._ask(Asked.OFFER)
            case Move.EXISTING:
                return "I cannot see or change existing appointments.", self._ask(Asked.OFFER)
            case Move.KEYS:
                return f"I noted {self._keys()}.", self._again()
            case Move.REPEAT:
                return (self._repeat(),)
            case Move.MISSED:
                return self._missed()
            case _:
                return self._courtesy(move), self._again()

    def _told_of_own(self, move: Move, result: Result) -> tuple[str, ...]:
        """What came of looking for the caller's own appointment, or of changing it."""
        now = self._now
        if (result.are_several and result.name == FIND) or result.text.startswith("There are several"):
            asked = Asked.ELSE if now.change is Change.HEAR else Asked.WHICH if now.own else Asked.OFFER
            named = " and ".join(now.own.values()) or "I cannot tell which one you mean"
            return f"{SEVERAL} {named}.", self._ask(asked)
        if result.text.startswith("No coming"):
            return "I am sorry.", NOT_FOUND, self._ask(Asked.OFFER)
        if result.name == FIND and now.change is Change.HEAR:
            return f"I found your appointment: {result.appointments}.", self._ask(Asked.ELSE)
        if result.name == FIND:
            return self._acknowledged(), self._ask(Asked.CONFIRM, result.appointments)
        if result.is_done and move is Move.CONFIRMED:
            done = CANCELED if now.change is Change.CANCEL else f"{MOVED} {self._moment()}."
            return done, self._ask(Asked.ELSE)
        if "free" in result.text.lower():
            return "I am sorry.", result.spoken, self._ask(Asked.TIME)
        return "I am sorry.", NOT_DONE, self._ask(Asked.OFFER)

    def _courtesy(self, move: Move) -> str:
        now = self._now
        match move:
            case Move.THANKS:
                return "You are welcome."
            case Move.GREETING:
                return f"Hello, {now.slots.name}." if "name" in now.news else "Hello."
            case Move.SMALL_TALK:
                return self._small_talk()
        return ""

    def _small_talk(self) -> str:
        text, facts = self._now.text, self._now.facts
        business = facts.lines.get("business", "")
        name = f"I am {facts.agent}, the" if facts.agent else "I am the"
        for pattern, reply in (
            (intents.HOW_ARE_YOU, "I am very well, thank you."),
            (intents.PRESENT, "Yes, I am here."),
            (intents.WAIT, "Take your time."),
            (intents.ROBOT, f"{name} automated assistant."),
            (intents.WHO, f"{name} automated assistant{f' of {business}' if business else ''}."),
            (intents.ABILITY, self._abilities()),
            (intents.BUSINESS_UNKNOWN, "I only know about the office, I am afraid."),
        ):
            if pattern.search(text):
                return reply
        return "That is kind of you."

    def _abilities(self) -> str:
        abilities = self._now.abilities or {BOOKS}
        can = [words for name, words in CHANGES.items() if name in abilities]
        changes = f"{', '.join(can)} an appointment" if can else ""
        through = "put you through" if "transfer_call" in abilities else ""
        *first, last = filter(None, ("answer questions", changes, through, "take a message"))
        return f"I can {', '.join(first)} or {last}."

    def _facts(self) -> tuple[str, ...]:
        now = self._now
        answers = [now.facts.answer(topic, now.text) for topic in now.topics]
        if not any(answers):
            return self._looked_up()
        return *answers, self._ask(Asked.ELSE) if now.mode is Mode.IDLE else self._next()

    def _looked_up(self) -> tuple[str, ...]:
        if self._found:
            return self._found, self._ask(Asked.ELSE) if self._now.mode is Mode.IDLE else self._next()
        return "I am afraid I do not know that.", self._offer_or_go_on()

    def _offer_or_go_on(self) -> str:
        return self._ask(Asked.OFFER) if self._now.mode is Mode.IDLE else self._next()

    def _missed(self) -> tuple[str, ...]:
        if self._now.misses:
            return (GIVING_UP,)
        return self._one_of(MISSED), self._again()

    def _repeat(self) -> str:
        """The question, or where it was an answer all that was heard of it."""
        now = self._now
        whole = now.said.rstrip().endswith((".", "?", "!"))
        if now.asked in (Asked.ELSE, Asked.HELP, Asked.OFFER, Asked.WHICH, Asked.MATTER) and whole:
            return now.said if now.said.startswith("I said:") else f"I said: {now.said}"
        return f"Of course. {self._ask(now.asked)}"

    def _again(self) -> str:
        """The question in the air, where it was ours to ask; else the next."""
        asked = self._now.asked
        kept = (Asked.HELP, Asked.OFFER, Asked.CHANGE, Asked.WHICH, Asked.MATTER)
        return self._ask(asked) if asked in kept and self._now.mode is not Mode.MESSAGE else self._next()

    def _next(self) -> str:
        return self._ask(self._now.pending())

    def _ask(self, asked: Asked, found: str = "") -> str:
        """`found`: when the appointment is now that is spoken of."""
        slots = self._now.slots
        match asked:
            case Asked.CONFIRM if self._now.mode is Mode.CHANGING:
                chosen = self._now.own.get(slots.which, "")
                known = f"I found your appointment: {found}." if found else f"You mean {chosen}." if chosen else ""
                under = "" if known else f", under the name {slots.name}"
                moves = self._now.change is Change.MOVE
                change = f"I would move it to {self._moment()}" if moves else "I would cancel it"
                return f"{known} {change}{under}. Is that right?".strip()
            case Asked.CONFIRM:
                return f"I have you down for {self._appointment()}, under the name {slots.name}. Is that right?"
            case Asked.PASS_ON:
                return f"Your message is: {slots.message}, from {slots.name}. Shall I pass it on?"
            case Asked.TIME if slots.part:
                return f"What time in the {slots.part} would suit you?"
        return self._one_of(QUESTIONS[asked])

    def _acknowledged(self) -> str:
        now = self._now
        if now.note:
            return f"I am sorry. {now.note}"
        if now.chosen:
            return f"Let us say {now.chosen}."
        if now.in_pain:
            danger = " If you are in danger, please call nine one one." if now.facts.emergency_number else ""
            return f"I am sorry to hear that.{danger}"
        if now.pending() in (Asked.CONFIRM, Asked.PASS_ON):
            return "Thank you."
        if "name" in now.news:
            return f"Thank you, {now.slots.name}."
        return self._one_of(AGREED if now.asked in (Asked.HELP, Asked.ELSE, Asked.OFFER) else NOTED)

    def _appointment(self) -> str:
        slots = self._now.slots
        day = slots.day.phrase if slots.day else ""
        return f"{slots.reason} {day} at {clock(slots.minutes or 0)}"

    def _moment(self) -> str:
        slots = self._now.slots
        return f"{slots.day.phrase.removeprefix('on ') if slots.day else ''} at {clock(slots.minutes or 0)}"

    def _keys(self) -> str:
        found = intents.KEYS.match(self._now.raw)
        keys = found["keys"] if found else ""
        if keys.endswith("keys"):
            return "your keys"
        names = {"*": "star", "#": "pound"}
        words = [UNITS[int(key)] if key.isdigit() else names.get(key, "") for key in keys.replace(" ", "")]
        return f"the key{'s' if len(words) > 1 else ''} {' '.join(filter(None, words))}"

    def _one_of(self, phrases: Sequence[str]) -> str:
        """Another wording from turn to turn."""
        return phrases[self._now.turns % len(phrases)]
