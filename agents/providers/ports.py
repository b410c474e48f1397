"""What a conversation needs from a vendor, said in our words and in our one audio currency.

Audio is 8 kHz mu-law, one byte a sample, eight bytes a millisecond. Positions count from the first frame that
was fed to the adapter. An adapter belongs to one call and one event loop; clients and connection pools are
shared by the process. Nothing here retries: inside a turn a second try is somebody else's decision.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


class ProviderError(Exception):
    """A vendor did not do its part. `retryable` says whether the same request could succeed later.

    `elsewhere`: whoever asks again asks somebody else, so there is nothing to wait for.
    """

    def __init__(
        self, provider: str, message: str, *, retryable: bool = True, code: str = "", elsewhere: bool = False
    ) -> None:
        super().__init__(message)
        self.provider, self.message, self.retryable, self.code = provider, message, retryable, code
        self.elsewhere = elsewhere

    def __str__(self) -> str:
        return f"{self.provider}: {self.message}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a vendor is reached and with which key. `base_url` is http(s); sockets derive ws(s) from it.

    `through` makes the HTTP client that alone may go there: an address that a tenant has chosen is guarded.
    """

    api_key: str = field(default="", repr=False)
    base_url: str = ""
    through: Callable[[], Any] | None = field(default=None, repr=False)


# Hearing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller's voice begins. `text` is empty unless the vendor recognises words before it says so."""

    at_ms: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Interim:
    """The caller's whole turn so far, as it is understood at this moment; the next one replaces it."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class EagerEndOfTurn:
    """The turn is probably over. Either `TurnResumed` follows, or an `EndOfTurn` that means the same."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """The caller goes on after all."""


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """The turn is over. `end_ms` is where its last word ended; `text` may be empty (voice without words)."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None
    language: str = ""  # of most of its words, where the vendor tells


@dataclass(frozen=True, slots=True)
class WordsLate:
    """A voice has been over for a while, and its vendor says nothing. Told by whoever listens to the vendor."""


HearingEvent = SpeechStarted | Interim | EagerEndOfTurn | TurnResumed | EndOfTurn | WordsLate


@dataclass(frozen=True, slots=True)
class Hearing:
    """How to listen. `endpointing_ms` is the silence that ends a turn, where the vendor lets us choose."""

    model: str
    language: str = "en-US"
    keyterms: tuple[str, ...] = ()
    endpointing_ms: int = 300
    eager: bool = True
    several: tuple[str, ...] = ()  # the languages that the caller may speak, where all are to be understood at once
    options: Mapping[str, Any] = field(default_factory=dict)


class SpeechToText(Protocol):
    """One stream of one call's audio, turned into events."""

    @property
    def owes_since(self) -> float | None:
        """Loop time of the vendor's latest sign, while another one is due; None while none is."""
        ...

    async def open(self) -> None:
        """Connect, within 3 s. Raises ProviderError."""
        ...

    def feed(self, frame: bytes) -> None:
        """Take any length of mu-law. Queues and returns; drops the oldest when 3 s are waiting."""
        ...

    def events(self) -> AsyncIterator[HearingEvent]:
        """What is heard, in order. Ends after `close`; raises ProviderError when the stream is lost."""
        ...

    async def close(self) -> None:
        """Let go within 1 s, whatever the peer does. Safe to repeat."""
        ...


# Thinking -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model learns of it. `parameters` is a JSON schema of an object.

    A `strict` one closes every object (`additionalProperties` false) and requires every property; what may be left
    out may be null. Vendors that can then write nothing else.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    strict: bool = True


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model asks for a tool. `arguments` is what it wrote, read by nobody yet: it may be anything.

    `sealed` is what its vendor wants back with the call, such as a signature of its thoughts; nobody else reads it.
    """

    id: str
    name: str
    arguments: str
    sealed: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """`tool_calls` are the assistant's; each is answered by one message of the role `tool` with its id."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply; `cached` is the part of `input` that the vendor had already read.

    Tokens of sound have a price of their own and are counted apart; `audio_cached` is the part of `audio_input` that
    had been heard before. `estimated`: the vendor did not tell.
    """

    input: int
    output: int
    cached: int = 0
    audio_input: int = 0
    audio_output: int = 0
    estimated: bool = False
    audio_cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.audio_input + other.audio_input,
            self.audio_output + other.audio_output,
            self.estimated or other.estimated,
            self.audio_cached + other.audio_cached,
        )

    def by_unit(self) -> Iterator[tuple[str, int]]:
        """Each kind of token that has a price of its own, and how many; none twice, and none below zero."""
        counted = "estimate" if self.estimated else "tokens"
        cached, audio_cached = min(self.cached, self.input), min(self.audio_cached, self.audio_input)
        yield f"input_{counted}", self.input - cached
        yield "cached_tokens", cached
        yield f"output_{counted}", self.output
        yield "heard_tokens", self.audio_input - audio_cached
        yield "heard_again_tokens", audio_cached
        yield "spoken_tokens", self.audio_output


@dataclass(frozen=True, slots=True)
class Thinking:
    model: str
    max_tokens: int = 300
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServedBy:
    """Who answers in the place of the first choice, and is to be paid for it."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Wasted:
    """What a model has used that was asked as well and did not get to answer. `by`: when not the first choice."""

    usage: Usage
    by: ServedBy | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was looked up for a reply, perhaps in vain: of each passage its source, title, and by what it was found."""

    passages: tuple[Mapping[str, Any], ...]


Thought = str | ToolCall | Usage | ServedBy | Wasted | Recalled  # what a reply consists of


class LanguageModel(Protocol):
    async def warm(self) -> None:
        """Open a connection that the next reply can use. Never raises."""
        ...

    def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """Yield text as it comes, each tool call once it is whole, then at most one Usage. Wasted may come at any time.

        An empty text is a sign of life: a tool call is being written. Closing the generator closes the vendor's
        stream. Where another than the first choice answers, that is said before its text.
        Raises ProviderError, also when the stream ends without having finished.
        """
        ...


# Speaking -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WordTiming:
    """A word of the piece and when it is spoken, in milliseconds from the start of the piece's audio."""

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Speech:
    """The next audio of a piece, and the words that the vendor places in it (none where it cannot)."""

    audio: bytes
    words: tuple[WordTiming, ...] = ()
    served_by: ServedBy | None = None  # whose it is, when not the first choice's


@dataclass(frozen=True, slots=True)
class Voice:
    model: str
    voice: str
    language: str = "en-US"
    options: Mapping[str, Any] = field(default_factory=dict)


class TextToSpeech(Protocol):
    async def open(self) -> None:
        """Connect, within 3 s, so that the first piece need not. Raises ProviderError."""
        ...

    def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """Yield the piece's mu-law as it arrives; closing the generator stops synthesis at once.

        Several pieces may be spoken at a time; each yields only its own audio. Raises ProviderError.
        """
        ...

    async def close(self) -> None:
        """Let go within 1 s. Safe to repeat."""
        ...
