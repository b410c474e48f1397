"""What differs between two versions, told to somebody who knows one of them."""

from __future__ import annotations

from typing import Any

import pytest

from agentos.tenants.scoping import tenant_transaction
from agents.comparison import EDITABLE, Change, diff, word_diff
from agents.models import Agent
from agents.versions import VersionSpec
from tests import factories

PROMPT = "You are June, the front desk. Keep replies to two sentences. Say dates with the weekday, always."


def test_every_field_that_decides_behavior_is_compared():
    shown_elsewhere = {"version_id", "agent_name", "number"}

    assert set(EDITABLE) == set(VersionSpec.__dataclass_fields__) - shown_elsewhere


def test_a_text_is_compared_word_by_word():
    pieces = list(word_diff("Keep replies to two sentences.", "Keep replies to three sentences."))

    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "Keep replies to "),
        ("removed", "two "),
        ("added", "three "),
        ("same", "sentences."),
    ]


@pytest.mark.parametrize(("before", "after"), [("", "New text"), ("Old text", ""), ("a b\n\nc", "a b c"), ("x", "x")])
def test_the_pieces_put_together_are_both_texts(before: str, after: str):
    pieces = list(word_diff(before, after))

    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


@pytest.mark.django_db
class TestVersions:
    def compare(self, agent: Agent, **changes: Any) -> list[Change]:
        old = factories.make_version(agent, number=10, prompt=PROMPT)
        new = factories.make_version(agent, number=11, **{"prompt": PROMPT} | changes)
        with tenant_transaction(agent.tenant_id):
            return diff(old, new)

    def test_two_equal_versions_have_no_difference(self, agent: Agent):
        assert self.compare(agent) == []

    def test_of_a_text_that_is_added_to_the_rest_is_told_word_by_word(self, agent: Agent):
        (longer,) = self.compare(agent, prompt=f"{PROMPT} Read every telephone number back in groups.")

        assert longer.pieces[0].kind == "same"

    def test_no_words_are_matched_by_chance_when_a_text_was_written_anew(self, agent: Agent):
        (anew,) = self.compare(agent, prompt="Help with one thing at a time, and listen. Ask to whom the bill goes.")

        assert anew.before == PROMPT
        assert anew.pieces == ()

    def test_changes_come_in_the_order_of_the_editor_and_in_words(self, agent: Agent):
        changes = self.compare(
            agent,
            recording=True,
            stt_provider="deepgram",
            stt_model="flux-general-en",
            endpointing_ms=450,
            max_duration_s=1200,
            keyterms=["crown", "Delta Dental"],
            tts_options={"speed": 1.2},
        )

        told = [(change.section, change.label, change.before, change.after) for change in changes]
        assert told == [
            ("Voice", "Voice settings", "", "speed = 1.2"),
            ("Hearing", "Transcriber", "Offline (no key, for trying out)", "Deepgram"),
            ("Hearing", "Transcriber model", "Built-in, English", "Flux, English"),
            ("Hearing", "Words to expect", "", "crown\nDelta Dental"),
            ("Turn-taking", "How soon to answer", "300 ms", "450 ms"),
            ("Call behavior", "Longest call", "15 min", "20 min"),
            ("Recording and privacy", "Record calls", "Off", "On"),
        ]

    def test_a_long_text_carries_its_words(self, agent: Agent):
        (change,) = self.compare(agent, prompt=PROMPT.replace("two", "three"))

        assert [piece.text for piece in change.pieces if piece.kind != "same"] == ["two ", "three "]
