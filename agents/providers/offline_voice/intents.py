"""What a turn is for, by its words, apart from names, days, times and reasons."""

from __future__ import annotations

import re


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")


def _whole(*alternatives: str) -> re.Pattern[str]:
    """Nothing but these, and courtesy."""
    polite = (
        r"(?:please|thank you|thanks|okay|ok|oh|so|very much|so much|well|and|then|sir|madam|ma'am|great|good|alright)"
    )
    return re.compile(rf"(?:{polite} )*(?:{'|'.join(alternatives)})(?: (?:{'|'.join(alternatives)}|{polite}))*")


AGAIN = _whole(
    r"sorry(?: what)?",
    r"sorry i (?:didn't|did not) (?:catch|hear|understand|get) (?:that|you|it)",
    "pardon(?: me)?",
    "excuse me",
    "what(?: was that| did you say| is that)?",
    "huh",
    r"(?:sorry )?can you (?:please )?(?:repeat (?:that|it|the question)|say (?:that|it) again|repeat)",
    r"(?:please )?(?:repeat(?: that| the question)?|say (?:that|it) again)",
    r"i (?:didn't|did not) (?:catch|hear|understand|get) (?:that|you|it)",
    "i can't hear you",
    "come again",
    "(?:once more|one more time|again)",
    r"can you speak (?:more slowly|louder|slower|up)",
)
YES = _pattern(
    "yes",
    "yeah",
    "yep",
    "yup",
    "correct",
    "right",
    "sure",
    "okay",
    "ok",
    "perfect",
    "sounds good",
    "sounds great",
    "exactly",
    "absolutely",
    "of course",
    "go ahead",
    "please do",
    "fine",
    "that works",
    "that is good",
    "great",
    "i think so",
    "i will be there",
    "definitely",
    "all good",
)
NO = _pattern(
    "no",
    "nope",
    "nah",
    "not right",
    "wrong",
    "not quite",
    "not really",
    "not correct",
    "incorrect",
    "nothing",
    "i don't",
)
DONE = _pattern(
    r"goodbye",
    "bye",
    "that is (?:all|it|everything)",
    "that will be (?:all|it)",
    "nothing else",
    "have a (?:nice|good|great) (?:day|one|evening)",
    "see you",
    "talk to you later",
    "i am (?:good|done|all set)",
    "no thank you",
    "no thanks",
    "hang up",
)
FAREWELL = _pattern(
    "goodbye", "bye", "have a (?:nice|good|great) (?:day|one|evening)", "see you", "talk to you later", "hang up"
)
THANKS = _pattern("thank you", "thanks", "thank")
NEVER_MIND = _pattern(
    "never ?mind",
    "forget (?:it|about it|that)",
    "cancel (?:that|it|this)",
    "(?:i )?don't want (?:an|any|the) appointment",
    "no appointment",
    "changed my mind",
)
PERSON = re.compile(
    r"\b(?:speak|talk|spoke|transfer|connect|put) (?:me )?(?:(?:to|with|through to) )?"
    r"(?:a |an |the |some |with )*(?:real |live |human )?"
    r"(?:person|someone|somebody|human|dentist|doctor|manager|operator|receptionist|"
    r"reception|agent|representative|office)\b"
    r"|^(?:(?:please|a|an|the|yes|hello|hi|real|human|live) )*"
    r"(?:operator|representative|agent|human|person)(?: please)?$"
    r"|\b(?:transfer|connect) me\b|\breal person please\b"
)
EXISTING = re.compile(
    r"\b(?:cancel|reschedule|change|move|confirm|postpone)\w* (?:(?:my|the|an|our) )?(?:appointment|booking|visit)\b"
    r"|\breschedule\b|\bi (?:already )?have an appointment\b|"
    r"\bwhen is my appointment\b|\brunning late\b|\bi can't make it\b"
)
MESSAGE = re.compile(
    r"\b(?:leave|take|give|pass(?: on)?) (?:him |her |them |you )?a message\b|\bcall me back\b|\bcall back\b|"
    r"\bhave (?:someone|somebody|them|the \w+) call\b"
    r"|\bmy message is\b|\btell (?:them|him|her|the \w+) (?:that )?i\b"
)
MESSAGE_ITSELF = re.compile(r"\b(?:message is|tell (?:them|him|her|the \w+)) (?:that )?(?P<message>.+)$", re.IGNORECASE)
WISH = re.compile(
    r"\b(?:appointments?|book(?:ing)?|schedule|reserve|come in|can i come|(?:next|this) week|"
    r"an opening|openings|a slot|make an|see (?:the|a) (?:dentist|doctor)|"
    r"(?:are you|is|be) (?:free|available)|(?:anything|something|time) (?:available|free|open)|fit me in)\b"
)
WANT = re.compile(
    r"\b(?:i (?:would like|want|need|have|was hoping)|can i (?:get|have|come)|i am calling (?:to|for)|set up)\b"
)
QUESTION = re.compile(
    r"^(?:(?:\w+) ){0,4}?(?:what|where|when|who|how|which|do you|does|are you|is there|are there|can i pay|"
    r"can i park|tell me|"
    r"can you tell|do i|should i|is it|is this|am i|is parking|until when)\b"
    r"|\b(?:and|but) (?:do|what|where|when|how|can i (?:pay|park)|is there|are (?:you|there))\b"
)
WHENEVER = _pattern(
    "any ?time",
    "any day",
    "whenever",
    "as soon as possible",
    "earliest",
    "first available",
    "next available",
    "soonest",
    "i don't mind",
    "don't care",
    "whatever",
    "(?:what|which)(?:ever)? works for you",
    "either",
    "no preference",
    "you (?:choose|decide|pick)",
    "first (?:free )?(?:appointment|one)",
    "next (?:free|opening)",
)
KEYS = re.compile(r"^i pressed (?P<keys>[\d*# a-z]+?)\.?$", re.IGNORECASE)
GREETING = _whole(
    "hello", "hi", "hi there", "hey", "good morning", "good afternoon", "good evening", "hello there", "howdy"
)
NUMBER = re.compile(r"(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|\d) ?){5,}|\d{5,}")
SPELLING = re.compile(r"\b(?:[a-z] ){3,}[a-z]\b")
PRESENT = re.compile(
    r"\bare you (?:still )?there\b|\bcan you hear me\b|\bi am (?:still )?here\b|\bstill here\b|\bi am still\b"
)
WAIT = re.compile(
    r"\b(?:just a|one|a) (?:moment|second|minute)\b|\bhold on\b|\blet me (?:think|check|see)\b|\bwait a\b"
)
UNSURE = re.compile(r"\bi don't know\b|\bi am not sure\b|\bnot sure\b|\bno idea\b")
ROBOT = re.compile(r"\b(?:robot|computer|machine|human|real person|a bot)\b")
WHO = re.compile(r"\bwhat is your name\b|\bwho are you\b|\bam i (?:speaking|talking)\b|\bwho is speaking\b")
ABILITY = re.compile(
    r"\bwhat can you do\b|\bcan you help\b|\bi need help\b|\bi have a question\b|^(?:help|information)$"
)
HOW_ARE_YOU = re.compile(r"\bhow are you\b|\bhow is it going\b|\bhow do you do\b")
PLEASANT = re.compile(
    r"\bnice to (?:meet|talk)\b|\bi am (?:fine|good|great|doing well)\b|\bvery kind\b|"
    r"\bthat is (?:great|nice|good|helpful)\b|\bhappy to\b"
)
BUSINESS_UNKNOWN = re.compile(r"\b(?:weather|joke|story|song)\b")
CHANGES = {
    "day": re.compile(r"\b(?:day|date)\b"),
    "time": re.compile(r"\btime\b|\bhour\b"),
    "name": re.compile(r"\bname\b"),
    "reason": re.compile(r"\breason\b|\bvisit\b|\bwhat for\b"),
}
