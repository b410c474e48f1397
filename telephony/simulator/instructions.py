"""TwiML as the carrier reads it: verbs in order, and what is wrong with them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

PARSE_ERROR, SCHEMA_WARNING = 12100, 12200
LONGEST_PARAMETER = 500

_CALLBACK = {"statusCallback", "statusCallbackMethod"}
_RECORDING_CALLBACK = {
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
}
_RELAY = {
    "url",
    "welcomeGreeting",
    "welcomeGreetingInterruptible",
    "language",
    "ttsLanguage",
    "transcriptionLanguage",
    "ttsProvider",
    "voice",
    "transcriptionProvider",
    "speechModel",
    "interruptible",
    "interruptSensitivity",
    "reportInputDuringAgentSpeech",
    "dtmfDetection",
    "preemptible",
    "hints",
    "partialPrompts",
    "ignoreBackchannel",
    "speechTimeout",
    "events",
    "debug",
}
VERBS: Mapping[str, set[str]] = {
    "Connect": {"action", "method"},
    "Dial": {"action", "method", "timeout", "callerId", "answerOnBridge"},
    "Gather": {
        "action",
        "method",
        "timeout",
        "speechTimeout",
        "finishOnKey",
        "numDigits",
        "input",
        "actionOnEmptyResult",
        "language",
    },
    "Hangup": set(),
    "Pause": {"length"},
    "Play": {"loop", "digits"},
    "Record": {"action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", *_RECORDING_CALLBACK},
    "Redirect": {"method"},
    "Reject": {"reason"},
    "Say": {"voice", "language", "loop"},
}
NOUNS: Mapping[str, Mapping[str, set[str]]] = {
    "Dial": {
        "Number": set(),
        "Sip": set(),
        "Conference": {"startConferenceOnEnter", "endConferenceOnExit", "beep", "waitUrl", "waitMethod"},
    },
    "Connect": {"Stream": {"url", "name", "track", *_CALLBACK}, "ConversationRelay": _RELAY},
    "Gather": {"Say": VERBS["Say"], "Play": VERBS["Play"], "Pause": VERBS["Pause"]},
    "Stream": {"Parameter": {"name", "value"}},
    "ConversationRelay": {
        "Parameter": {"name", "value"},
        "Language": {"code", "ttsProvider", "voice", "transcriptionProvider", "speechModel", "hints"},
    },
}


class TwimlError(Exception):
    """The instructions, or the way to them, are broken. `code` is the carrier's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing to do. `nouns` are the elements inside it."""

    name: str
    attributes: Mapping[str, str]
    text: str
    nouns: tuple[Verb, ...]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def number(self, name: str, default: float) -> float:
        try:
            return float(self.attributes[name])
        except (KeyError, ValueError):
            return default


@dataclass(frozen=True, slots=True)
class Document:
    """Instructions, where they came from, and what the carrier would warn about."""

    url: str
    verbs: tuple[Verb, ...]
    warnings: tuple[str, ...] = ()

    def address(self, relative: str) -> str:
        return urljoin(self.url, relative) if relative else self.url


@dataclass(frozen=True, slots=True)
class StreamNoun:
    """Where a stream is to be connected. `connect_to` is the address to use, `url` the one that is signed."""

    url: str
    connect_to: str
    name: str
    parameters: Mapping[str, str]
    status_callback: str
    status_callback_method: str


@dataclass(frozen=True, slots=True)
class RelayNoun:
    """Where a session for words is to be connected, and how it is to hear and speak."""

    url: str
    connect_to: str
    attributes: Mapping[str, str]
    parameters: Mapping[str, str]
    languages: tuple[str, ...]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)


def read(text: str, url: str) -> Document:
    """Raises TwimlError for what is not TwiML at all. Unknown verbs and attributes are warned of and left out."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 -- from our own side, on loopback
    except ElementTree.ParseError as error:
        raise TwimlError(PARSE_ERROR, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(PARSE_ERROR, f"the document is a <{root.tag}>, not a <Response>")
    warnings: list[str] = []
    return Document(url, _verbs(root, VERBS, warnings), tuple(warnings))


def connect_noun(document: Document, connect: Verb) -> StreamNoun | RelayNoun:
    """What a <Connect> leads to. Raises TwimlError for what the carrier would refuse."""
    if len(connect.nouns) != 1:
        raise TwimlError(SCHEMA_WARNING, "<Connect> holds exactly one noun")
    noun = connect.nouns[0]
    return _relay_noun(document, noun) if noun.name == "ConversationRelay" else _stream_noun(document, noun)


def _relay_noun(document: Document, noun: Verb) -> RelayNoun:
    written = urljoin(_as_socket(document.url), noun.get("url"))
    if urlsplit(written).scheme not in ("ws", "wss") or not noun.get("url"):
        raise TwimlError(64102, "the address of a session is one of wss")
    parameters = {each.get("name"): each.get("value") for each in noun.nouns if each.name == "Parameter"}
    languages = tuple(each.get("code") for each in noun.nouns if each.name == "Language")
    return RelayNoun(written, _without_tls(document, written), noun.attributes, parameters, languages)


def _stream_noun(document: Document, noun: Verb) -> StreamNoun:
    written = urljoin(_as_socket(document.url), noun.get("url"))
    parts = urlsplit(written)
    if parts.scheme not in ("ws", "wss"):
        raise TwimlError(31922, f"the scheme of a stream is wss, not {parts.scheme!r}")
    if not parts.hostname or parts.query or not noun.get("url"):
        raise TwimlError(31923, "a stream has an absolute address without a query string")
    if noun.get("track", "inbound_track") != "inbound_track":
        raise TwimlError(31941, "<Connect> streams the inbound track only")
    parameters = {parameter.get("name"): parameter.get("value") for parameter in noun.nouns}
    if any(len(name) + len(value) >= LONGEST_PARAMETER for name, value in parameters.items()):
        raise TwimlError(SCHEMA_WARNING, f"name and value of a <Parameter> have {LONGEST_PARAMETER} characters or more")
    callback = noun.get("statusCallback")
    return StreamNoun(
        url=written,
        connect_to=_without_tls(document, written),
        name=noun.get("name"),
        parameters=parameters,
        status_callback=document.address(callback) if callback else "",
        status_callback_method=noun.get("statusCallbackMethod", "POST"),
    )


def _verbs(parent: ElementTree.Element, known: Mapping[str, set[str]], warnings: list[str]) -> tuple[Verb, ...]:
    verbs = []
    for element in parent:
        if element.tag not in known:
            warnings.append(f"<{element.tag}> is not known inside <{parent.tag}>")
            continue
        unknown = element.attrib.keys() - known[element.tag]
        warnings += [f"<{element.tag}> has no attribute {name!r}" for name in sorted(unknown)]
        attributes = {name: value for name, value in element.attrib.items() if name not in unknown}
        nouns = _verbs(element, NOUNS.get(element.tag, {}), warnings)
        verbs.append(Verb(element.tag, attributes, (element.text or "").strip(), nouns))
    return tuple(verbs)


def _as_socket(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(scheme="ws" if parts.scheme == "http" else "wss").geturl()


def _without_tls(document: Document, written: str) -> str:
    """A server that gave its TwiML over plain HTTP has no TLS; it is reached without, whatever it wrote."""
    page, stream = urlsplit(document.url), urlsplit(written)
    plain = page.scheme == "http" and page.netloc == stream.netloc
    return stream._replace(scheme="ws").geturl() if plain else written
