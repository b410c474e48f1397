"""The doubles as a process: fixed delays, no recording, counters at GET /stats."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from .elevenlabs import Tempo
from .listening import Silences
from .openai import Pace
from .server import Doubles, Timing


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--voice-end-ms", type=int, default=60, help="silence after which the last interim comes")
    parser.add_argument(
        "--eager-ms", type=int, default=100, help="silence after which Flux thinks the turn may be over"
    )
    parser.add_argument("--endpointing-ms", type=int, default=300, help="silence that ends a turn")
    parser.add_argument("--first-token-ms", type=float, default=300)
    parser.add_argument("--tokens-per-s", type=float, default=50)
    parser.add_argument("--model-words", type=int, default=40, help="words of each answer; each is a token")
    parser.add_argument("--first-audio-ms", type=float, default=100)
    parser.add_argument("--audio-rate", type=float, default=10, help="how many times faster than it is spoken")
    parser.add_argument("--chunk-ms", type=int, default=150, help="audio in each message")
    parser.add_argument("--written-down-ms", type=float, default=0, help="until Realtime tells what it heard")
    parser.add_argument("--stats-file", type=Path, help="where the counters are written at the end")
    return parser.parse_args()


async def run(chosen: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    timing = Timing(
        silences=Silences(chosen.voice_end_ms, chosen.eager_ms, chosen.endpointing_ms),
        pace=Pace(chosen.first_token_ms, chosen.tokens_per_s),
        tempo=Tempo(chosen.first_audio_ms, chosen.audio_rate, chosen.chunk_ms),
        by_clock=True,
        model_words=chosen.model_words,
        written_down_ms=chosen.written_down_ms,
    )
    doubles = Doubles(timing, record=False)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await doubles.start(chosen.port, chosen.host)
    print(f"doubles listen on {doubles.url}", flush=True)
    await stopped.wait()
    if chosen.stats_file:
        chosen.stats_file.write_text(json.dumps(doubles.stats(), indent=2) + "\n")
    await doubles.stop()


if __name__ == "__main__":
    asyncio.run(run(arguments()))
