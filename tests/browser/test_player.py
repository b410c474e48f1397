"""Listening to a call on its page: the playhead, the transcript that follows, keys, one side alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.announce import announce
from calls.models import Call
from calls.services import end_call
from tests import factories
from tests.browser.conftest import Complaints, Server, SignedIn, until
from tests.calls.talks import ended_call, short_talk


@pytest.fixture
def call(agent: Agent, server: Server) -> Call:
    """Fifteen seconds, recorded: the caller hums where they speak, and so does the agent."""
    call = ended_call(agent, 15)
    short_talk(call)
    sound = bytearray(b"\xff" * 2 * 8000 * 15)
    for side, start_ms, end_ms in (
        (1, 0, 3000),
        (0, 3500, 5000),
        (1, 5710, 9000),
        (0, 8800, 10_000),
        (1, 12_200, 14_000),
    ):
        both = slice(2 * 8 * start_ms + side, 2 * 8 * end_ms + side, 2)
        sound[both] = b"\x9f\x1f" * (4 * (end_ms - start_ms))
    file = f"{call.tenant_id}/{call.pk}.ulaw2"
    path = server.folder / "recordings" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound)
    factories.make_recording(call, file, duration_ms=15_000)
    return call


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(signed_in: SignedIn, owner: User, call: Call, complaints: Complaints) -> Page:
    page = complaints.hear(signed_in(owner))
    page.goto(f"/t/juniper-dental/calls/{call.pk}/")
    return page


def is_paused(page: Page) -> bool:
    paused: bool = page.evaluate("document.querySelector('audio').paused")
    return paused


def expect_position(page: Page, seconds: float) -> None:
    until(page, f"Math.abs(document.querySelector('audio').currentTime - {seconds}) < 0.1")


def turn(page: Page, number: int) -> Locator:
    return page.get_by_role("list", name="Transcript").get_by_role("listitem").nth(number)


def test_the_recording_plays_and_the_transcript_follows(page: Page, complaints: Complaints) -> None:
    page.get_by_role("button", name="Play").click()

    expect(page.locator("[data-time]")).to_have_text("0:01")
    expect(turn(page, 0)).to_have_class(re.compile("turn--now"))
    expect(turn(page, 1)).to_have_class(re.compile("turn--now"), timeout=6000)
    expect(turn(page, 0)).not_to_have_class(re.compile("turn--now"))
    page.get_by_role("button", name="Pause").click()
    assert is_paused(page)
    assert complaints == []


def test_space_plays_and_pauses(page: Page) -> None:
    page.keyboard.press("Space")
    until(page, "document.querySelector('audio').currentTime > 0.1")
    page.keyboard.press("Space")

    assert is_paused(page)


def test_j_and_k_go_from_turn_to_turn_and_w_to_the_slow_reply(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect_position(page, 3.5)
    page.keyboard.press("j")
    expect_position(page, 5.71)
    page.keyboard.press("k")
    expect_position(page, 3.5)
    page.keyboard.press("w")
    expect_position(page, 12.2 - 2.4)  # the wait is heard as well
    expect(turn(page, 4).get_by_role("link")).to_be_focused()
    page.keyboard.press("Space")
    until(page, "!document.querySelector('audio').paused")


def test_a_moment_of_a_turn_or_of_the_score_is_a_place_to_go(page: Page) -> None:
    turn(page, 2).get_by_role("link").click()
    expect_position(page, 5.71)
    score = page.locator(".score__plot").bounding_box()
    assert score is not None
    page.mouse.click(score["x"] + score["width"] * 2 / 3, score["y"] + score["height"] / 2)
    expect_position(page, 10)

    expect(page.locator(".score__head")).to_have_attribute("x1", re.compile(r"66\.\d+%"))


def test_one_side_can_be_heard_alone_and_faster(page: Page) -> None:
    page.get_by_role("button", name="1.5×").click()
    page.get_by_role("button", name="Caller").click()
    page.get_by_role("button", name="Play").click()

    until(page, "document.querySelector('audio').currentTime > 0.2")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 1.5
    expect(page.get_by_role("button", name="Caller")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Both")).to_have_attribute("aria-pressed", "false")


def test_silence_is_skipped_on_request(page: Page) -> None:
    page.get_by_label("Skip silence").check()
    page.evaluate("document.querySelector('audio').currentTime = 10.4")
    page.get_by_role("button", name="Play").click()

    until(page, "document.querySelector('audio').currentTime > 11.8", within_ms=1200)


def test_a_recording_that_cannot_be_had_is_said(page: Page, call: Call, server: Server) -> None:
    Path(server.folder / "recordings" / f"{call.tenant_id}/{call.pk}.ulaw2").unlink()

    page.get_by_role("button", name="Play").click()

    expect(page.get_by_role("alert").filter(has_text="cannot be played")).to_be_visible()


def test_the_tabs_are_addresses_and_the_sound_goes_on_under_them(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    until(page, "document.querySelector('audio').currentTime > 0.1")
    page.get_by_role("link", name="Timing").click()

    expect(page).to_have_url(re.compile(r"\?tab=timing$"))
    expect(page.get_by_text("One reply was slow, at 0:12.")).to_be_visible()
    assert not is_paused(page)
    page.go_back()
    expect(page.get_by_role("list", name="Transcript")).to_be_visible()


def test_a_call_that_ends_while_one_looks_can_be_heard_at_once(
    signed_in: SignedIn, owner: User, call: Call, complaints: Complaints
) -> None:
    with tenant_transaction(call.tenant_id):
        Call.objects.filter(pk=call.pk).update(status=Call.Status.IN_PROGRESS, ending="", ended_at=None)
    page = complaints.hear(signed_in(owner))
    page.goto(f"/t/juniper-dental/calls/{call.pk}/")
    expect(page.get_by_text("In progress").first).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_have_count(0)

    end_call(call.tenant_id, call.pk, ending=Call.Ending.AGENT, at=call.ended_at)
    announce(call.tenant_id, {call.pk})
    page.get_by_role("button", name="Play").click()

    until(page, "document.querySelector('audio').currentTime > 0.1")
    assert complaints == []
