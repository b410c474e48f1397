"""Carries a call over into another language, with everybody who takes part in it."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.history import History
from calls.conversation.ports import Listener, Speaker
from calls.conversation.records import Records
from calls.conversation.script import Script


class Switching:
    """Ears, voice, fixed sentences, and what the model is told. `on_language` tells whoever else has to know."""

    def __init__(
        self,
        listener: Listener,
        speaker: Speaker,
        script: Script,
        history: History,
        records: Records,
    ) -> None:
        self._languages = languages = records.languages
        self._listener, self._speaker = listener, speaker
        self._script, self._history, self._records = script, history, records
        self.on_language: Callable[[str], None] = lambda language: None
        history.language = languages.now()
        if not languages.is_own:  # another process has held the call in it before
            script.go_on_in(languages.current)

    def to(self, wish: str) -> None:
        """Go on in the language that is meant; a wish for any other changes nothing."""
        languages = self._languages
        language = languages.find(wish)
        if language in ("", languages.current):
            return
        languages.current = language
        self._listener.switch_language(language)
        self._speaker.switch_language(language)
        self._script.go_on_in(language)
        self._history.language = languages.now()
        self._records.event("language", {"to": language})
        self.on_language(language)

    def follow(self, text: str, language: str) -> bool:
        """The caller was understood to speak this; whether the call goes over to it."""
        wish = self._languages.changed_by(text, language) if language else ""
        self.to(wish)
        return bool(wish)
