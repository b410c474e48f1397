"""The page of one call: what was said, what was heard, where the time went, and the recording."""

from __future__ import annotations

import io
import re
import wave
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agentos.tenants.templatetags.words import when
from agents.models import Agent
from calls.models import Call, Turn
from tests import factories
from tests.calls.talks import asks, ended_call, says, short_talk, wait
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

SECOND = bytes([0x9F, 0xFF]) * 8000  # the caller hums, the agent is silent


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


@pytest.fixture
def call(agent: Agent) -> Call:
    call = ended_call(agent, 15, from_number="+12085550147", to_number="+12085550110")
    short_talk(call)
    return call


def page(browser: Client, call: Call, tab: str = "") -> HttpResponse:
    response = browser.get(address("call", call), {"tab": tab} if tab else {})
    assert response.status_code == 200
    return response


def address(name: str, call: Call) -> str:
    return reverse(f"calls:{name}", args=[call.tenant.slug, call.pk])


def html(response: HttpResponse) -> str:
    return response.content.decode().replace("\u00a0", " ")


def text(fragment: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", fragment).split())


def script(response: HttpResponse) -> list[str]:
    """The transcript, entry by entry."""
    entries = re.findall(r'<li id="[te]-.*?</li>', html(response), re.DOTALL)
    return [text(entry) for entry in entries]


def record(call: Call, private_files: Path, seconds: int = 1) -> None:
    path = private_files / "recordings" / f"{call.tenant_id}/{call.pk}.ulaw2"
    path.parent.mkdir(parents=True)
    path.write_bytes(SECOND * seconds)
    factories.make_recording(call, f"{call.tenant_id}/{call.pk}.ulaw2", duration_ms=1000 * seconds)


def body(response: StreamingHttpResponse) -> bytes:
    async def collected() -> bytes:
        return b"".join([part async for part in response])

    return async_to_sync(collected)()


# The head


def test_the_title_says_what_happened_and_the_facts_who_when_and_how_long(browser: Client, call: Call) -> None:
    shown = html(page(browser, call))

    assert "<h1>(208) 555-0147 talked with Front desk</h1>" in shown
    facts = text(re.search(r'<p class="facts">.*?</p>', shown, re.DOTALL).group())
    with timezone.override(call.tenant.zone):
        began = when(call.created_at).replace("\u00a0", " ")
    assert facts == f"Caller hung up Incoming (208) 555-0147 to (208) 555-0110 Front desk version 1 {began} 0:15"


def test_a_viewer_sees_the_number_of_the_caller_masked_everywhere(sign_in: SignIn, viewer: User, call: Call) -> None:
    shown = html(page(sign_in(viewer), call))

    assert "(208) 555-••47 talked with Front desk" in shown
    assert "0147" not in shown


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"status": "ringing"}, "(208) 555-0147 is calling Front desk"),
        ({"status": "in_progress", "answered_at": now()}, "(208) 555-0147 is talking with Front desk"),
        ({"status": "ended", "ending": "caller"}, "(208) 555-0147 hung up in the greeting"),
        ({"status": "ended", "ending": "failure"}, "Front desk could not go on with (208) 555-0147"),
        ({"status": "ended", "ending": "media_lost"}, "Front desk lost (208) 555-0147"),
        ({"status": "ringing", "channel": "browser"}, "A tester is calling Front desk"),
        ({"status": "ringing", "from_number": "anonymous"}, "An unknown caller is calling Front desk"),
        (
            {"status": "ended", "ending": "no_answer", "direction": "outbound", "to_number": "+12085550163"},
            "(208) 555-0163 did not answer",
        ),
    ],
)
def test_titles(browser: Client, agent: Agent, fields: dict[str, Any], title: str) -> None:
    call = factories.make_call(agent, **({"from_number": "+12085550147"} | fields))

    assert f"<h1>{title}</h1>" in html(page(browser, call))


def test_a_call_of_another_business_is_not_there(browser: Client, agent: Agent, other_agent: Agent) -> None:
    theirs = ended_call(other_agent)

    response = browser.get(reverse("calls:call", args=[agent.tenant.slug, theirs.pk]))

    assert response.status_code == 404


# The transcript


def test_the_transcript_is_in_the_order_in_which_it_was_heard(browser: Client, agent: Agent) -> None:
    call = ended_call(agent)
    says(call, "How can I help?", 0, 2000, index=0)
    says(call, "Certainly.", 4800, 6000, index=1)
    asks(call, "A cleaning, please.", 2500, 4000, index=2)  # certain only after the reply had begun

    assert [entry.split(" ", 1)[1] for entry in script(page(browser, call))] == [
        "Front desk How can I help?",
        "Caller A cleaning, please.",
        "Front desk Certainly.",
    ]


def test_words_that_were_not_heard_are_struck_and_said_to_be(browser: Client, call: Call) -> None:
    shown = html(page(browser, call))

    assert 'From eight to five, <s class="unheard">and on Saturdays until noon.</s>' in shown
    assert "The caller spoke at 0:09. The 5 words struck through were never heard" in shown


def test_an_estimate_of_what_was_heard_says_that_it_is_one(browser: Client, agent: Agent) -> None:
    call = ended_call(agent)
    says(call, "We are open", 0, 2000, unheard="today.", interrupted=True, exact=False)

    assert "The call ended at 0:02. About 1 word struck through was never heard" in html(page(browser, call))


def test_a_reply_that_gave_way_to_somebody_of_the_team_says_so(browser: Client, agent: Agent):
    call = ended_call(agent, 15)
    says(call, "We are", 0, 900, unheard="open", interrupted=True)
    says(call, "Rae here, I can help.", 2000, 4000, kind="person", extras={"by": "Rae Ostrander"})

    shown = html(page(browser, call))

    assert "Somebody of your team took over at 0:00." in shown
    assert re.search(r'class="turn turn--person".*?turn__who">Rae Ostrander<', shown, re.DOTALL)


def test_each_reply_says_how_long_it_was_waited_for_and_a_slow_one_stands_out(browser: Client, call: Call) -> None:
    entries = script(page(browser, call))

    assert entries[2].endswith("710 ms")
    assert entries[4] == "0:12 Front desk On Friday as well. 2,200 ms"
    assert html(page(browser, call)).count("turn__wait--slow") == 1


def test_events_stand_where_they_happened_and_failures_in_plain_words(browser: Client, call: Call) -> None:
    factories.make_event(call, "failure", at_ms=11_000, part="llm", provider="openai", code="timeout", retryable=True)

    entries = script(page(browser, call))

    assert entries[4] == "0:11 The model (OpenAI) was too slow."
    assert entries[5].startswith("0:12 Front desk")


def test_keys_pressed_one_after_the_other_are_one_entry_that_does_not_say_which(browser: Client, call: Call) -> None:
    for at_ms in (10_100, 10_400, 10_700):
        factories.make_event(call, "digit", at_ms=at_ms)

    assert script(page(browser, call))[4] == "0:10 3 keys were pressed."


def test_in_a_call_in_progress_words_on_their_way_are_pale_and_not_struck(browser: Client, agent: Agent) -> None:
    call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
    says(call, "From eight", 0, 1000, unheard="to five.")

    shown = html(page(browser, call))

    assert 'From eight <span class="coming">to five.</span>' in shown
    assert 'ws-connect="' in shown


def test_a_call_that_is_over_needs_no_socket(browser: Client, call: Call) -> None:
    assert "ws-connect" not in html(page(browser, call))


# The score


def test_the_score_draws_both_sides_and_names_what_deserves_it(browser: Client, call: Call) -> None:
    factories.make_event(call, "failure", at_ms=4000, part="tts", provider="elevenlabs", code="connection")

    shown = html(page(browser, call))
    score = re.search(r'<section class="score".*?</section>', shown, re.DOTALL).group()

    assert 'd="M3500 48.5h1500v-30h-1500z' in score
    assert 'class="ribbon__slow" d="M10000 50H12200"' in score
    for words in ("Voice failed", "Slow reply", "Interrupted, 5 words not heard", "Caller hung up", "0:15"):
        assert words in score
    assert "<audio" not in score


# The timing


def test_the_timing_gives_percentiles_and_blames_the_guilty_stage(browser: Client, call: Call) -> None:
    shown = html(page(browser, call, "timing"))

    assert "Response latency p50 710 ms budget 800 ms p95 2,200 ms of 2 replies" in text(shown)
    assert "One reply was slow, at 0:12. It came after 2,200 ms: the model’s first word took 1,700 ms." in text(shown)
    assert '<td class="end wide guilty">1,700</td>' in shown
    assert shown.count('<td class="end wide guilty">') == 1


def test_a_reply_that_was_begun_early_says_so(browser: Client, agent: Agent) -> None:
    call = ended_call(agent)
    timing = wait()
    timing["stamps"] |= {"speculated": 80, "committed": 260}
    says(call, "Certainly.", 4000, 5000, timing=timing)

    assert "Begun early 1 of 1 reply" in text(html(page(browser, call, "timing")))


def test_without_replies_the_timing_says_what_would_stand_there(browser: Client, agent: Agent) -> None:
    assert "Nobody waited for a reply in this call." in text(html(page(browser, ended_call(agent), "timing")))


# Events and usage


def test_every_event_is_listed_with_its_moment_its_name_and_what_is_stored(browser: Client, call: Call) -> None:
    factories.make_event(call, "failure", at_ms=46_900, part="stt", provider="deepgram", code="401", retryable=False)
    factories.make_event(call, "something_new", at_ms=50_000)

    shown = text(html(page(browser, call, "events")))

    assert "0:46 .900 failure Hearing (Deepgram) refused the key. code 401, part stt, provider deepgram" in shown
    assert "0:50 .000 something_new Something new." in shown


def test_what_was_spent_on_dropped_replies_stands_apart(browser: Client, call: Call) -> None:
    openai = {"kind": "llm", "provider": "openai", "model": "gpt-4.1-mini", "unit": "output_tokens"}
    factories.make_usage(call, 60)
    factories.make_usage(call, 1110, **openai)
    factories.make_usage(call, 40, speculative=True, **openai)

    shown = text(html(page(browser, call)))

    assert "Used Hearing 1:00 Model, written 1,110 tokens On replies that were begun early" in shown
    assert "unheard: Model, written 40 tokens By" in shown
    assert "OpenAI gpt-4.1-mini" in shown


# The recording


def test_the_recording_is_played_and_downloaded(browser: Client, call: Call, private_files: Path) -> None:
    record(call, private_files)

    shown = html(page(browser, call))
    response = browser.get(address("recording", call))
    with wave.open(io.BytesIO(body(response))) as sound:
        shape = sound.getnchannels(), sound.getframerate(), sound.getnframes()

    assert f'<audio class="without-script" controls preload="none" src="{address("recording", call)}"' in shown
    assert response["Content-Type"] == "audio/wav"
    assert shape == (2, 8000, 8000)


def test_the_score_of_a_recorded_call_shows_how_loud_it_was(browser: Client, call: Call, private_files: Path) -> None:
    record(call, private_files)

    shown = html(page(browser, call))

    assert re.search(r'class="ribbon__caller" d="(M\d+ 48.5h38v-45h-38z)+"', shown)
    assert 'class="ribbon__agent" d=""' in shown


@pytest.mark.parametrize(
    ("asked", "status", "served"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=44-", 206, slice(44, None)),
        ("bytes=101-250", 206, slice(101, 251)),
        ("bytes=-10", 206, slice(-10, None)),
        ("bytes=32000-99999999", 206, slice(32_000, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("frames=1-2", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
    ],
)
def test_a_part_of_the_recording_is_served(
    browser: Client, call: Call, private_files: Path, asked: str, status: int, served: slice
) -> None:
    record(call, private_files)
    whole = body(browser.get(address("recording", call)))

    response = browser.get(address("recording", call), headers={"Range": asked})

    assert response.status_code == status
    got = body(response) if status != 416 else response.content
    assert got == whole[served]
    if status == 206:
        start, stop, _ = served.indices(len(whole))
        assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
        assert response["Content-Length"] == str(stop - start)
    if status == 416:
        assert response["Content-Range"] == f"bytes */{len(whole)}"


def test_a_viewer_may_not_hear_a_recording_and_is_told_so(
    sign_in: SignIn, viewer: User, call: Call, private_files: Path
) -> None:
    record(call, private_files)
    browser = sign_in(viewer)

    assert browser.get(address("recording", call)).status_code == 403
    shown = html(page(browser, call))
    assert "<audio" not in shown
    assert "Your role may not hear recordings." in shown


def test_a_recording_whose_file_is_gone_is_not_offered(browser: Client, call: Call) -> None:
    factories.make_recording(call, "1/gone.ulaw2")

    assert "<audio" not in html(page(browser, call))
    assert browser.get(address("recording", call)).status_code == 404


def test_a_recording_never_leads_out_of_its_folder(browser: Client, call: Call, private_files: Path) -> None:
    (private_files / "secret").write_bytes(b"secret")
    (private_files / "recordings").mkdir()
    factories.make_recording(call, "../secret")

    assert browser.get(address("recording", call)).status_code == 404


def test_a_page_asks_the_database_the_same_number_of_times_however_long_the_call(
    browser: Client, agent: Agent, django_assert_max_num_queries: Any
) -> None:
    call = ended_call(agent)
    with tenant_transaction(agent.tenant):
        Turn.objects.bulk_create(
            Turn(call=call, index=n, speaker="agent", heard="Yes.", started_ms=n * 1000, ended_ms=n * 1000 + 500)
            for n in range(120)
        )

    with django_assert_max_num_queries(22):
        page(browser, call)
