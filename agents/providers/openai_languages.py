"""In which languages OpenAI's transcription is told that somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

OWN_MODELS = ("gpt-transcribe", "gpt-live-transcribe")  # which take several languages, and words to expect as a list


def spoken_in(language: str, several: Sequence[str] = ()) -> dict[str, Any]:
    """As the vendor takes it: one language, or all that may be spoken, without their regions."""
    known = list(dict.fromkeys(each.split("-")[0] for each in several))
    return {"languages": known} if len(known) > 1 else {"language": language.split("-")[0]}
