"""The telephone beside the draft: by microphone, by typing, with keys, and when something is missing."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from agentos.tenants.models import Membership, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call, CallEvent, Turn
from tests.browser.conftest import SignedIn
from tests.browser.test_looks import objections

ENDED = re.compile(r"Call ended, \d:\d\d\.")


class Wire:
    """What goes over the socket of the phone, in both directions."""

    def __init__(self, page: Page) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        if socket.url.endswith("/phone"):
            socket.on("framesent", lambda text: self.sent.append(json.loads(text)))
            socket.on("framereceived", lambda text: self.received.append(json.loads(text)))

    def count(self, direction: str, event: str) -> int:
        return Counter(message["event"] for message in getattr(self, direction))[event]


@pytest.fixture
def page(signed_in: SignedIn, owner: User, agent: Agent) -> Page:
    page = signed_in(owner)
    page.goto(f"/t/juniper-dental/agents/{agent.pk}/")
    return page


@pytest.fixture
def dock(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Test call")


def call_by_typing(dock: Locator) -> None:
    dock.get_by_role("button", name="Type").click()
    dock.get_by_role("button", name="Call", exact=True).click()
    expect(dock.get_by_role("listitem").first).to_contain_text("Thank you for calling")


def say(dock: Locator, words: str) -> None:
    dock.get_by_label("Type what the caller says").fill(words)
    dock.get_by_role("button", name="Say it").click()


def end(dock: Locator) -> None:
    dock.get_by_role("button", name="End").click()
    expect(dock.get_by_text(ENDED)).to_be_visible()


def stored(agent: Agent) -> tuple[Call, list[Turn], list[CallEvent]]:
    """The call, once its journal has reached the database."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with tenant_transaction(agent.tenant_id):
            call = Call.objects.select_related("version").get()
            if call.status == Call.Status.ENDED:
                return call, list(call.turns.all()), list(call.events.all())
        time.sleep(0.05)
    raise AssertionError("the call has not ended")


def test_words_that_an_interruption_took_back_are_struck_and_the_same_is_stored(dock: Locator, agent: Agent) -> None:
    call_by_typing(dock)
    say(dock, "When are you open?")
    reply = dock.get_by_role("listitem").nth(2)
    expect(reply.locator(".coming")).to_be_visible()
    say(dock, "Wait, on Friday?")
    expect(dock.get_by_role("listitem").nth(3)).to_have_text("YouWait, on Friday?")
    struck = reply.locator("s.unheard").inner_text()
    end(dock)

    _, turns, _ = stored(agent)
    assert struck
    assert turns[2].interrupted
    assert turns[2].unheard == struck
    assert turns[2].heard == reply.locator("p").inner_text().removesuffix(struck).strip()


def test_typing_asks_for_no_microphone_and_sends_no_sound(page: Page, dock: Locator) -> None:
    wire = Wire(page)

    call_by_typing(dock)
    expect(dock.locator(".turn--now")).to_have_count(0, timeout=10_000)  # the greeting was heard to its end
    end(dock)

    assert [message["event"] for message in wire.sent[:2]] == ["connected", "start"]
    assert wire.count("sent", "media") == 0
    assert wire.count("received", "media") > 0
    assert wire.count("sent", "mark") == wire.count("received", "mark") > 0
    assert wire.sent[-1]["event"] == "stop"


def test_speaking_sends_a_frame_of_160_bytes_every_20_milliseconds(page: Page, dock: Locator) -> None:
    page.context.grant_permissions(["microphone"])
    wire = Wire(page)

    dock.get_by_role("button", name="Call", exact=True).click()
    expect(dock.locator(".level i.on").first).to_be_visible()  # the fake microphone beeps
    expect(dock.get_by_text("Draft, in progress 0:02")).to_be_visible()
    end(dock)

    frames = [message for message in wire.sent if message["event"] == "media"]
    assert 50 <= len(frames) <= 150
    assert {len(frame["media"]["payload"]) for frame in frames} == {216}  # 160 bytes in base64
    assert [int(frame["media"]["timestamp"]) for frame in frames] == [20 * n for n in range(len(frames))]
    assert [int(message["sequenceNumber"]) for message in wire.sent[1:]] == list(range(1, len(wire.sent)))
    assert len({frame["media"]["payload"] for frame in frames}) > 5, "the beeps are in it"


def test_a_muted_microphone_sends_silence(page: Page, dock: Locator) -> None:
    page.context.grant_permissions(["microphone"])
    wire = Wire(page)
    dock.get_by_role("button", name="Call", exact=True).click()
    expect(dock.locator(".level i.on").first).to_be_visible()

    dock.get_by_role("button", name="Mute microphone").click()
    expect(dock.locator(".level i.on")).to_have_count(0)
    muted_at = len(wire.sent)
    page.wait_for_timeout(1500)
    end(dock)

    silence = {message["media"]["payload"] for message in wire.sent[muted_at + 3 :] if message["event"] == "media"}
    assert silence == {b64encode(b"\xff" * 160).decode()}


def test_a_microphone_that_is_not_allowed_says_so_and_the_call_goes_on_by_typing(dock: Locator) -> None:
    dock.get_by_role("button", name="Call", exact=True).click()

    expect(dock.get_by_role("alert")).to_have_text(re.compile("The browser may not use the microphone"))
    expect(dock.get_by_role("button", name="Type")).to_have_attribute("aria-pressed", "true")
    expect(dock.get_by_role("listitem").first).to_contain_text("Thank you for calling")
    say(dock, "When are you open?")
    expect(dock.get_by_role("listitem").nth(1)).to_have_text("YouWhen are you open?")
    end(dock)


def test_keys_are_pressed_by_mouse_or_keyboard_and_their_digits_stay_out_of_the_records(
    dock: Locator, agent: Agent
) -> None:
    call_by_typing(dock)
    dock.get_by_role("button", name="Keypad").click()
    for key in ("1", "0", "#"):
        dock.get_by_role("button", name=key, exact=True).press("Enter")
    dock.page.keyboard.press("Escape")
    end(dock)

    _, _, events = stored(agent)
    assert [(event.kind, event.data) for event in events] == [("digit", {})] * 3


def test_what_was_just_typed_into_the_draft_is_what_answers(page: Page, dock: Locator, agent: Agent) -> None:
    page.get_by_label("First words").fill("Good morning from the new greeting.")
    dock.get_by_role("button", name="Type").click()
    dock.get_by_role("button", name="Call", exact=True).click()

    expect(dock.get_by_role("listitem").first).to_contain_text("Good morning from the new greeting.")
    end(dock)
    call, _, _ = stored(agent)
    assert call.version.is_draft


@pytest.mark.parametrize("width", [1440, 390])
def test_the_dock_is_well_made_while_people_talk(page: Page, dock: Locator, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    call_by_typing(dock)
    say(dock, "When are you open?")
    expect(dock.get_by_role("listitem")).to_have_count(3, timeout=15_000)

    assert objections(page) == []
    expect(dock.get_by_role("button", name="End")).to_be_in_viewport()
    end(dock)


def test_an_agent_that_says_goodbye_ends_the_call(dock: Locator, agent: Agent) -> None:
    call_by_typing(dock)
    say(dock, "That is all, goodbye.")

    expect(dock.get_by_text(ENDED)).to_be_visible(timeout=20_000)
    expect(dock.get_by_role("alert")).to_be_hidden()
    call, _, _ = stored(agent)
    assert call.ending == Call.Ending.AGENT


def test_when_all_lines_are_busy_the_dock_says_so(dock: Locator, agent: Agent) -> None:
    agent.tenant.max_concurrent_calls = 0
    agent.tenant.save()

    dock.get_by_role("button", name="Call", exact=True).click()

    expect(dock.get_by_role("alert")).to_have_text("All lines are busy at the moment.")
    expect(dock.get_by_role("button", name="Call", exact=True)).to_be_enabled()


def test_somebody_who_is_removed_in_mid_call_loses_the_line(dock: Locator, owner: User) -> None:
    call_by_typing(dock)
    Membership.objects.filter(user=owner).delete()

    expect(dock.get_by_text(ENDED)).to_be_visible(timeout=15_000)


def test_a_second_call_begins_with_an_empty_transcript(dock: Locator) -> None:
    call_by_typing(dock)
    say(dock, "When are you open?")
    expect(dock.get_by_role("listitem")).to_have_count(3, timeout=15_000)
    end(dock)

    dock.get_by_role("button", name="Call", exact=True).click()
    expect(dock.get_by_role("listitem")).to_have_count(1)
    end(dock)
