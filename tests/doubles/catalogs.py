"""What vendors list, in their own shapes. A test changes what is in it."""

from __future__ import annotations

from typing import Any

from .wire import Answer, Request


class Catalogs:
    """`voices` and `models` are ElevenLabs's, `hears` and `speaks` Deepgram's, `openai` names of models."""

    def __init__(self) -> None:
        self.voices: list[dict[str, Any]] = []
        self.models: list[dict[str, Any]] = []
        self.hears: list[dict[str, Any]] = []
        self.speaks: list[dict[str, Any]] = []
        self.openai: list[str] = []
        self.status = 200

    def route(self, request: Request) -> Answer | None:
        """The list that is asked for; None where it is something else, or OpenAI's, which is empty."""
        scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
        lists = request.path.endswith("/models") and request.method == "GET"
        if "xi-api-key" in request.headers and request.path == "/v2/voices":
            return self._answer(self._voices())
        if "xi-api-key" in request.headers and lists:
            return self._answer(self.models)
        if scheme == "token" and lists:
            return self._answer({"stt": self.hears, "tts": self.speaks})
        if scheme == "bearer" and lists and self.openai:
            named = [{"id": name, "object": "model", "created": 1, "owned_by": "system"} for name in self.openai]
            return self._answer({"object": "list", "data": named})
        return None

    def _voices(self) -> dict[str, Any]:
        return {"voices": self.voices, "has_more": False, "total_count": len(self.voices), "next_page_token": None}

    def _answer(self, told: Any) -> Answer:
        return Answer.json(told if self.status == 200 else {"detail": "no"}, self.status)


def voice(name: str, label: str, *, category: str = "premade", accent: str = "american") -> dict[str, Any]:
    """A voice as ElevenLabs lists it."""
    return {"voice_id": name, "name": label, "category": category, "labels": {"accent": accent, "gender": "female"}}


def hearing_model(name: str, *, streaming: bool = True) -> dict[str, Any]:
    """A model as Deepgram lists it."""
    return {
        "name": name.rpartition("-")[2],
        "canonical_name": name,
        "architecture": name.rpartition("-")[0],
        "languages": ["en", "en-us"],
        "version": "2026-01-01.0",
        "uuid": "6b28e919-8427-4f32-9847-492e2efd7daf",
        "batch": True,
        "streaming": streaming,
        "formatted_output": True,
    }


def speaking_model(name: str) -> dict[str, Any]:
    """A voice as Deepgram lists it."""
    return {
        "name": name.split("-")[2],
        "canonical_name": name,
        "architecture": "aura-2",
        "languages": ["en", "en-us"],
        "version": "2026-01-01.0",
        "uuid": "6b28e919-8427-4f32-9847-492e2efd7daf",
        "metadata": {
            "accent": "American",
            "age": "Adult",
            "color": "#fff",
            "image": "",
            "sample": "",
            "tags": [],
            "use_cases": [],
        },
    }
