"""ElevenLabs' hosted agents, as far as ours uses them, on loopback in a thread of its own. Only the SDK talks to it.

Paths and shapes are those of the SDK, and so is the judgement of what it is sent: a field that the SDK's description of
a request does not know is refused. What the vendor fills in by itself is filled in here, too.
"""

from __future__ import annotations

import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import quoteattr

Json = dict[str, Any]
Reply = tuple[int, str, bytes]
KEY = "xi-key"
MP3 = b"ID3\x04\x00" + bytes(range(256)) * 8  # the head of a file, and nothing that could be heard
SILENT_MP3 = (b"\xff\xfb\x90\x64" + bytes(413)) * 77  # two seconds: MPEG-1 layer III, 128 kbit/s, 44.1 kHz

BY_ITSELF: Json = {
    "conversation_config": {
        "agent": {"prompt": {"temperature": 0, "tool_ids": [], "knowledge_base": []}, "dynamic_variables": {}},
        "tts": {"stability": 0.5, "similarity_boost": 0.8, "speed": 1.0},
        "asr": {"quality": "high", "provider": "scribe_realtime"},
        "conversation": {"text_only": False},
    },
    "platform_settings": {"privacy": {"retention_days": -1}, "widget": {}},
}

BY_ITSELF_FOR_TOOLS: Json = {
    "disable_interruptions": False,
    "tool_error_handling_mode": "auto",
    "assignments": [],
    "api_schema": {"path_params_schema": {}, "query_params_schema": None},
}


@dataclass(frozen=True)
class Asking:
    """A request of the vendor to us, in the middle of a conversation."""

    path: str
    headers: dict[str, str]
    body: Json


@dataclass
class HostedAgents:
    """One account. Set `refuses` to a status, or `waits` to an event that lets answers go."""

    url: str = ""
    agents: dict[str, Json] = field(default_factory=dict)
    webhooks: dict[str, Json] = field(default_factory=dict)
    tools: dict[str, Json] = field(default_factory=dict)
    registered: list[Json] = field(default_factory=list)
    conversations: dict[str, Json] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    recording: bytes = MP3
    refuses: int = 0
    garbles: bool = False
    forgets_to_answer: bool = False
    """The next agent is made, and nobody hears of it."""
    waits: threading.Event | None = None
    _serial: Iterator[int] = field(default_factory=lambda: count(1))

    # What a test plays: the vendor's side of a conversation

    def talk(self, place: int = -1, **report: Any) -> Json:
        """The registered call has taken place; what the vendor now says of it."""
        call = self.registered[place]
        said = [
            {"role": "agent", "message": "Juniper Dental, good morning.", "time_in_call_secs": 0},
            {"role": "user", "message": "Hi, are you open on Friday?", "time_in_call_secs": 3},
            {"role": "agent", "message": "Yes, from eight to five.", "time_in_call_secs": 5},
        ]
        told = {
            "agent_id": call["agent_id"],
            "conversation_id": call["conversation_id"],
            "status": "done",
            "transcript": said,
            "metadata": {
                "start_time_unix_secs": int(time.time()) - 9,
                "call_duration_secs": 9,
                "cost": 120,
                "charging": {
                    "llm_price": 0.0021,
                    "llm_usage": {"initiated_generation": {"model_usage": {"gpt-6-luna": {"input": {"tokens": 900}}}}},
                },
                "termination_reason": "Client disconnected: 1000",
            },
            "has_audio": False,
            "has_user_audio": False,
            "has_response_audio": False,
            "has_auxiliary_audio": False,
            "conversation_initiation_client_data": call["conversation_initiation_client_data"],
        } | report
        self.conversations[call["conversation_id"]] = told
        return told

    def asks(
        self, name: str, *said: str, place: int = -1, turns: int = 1, greeted: str = "", **arguments: Any
    ) -> Asking:
        """The model asks for a tool in a registered call, after the caller has `said` this; as the vendor posts it."""
        call = self.registered[place]
        ids = self.agents[call["agent_id"]]["conversation_config"]["agent"]["prompt"]["tool_ids"]
        schema = next(self.tools[each] for each in ids if self.tools[each]["name"] == name)["api_schema"]
        given = call["conversation_initiation_client_data"]["dynamic_variables"]
        spoken = [("agent", greeted)] * bool(greeted) + [("user", each) for each in said]
        entries: list[Json] = [{"role": role, "message": each} for role, each in spoken]
        entries += [{"role": "agent", "tool_requests": [{"tool_name": name, "params_as_json": arguments}]}]
        history = {"x-elevenlabs-history": True, "entries": entries}
        given = given | {"system__conversation_history": json.dumps(history), "system__agent_turns": str(turns)}
        properties = schema["request_body_schema"]["properties"]
        filled_in = {name: given[each["dynamic_variable"]] for name, each in properties.items() if _is_ours(each)}
        headers = {name: given[each["variable_name"]] for name, each in schema["request_headers"].items()}
        return Asking(urlsplit(schema["url"]).path, headers, arguments | filled_in)

    def signed(
        self, data: Json, *, kind: str = "post_call_transcription", at: float | None = None
    ) -> tuple[bytes, str]:
        """A report as it is posted: body and signature header."""
        when = int(time.time() if at is None else at)
        body = json.dumps({"type": kind, "event_timestamp": when, "data": data}).encode()
        secret = next(iter(self.webhooks.values()))["secret"]
        digest = hmac.new(secret.encode(), f"{when}.".encode() + body, sha256).hexdigest()
        return body, f"t={when},v0={digest}"

    def register(self, call: Json) -> bytes:
        """The vendor has the call; what it wants the carrier told."""
        conversation_id = f"conv_{next(self._serial):020d}"
        self.registered.append({**call, "conversation_id": conversation_id})
        address = quoteattr("wss://api.elevenlabs.io/v1/convai/conversation/twilio")
        told = f'<Parameter name="conversation_id" value={quoteattr(conversation_id)} />'
        twiml = f"<Response><Connect><Stream url={address}>{told}</Stream></Connect></Response>"
        return f'<?xml version="1.0" encoding="UTF-8"?>{twiml}'.encode()

    # What is served

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json) -> Reply | None:
        if found := mistakes(path, body):
            return 422, "application/json", json.dumps({"detail": found}).encode()
        match method, path.strip("/").split("/")[1:]:
            case "GET", ["workspace", "webhooks"]:
                return _json({"webhooks": [self._webhook(each) for each in self.webhooks]})
            case "POST", ["workspace", "webhooks"]:
                return self._create_webhook(body["settings"])
            case "DELETE", ["workspace", "webhooks", webhook_id]:
                return _json({"status": "ok"}) if self.webhooks.pop(webhook_id, None) else _missing()
            case "POST", ["convai", "agents", "create"]:
                return self._create(body)
            case "GET", ["convai", "agents"]:
                return self._list(query)
            case "DELETE", ["convai", "agents", agent_id]:
                return _json(None) if self.agents.pop(agent_id, None) else _missing()
            case _, ["convai", "agents", agent_id]:
                return self._agent(method, agent_id, body)
            case _, ["convai", "tools", *rest]:
                return self._tools(method, rest, query, body)
            case "POST", ["convai", "twilio", "register-call"]:
                return self._register(body)
            case "GET", ["convai", "conversations"]:
                return self._search(query)
            case "GET", ["convai", "conversations", conversation_id, "audio"]:
                there = self.conversations.get(conversation_id, {}).get("has_audio")
                return (200, "audio/mpeg", self.recording) if there else _missing()
            case "GET", ["convai", "conversations", conversation_id]:
                told = self.conversations.get(conversation_id)
                return _json(told) if told else _missing()
            case "DELETE", ["convai", "conversations", conversation_id]:
                return _json({}) if self.conversations.pop(conversation_id, None) else _missing()
        return _missing()

    def variables_of(self, agent_id: str) -> set[str]:
        """What its texts and tools name, and a call has to bring."""
        agent = self.agents[agent_id]["conversation_config"]["agent"]
        texts = json.dumps([agent, [self.tools[each] for each in agent["prompt"]["tool_ids"]]])
        named = re.findall(r'{{\s*(\w+)\s*}}|"(?:dynamic_variable|variable_name)": "(\w+)"', texts)
        return {name for pair in named for name in pair if name and not name.startswith("system__")}

    def _webhook(self, webhook_id: str) -> Json:
        kept = self.webhooks[webhook_id]
        rest = {"auth_type": "hmac", "is_disabled": False, "is_auto_disabled": False, "created_at_unix": 1}
        return {"webhook_id": webhook_id, "name": kept["name"], "webhook_url": kept["webhook_url"], **rest}

    def _create_webhook(self, settings: Json) -> Reply:
        assert settings["auth_type"] == "hmac"
        webhook_id = f"wh{next(self._serial)}"
        self.webhooks[webhook_id] = {**settings, "secret": f"wsec_{webhook_id}"}
        return _json({"webhook_id": webhook_id, "webhook_secret": f"wsec_{webhook_id}"})

    def _create(self, body: Json) -> Reply | None:
        agent_id = f"agent_{next(self._serial)}"
        self.agents[agent_id] = _merged(BY_ITSELF, body)
        if self.forgets_to_answer:
            self.forgets_to_answer = False
            return None
        return _json({"agent_id": agent_id})

    def _list(self, query: dict[str, list[str]]) -> Reply:
        wanted = set(query.get("tags", []))
        found = [
            {"agent_id": agent_id, "name": each["name"], "tags": each["tags"], "created_at_unix_secs": 1}
            for agent_id, each in self.agents.items()
            if wanted <= set(each["tags"])
        ]
        return _json({"agents": found, "next_cursor": None, "has_more": False})

    def _agent(self, method: str, agent_id: str, body: Json) -> Reply:
        if agent_id not in self.agents:
            return _missing()
        if method == "PATCH":
            self.agents[agent_id] = _merged(self.agents[agent_id], body)
        times = {"created_at_unix_secs": 1, "updated_at_unix_secs": 2}
        return _json({"agent_id": agent_id, "metadata": times, **self.agents[agent_id]})

    def _tools(self, method: str, rest: list[str], query: dict[str, list[str]], body: Json) -> Reply:
        if not rest and method == "POST":
            rest = [f"tool_{next(self._serial)}"]
        elif not rest:
            return self._page_of_tools(query)
        elif rest[0] not in self.tools:
            return _missing()
        [tool_id] = rest
        if method == "DELETE":
            del self.tools[tool_id]
            return _json({})
        if method != "GET":
            self.tools[tool_id] = _merged(BY_ITSELF_FOR_TOOLS, body["tool_config"])
        return _json(_tool(tool_id, self.tools[tool_id]))

    def _page_of_tools(self, query: dict[str, list[str]]) -> Reply:
        """Two at a time, however many are asked for."""
        start = int(query.get("cursor", ["0"])[0])
        known = [_tool(tool_id, config) for tool_id, config in self.tools.items()]
        is_last = start + 2 >= len(known)
        rest = {"next_cursor": None if is_last else str(start + 2), "has_more": not is_last}
        return _json({"tools": known[start : start + 2], **rest})

    def _register(self, body: Json) -> Reply:
        if self.garbles:
            return 200, "text/html", b"<html>Welcome</html>"
        if body["agent_id"] not in self.agents:
            return _missing()
        given = body["conversation_initiation_client_data"]["dynamic_variables"]
        if self.variables_of(body["agent_id"]) - given.keys():
            return 400, "application/json", b'{"detail":{"status":"missing_dynamic_variables"}}'
        return 200, "application/xml", self.register(body)

    def _search(self, query: dict[str, list[str]]) -> Reply:
        agent_id, user_id = query["agent_id"][0], query["user_id"][0]
        found = [
            {"agent_id": agent_id, "conversation_id": each["conversation_id"], "status": "done"}
            for each in reversed(self.registered)
            if each["agent_id"] == agent_id
            and each["conversation_initiation_client_data"]["user_id"] == user_id
            and each["conversation_id"] in self.conversations
        ]
        return _json({"conversations": found, "next_cursor": None, "has_more": False})


def mistakes(path: str, body: Json) -> list[str]:
    """What of a request the SDK does not know, in all its depth."""
    from elevenlabs import types
    from pydantic import BaseModel, ValidationError

    def unknown(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, BaseModel):
            yield from (f"{at}.{name}" for name in value.model_extra or ())
            value = {name: getattr(value, name) for name in type(value).model_fields}
        if isinstance(value, dict):
            for name, each in value.items():
                yield from unknown(each, f"{at}.{name}")
        elif isinstance(value, list):
            for each in value:
                yield from unknown(each, at)

    described: dict[str, Any] = {
        "conversation_config": types.ConversationalConfig,
        "platform_settings": types.AgentPlatformSettingsRequestModel,
        "conversation_initiation_client_data": types.ConversationInitiationClientDataRequestInput,
    }
    found: list[str] = []
    try:
        if "tool_config" in body:
            found += unknown(types.ToolRequestModel.model_validate(body), path)
        for name in described.keys() & body.keys():
            found += unknown(described[name].model_validate(body[name]), name)
    except ValidationError as error:
        found.append(str(error))
    return found


def _is_ours(schema: Json) -> bool:
    """One value has one source: a description for the model, or a name of a value."""
    sources = schema.keys() & {"description", "dynamic_variable", "constant_value"}
    assert len(sources) == 1, schema
    return "dynamic_variable" in sources


def _tool(tool_id: str, config: Json) -> Json:
    access = {"is_creator": True, "creator_name": "A", "creator_email": "a@example.com", "role": "admin"}
    usage = {"total_calls": 0, "avg_latency_secs": 0.0}
    return {"id": tool_id, "tool_config": config, "access_info": access, "usage_stats": usage}


def _merged(old: Any, new: Any) -> Any:
    """As a PATCH does it: what is not named stays."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new


def _json(body: Any) -> Reply:
    return 200, "application/json", json.dumps(body).encode()


def _missing() -> Reply:
    return 404, "application/json", b'{"detail":{"status":"not_found","message":"Document not found."}}'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: HostedAgents

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.double.requests.append(f"{self.command} {parts.path}")
        if self.double.waits is not None:
            self.double.waits.wait(10)
        if self.headers.get("xi-api-key") != KEY:
            self._send(401, "application/json", b'{"detail":{"status":"invalid_api_key"}}')
        elif self.double.refuses:
            self._send(self.double.refuses, "application/json", b'{"detail":"said to be refused"}')
        elif reply := self.double.answer(
            self.command, parts.path, parse_qs(parts.query), json.loads(sent) if sent else {}
        ):
            self._send(*reply)
        else:
            self.close_connection = True

    do_POST = do_PATCH = do_DELETE = do_GET

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def hosted_agents() -> Iterator[HostedAgents]:
    """It serves until the block ends."""
    double = HostedAgents()
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
