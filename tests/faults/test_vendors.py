"""A vendor breaks in the middle of a call: what the caller hears. The whole table: docs/faults.md, by `make faults`."""

import pytest

from tests.faults.proxy import Fault
from tests.faults.vendors import ANSWER, live_through

MOST_SILENCE_MS = 4000


@pytest.mark.parametrize(
    ("part", "vendor", "model", "fault"),
    [
        ("stt", "deepgram", "nova-3", Fault.HALF_OPEN),
        ("llm", "openai", "gpt-6-luna", Fault.GARBAGE),
        ("tts", "deepgram", "aura-2", Fault.DEAD),
        ("relay", "openai", "gpt-6-luna", Fault.CUT),
        ("talk", "openai", "gpt-realtime-2.1", Fault.DEAD),
    ],
)
def test_with_a_second_vendor_the_caller_is_answered(part: str, vendor: str, model: str, fault: Fault):
    lived = live_through(part, vendor, model, fault, second=True)

    assert lived.heard.endswith(ANSWER)
    assert lived.noticed
    assert lived.longest_ms < MOST_SILENCE_MS


def test_without_one_the_caller_hears_an_apology_and_no_long_silence():
    lived = live_through("llm", "openai", "gpt-6-luna", Fault.HALF_OPEN, second=False)

    assert lived.heard.endswith("I am sorry. Goodbye. (hangs up)")
    assert lived.longest_ms < MOST_SILENCE_MS
