"""A server of a business's own through the official SDK: guarded on its way, and forgiven what it does not know."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from agents import own_servers
from agents.own_servers import guarded_client, place_of
from agents.providers import llm, stt, tts
from agents.providers.fallback import FallbackLanguageModel
from agents.providers.ports import Endpoint, Hearing, Message, ProviderError, ServedBy, Thinking, Usage, Voice
from tests.doubles import Doubles, Refuse
from tests.doubles.openai import chunk

QUESTION = [Message("system", "You answer the phone of Juniper Dental."), Message("user", "When do you open?")]
LLAMA = Thinking("meta-llama/Llama-4-8B")
NO_STREAM_OPTIONS = Refuse(400, body='{"detail": "Unknown field: stream_options"}')
PRIVATE = """
https://127.0.0.1/v1 https://[::1]/v1 https://[::ffff:127.0.0.1]/v1 https://[::ffff:169.254.169.254]/v1
https://169.254.169.254/latest https://10.0.0.7:8443/v1 https://0x7f000001/v1 https://2130706433/v1 https://localhost/v1
https://[fd00:ec2::254]/v1 https://[64:ff9b::a9fe:a9fe]/v1 http://127.0.0.1:{port}/v1 https://models.example@127.0.0.1/v1
"""


@pytest.fixture
def own(doubles: Doubles, settings: Settings) -> Endpoint:
    """The double as a business's own server, in a place that this installation has opened."""
    settings.OUTGOING_TRUSTED = {f"127.0.0.1:{doubles.port}"}
    return place_of("own_model", f"{doubles.url}/v1#sk-their-own")


async def reply_of(endpoint: Endpoint) -> list[Any]:
    return [item async for item in llm("own_model", LLAMA, endpoint).reply(QUESTION)]


async def failure_of(endpoint: Endpoint) -> ProviderError:
    with pytest.raises(ProviderError) as failed:
        await reply_of(endpoint)
    return failed.value


async def test_an_own_server_thinks_with_the_business_s_key(doubles: Doubles, own: Endpoint):
    doubles.openai.answers_with("We open at nine.")
    model = llm("own_model", LLAMA, own)
    await model.warm()

    items = [item async for item in model.reply(QUESTION)]

    assert items == ["We", " open", " at", " nine.", Usage(1200, 4, 1024)]
    chat = doubles.openai.chats[0]
    assert (chat.body["model"], chat.headers["authorization"]) == ("meta-llama/Llama-4-8B", "Bearer sk-their-own")


async def test_it_hears_by_requests_alone_whatever_its_model_is_called(doubles: Doubles, own: Endpoint):
    ears = stt("own_ears", Hearing("gpt-live-transcribe"), own)

    await ears.open()
    await ears.close()

    assert doubles.openai.model_lists == 1, "and no socket, which would go past the guard"


async def test_it_speaks(doubles: Doubles, own: Endpoint):
    async with aclosing(tts("own_voice", Voice("kokoro", "af_heart"), own).speak("Good morning.")) as sounds:
        heard = b"".join([speech.audio async for speech in sounds])

    assert len(heard) > 1600
    assert doubles.openai_audio.speeches[0]["voice"] == "af_heart"


async def test_without_an_address_nobody_is_asked_and_the_second_answers(doubles: Doubles):
    missing = place_of("own_model", None)
    failures: list[ProviderError] = []
    doubles.openai.answers_with("Nine.")
    second = llm("openai", Thinking("gpt-6-luna"), doubles.endpoint())
    both = FallbackLanguageModel(
        llm("own_model", LLAMA, missing),
        second,
        first_s=1,
        gap_s=1,
        on_failure=failures.append,
        second_name=ServedBy("openai", "gpt-6-luna"),
    )

    await both.warm()
    said = [item async for item in both.reply(QUESTION) if isinstance(item, str)]

    assert said == ["Nine."]
    assert [(error.provider, error.code) for error in failures] == [("own_model", "no_address")]
    for part in (stt("own_ears", Hearing("whisper"), missing), tts("own_voice", Voice("tts", "alloy"), missing)):
        with pytest.raises(ProviderError, match="no address"):
            await part.open()


async def test_a_server_that_does_not_count_is_asked_again_and_its_usage_is_estimated(doubles: Doubles, own: Endpoint):
    doubles.openai.faults.next(NO_STREAM_OPTIONS)
    plain = (chunk({"content": "We open at nine."}), chunk({}, "stop"), "[DONE]")
    doubles.openai.says(*plain)
    doubles.openai.says(*plain)
    doubles.openai.says(*plain)

    first, then = await reply_of(own), await reply_of(own)

    assert first == then == ["We open at nine.", Usage(14, 4, estimated=True)]
    assert ["stream_options" in chat.body for chat in doubles.openai.chats] == [True, False, False]


async def test_another_refusal_is_not_asked_twice(doubles: Doubles, own: Endpoint):
    doubles.openai.faults.next(Refuse(400, body='{"error": {"message": "no such model", "code": "model"}}'))

    assert (await failure_of(own)).code == "400"
    assert len(doubles.openai.chats) == 1


async def test_an_interruption_stops_the_server_and_silence_of_the_server_can_be_left(doubles: Doubles, own: Endpoint):
    doubles.openai.pace.tokens_per_s = 0.01
    async with aclosing(llm("own_model", LLAMA, own).reply(QUESTION)) as reply:
        assert await anext(reply) == "Of"
    await doubles.openai.chats[0].gone.wait()

    doubles.openai.pace.first_token_ms = 60_000
    listening = asyncio.create_task(reply_of(own))
    while len(doubles.openai.chats) < 2:
        await asyncio.sleep(0)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    await doubles.openai.chats[1].gone.wait()


# The guard ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PRIVATE.split())
async def test_no_call_goes_into_a_private_network(doubles: Doubles, settings: Settings, address: str):
    """Also where the address was stored before the guard knew better."""
    settings.OUTGOING_TRUSTED = frozenset()

    refused = await failure_of(place_of("own_model", f"{address.format(port=doubles.port)}#"))

    assert (refused.provider, refused.code) == ("own_model", "connection")
    assert doubles.connections == 0


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["93.184.216.34", "169.254.169.254"], ["::ffff:10.0.0.1"], []])
async def test_a_name_that_means_another_place_by_now_is_not_followed(answer: Sequence[str]):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return answer

    rebound = Endpoint("none", "https://models.example/v1", through=partial(guarded_client, resolve))

    assert (await failure_of(rebound)).code == "connection"


async def test_what_the_installation_closes_again_is_closed_to_connections_that_are_open(
    doubles: Doubles, settings: Settings, own: Endpoint
):
    doubles.openai.answers_with("Nine.")
    assert "Nine." in await reply_of(own)

    settings.OUTGOING_TRUSTED = frozenset()

    assert (await failure_of(own)).code == "connection"


async def test_a_redirect_is_not_followed(doubles: Doubles, own: Endpoint):
    doubles.openai.faults.next(Refuse(307, {"location": f"{doubles.url}/v1/elsewhere"}))

    assert (await failure_of(own)).code == "307"
    assert len(doubles.openai.chats) == 1


async def test_an_answer_without_end_is_cut_off(doubles: Doubles, own: Endpoint, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(own_servers, "MOST_BYTES", 2000)
    endless = Endpoint(own.api_key, own.base_url, through=lambda: guarded_client())
    doubles.openai.answers_with("word " * 200)

    assert (await failure_of(endless)).code == "connection"
