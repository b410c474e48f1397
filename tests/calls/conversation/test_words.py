"""A reply passed on as it is written."""

from __future__ import annotations

import pytest

from calls.conversation.sentences import Words


def passed_on(*tokens: str) -> tuple[list[str], Words]:
    words = Words()
    said = [part for token in tokens for part in words.feed(token)]
    return [*said, *words.finish()], words


def test_every_token_is_passed_on_at_once_with_its_own_spaces():
    words = Words()

    assert [words.feed(token) for token in ("Sure", ", ", "we", " open at", " 8.", "30.")] == [
        ["Sure"],
        [", "],
        ["we"],
        [" open at"],
        [" 8."],
        ["30."],
    ]
    assert words.finish() == []


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("**Bold** and ", "`code`"), "Bold and code"),
        (("See ", "htt", "ps://x.example/y", " for it"), "See for it"),
        (("Look at ww", "w.x.example", " now"), "Look at now"),
        (("How", "dy", " w", "e open"), "Howdy we open"),
        (("Fine ", "<brea", "k/> then"), "Fine then"),
        (("A ", "\U0001f600", " smile\u200b"), "A smile"),
        (("...", " well"), "... well"),
        (("less < ", "more"), "less < more"),
    ],
)
def test_nothing_unspeakable_is_passed_on_however_it_is_cut(tokens: tuple[str, ...], said: str):
    assert " ".join("".join(passed_on(*tokens)[0]).split()) == said


def test_marks_are_heeded_and_not_said():
    said, words = passed_on("<lang", "uage es-US", "/> Claro. ", "<hang_", "up/>")

    assert "".join(said).strip() == "Claro."
    assert (words.language, words.hangs_up) == ("es-US", True)
    assert passed_on("<hang_up/>")[0] == []


def test_a_reply_without_an_end_is_cut_after_a_sentence():
    said, _ = passed_on(*["This goes on. "] * 200)

    assert 1200 <= len("".join(said)) <= 1220
