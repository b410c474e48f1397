"""Somebody who listens to the sound of a call and writes down what was said."""

from __future__ import annotations

from collections.abc import Sequence

from agents.providers.offline_voice.ears import Ear, make_decoder
from agents.providers.offline_voice.grammar import Grammar
from agents.providers.ports import EndOfTurn
from telephony import mulaw


def make_out(sound: bytes, sentences: Sequence[str]) -> str:
    """What can be made out of it by somebody who knows that these sentences are likely, the wrong ones among them."""
    grammar = Grammar(f"#JSGF V1.0; grammar known; public <turn> = {' | '.join(sentences)};")
    ear = Ear(make_decoder(grammar), endpointing_ms=700, eager=False)
    heard = [event.text for event in ear.hear(sound + mulaw.SILENCE * 60) if isinstance(event, EndOfTurn)]
    ear.close()
    return " ".join(heard)
