"""The doubles as a process of their own: they keep count of what a benchmark wants to know."""

import asyncio
import json
import signal
import sys
from contextlib import aclosing

import httpx2
import pytest

from agents.providers import close_clients, llm, stt, tts
from agents.providers.ports import EagerEndOfTurn, EndOfTurn, Endpoint, Hearing, Message, Thinking, Voice
from tests.doubles.audio import frames, silence, voice
from tests.doubles.openai import answer_of


@pytest.fixture
async def process(unused_tcp_port, tmp_path):
    quick = "--voice-end-ms 2 --eager-ms 4 --endpointing-ms 10 --first-token-ms 5 --tokens-per-s 5 --first-audio-ms 5"
    chosen = [
        *quick.split(),
        "--audio-rate",
        "1000",
        "--model-words",
        "5",
        "--stats-file",
        str(tmp_path / "stats.json"),
    ]
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.doubles", "--port", str(unused_tcp_port), *chosen, stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout is not None
    await running.stdout.readline()
    yield running, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}"), tmp_path / "stats.json"
    if running.returncode is None:
        running.kill()
    await running.wait()


async def test_a_turn_goes_through_all_three_and_is_counted(process):
    running, endpoint, stats_file = process
    ears = stt("deepgram", Hearing("flux-general-en"), endpoint)
    await ears.open()
    for frame in frames(voice(600) + silence(20)):
        ears.feed(frame)
    events = []
    async for event in ears.events():
        events.append(event)
        if isinstance(event, EndOfTurn):
            break
    await ears.close()
    model = llm("openai", Thinking("gpt-6-luna"), endpoint)
    said = "".join([text async for text in model.reply([Message("user", "Hi")]) if isinstance(text, str)])
    async with aclosing(model.reply([Message("user", "Hi")])) as dropped:
        await anext(dropped)
    speaker = tts("elevenlabs", Voice("eleven_flash_v2_5", "abc"), endpoint)
    audio = b"".join([part.audio async for part in speaker.speak(said)])
    await speaker.close()
    await close_clients()

    async with httpx2.AsyncClient() as client:
        stats = (await client.get(f"{endpoint.base_url}/stats")).json()
        while stats["openai"]["open"] or stats["deepgram"]["open"] or stats["elevenlabs"]["open"]:
            stats = (await client.get(f"{endpoint.base_url}/stats")).json()
    running.send_signal(signal.SIGTERM)
    await running.wait()

    assert any(isinstance(event, EagerEndOfTurn) for event in events)
    assert said == answer_of(5)
    assert len(audio) == 8 * 60 * (len(said) + 1)
    assert stats["deepgram"] == {"opened": 1, "open": 0, "frames": 31, "turns": 1}
    assert (stats["openai"]["opened"], stats["openai"]["finished"], stats["openai"]["closed_early"]) == (2, 1, 1)
    assert stats["elevenlabs"]["contexts"] == 1
    assert json.loads(stats_file.read_text())["openai"] == stats["openai"]
