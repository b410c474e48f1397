"""Names become adapters."""

import subprocess
import sys

import pytest

from agents.providers import llm, preload, stt, tts
from agents.providers.ports import Endpoint, Hearing, ProviderError, Thinking, Voice


@pytest.mark.parametrize(
    "make",
    [
        lambda: stt("nobody", Hearing("nova-3"), Endpoint()),
        lambda: llm("nobody", Thinking("gpt-6-luna"), Endpoint()),
        lambda: tts("nobody", Voice("m", "v"), Endpoint()),
    ],
)
def test_an_unknown_name_is_an_error_that_no_second_try_mends(make):
    with pytest.raises(ProviderError) as error:
        make()

    assert (error.value.code, error.value.retryable) == ("unknown_provider", False)


def in_a_fresh_process(code: str) -> set[str]:
    """The vendors' packages that are loaded after the code has run."""
    vendors = "{'deepgram', 'openai', 'elevenlabs', 'websockets', 'httpx2'}"
    report = f"{code}\nimport sys\nprint(*sorted({vendors} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_no_vendor_is_imported_before_it_is_asked_for():
    code = "import agents.providers, agents.providers.fallback, asyncio\nasyncio.run(agents.providers.close_clients())"

    assert in_a_fresh_process(code) == set()


def test_preloading_imports_what_the_first_call_would_and_hides_no_function_behind_an_adapter_of_its_name():
    code = "import agents.providers as p\np.preload()\nassert all(map(callable, (p.stt, p.llm, p.tts)))"

    assert {"deepgram", "openai", "websockets"} <= in_a_fresh_process(code)
    preload(["openai"])


def test_nothing_is_imported_during_a_call():
    assert "openai" in in_a_fresh_process("from tests.agents.providers.whole_call import main\nmain()")
