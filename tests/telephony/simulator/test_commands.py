"""The practice carrier from the command line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, CommandParser, call_command
from django.test import override_settings
from twilio.rest import Client

from agentos.management.commands.call import Command, make_errand
from agentos.tenants.models import Tenant
from telephony.models import PhoneNumber
from telephony.simulator.people import BargeIn, HangUp, Pause, Press, Say, WaitForAgent
from tests import factories
from tests.telephony.simulator.our_side import ACCOUNT_SID, AUTH_TOKEN

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def process(port: int) -> Iterator[subprocess.Popen[str]]:
    """`manage.py practice_carrier`, listening."""
    shared = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN}
    command = [sys.executable, "manage.py", "practice_carrier"]
    environment = {**os.environ, **shared, "TWILIO_BASE_URL": f"http://127.0.0.1:{port}"}
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"The practice carrier listens on http://127.0.0.1:{port}"
        yield process
        process.kill()


def parsed(*arguments: str) -> dict[str, Any]:
    parser = CommandParser()
    Command().add_arguments(parser)
    return vars(parser.parse_args([*arguments]))


def test_the_practice_carrier_serves_the_sdk_and_ends_when_it_is_told_to(process: subprocess.Popen[str], port: int):
    client = Client(ACCOUNT_SID, AUTH_TOKEN, environment={"_": "1"})
    client.api.base_url = f"http://127.0.0.1:{port}"

    account = client.api.accounts(ACCOUNT_SID).fetch()
    process.send_signal(signal.SIGTERM)

    assert account.sid == ACCOUNT_SID
    assert process.wait(timeout=20) == 0


@override_settings(TWILIO_ACCOUNT_SID=ACCOUNT_SID, TWILIO_AUTH_TOKEN=AUTH_TOKEN)
def test_a_taken_port_is_named(port: int):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(CommandError, match=f"127.0.0.1:{port}"):
            call_command("practice_carrier", port=port)


@override_settings(TWILIO_ACCOUNT_SID="")
def test_without_an_account_it_says_what_is_missing():
    with pytest.raises(CommandError, match="TWILIO_ACCOUNT_SID"):
        call_command("practice_carrier", port=1)


def test_a_sip_address_is_called_at_the_agent_that_is_named_and_else_refused_with_the_way_to_do_it():
    address = "sip:204@pbx.example.com"

    errand, _ = make_errand(parsed("--to", address, "--url", "http://127.0.0.1:1/agents/1/incoming-call"))

    assert errand.to == address
    with pytest.raises(CommandError, match=r"--url.* a campaign"):
        make_errand(parsed("--to", address))


def test_the_script_has_the_order_of_the_command_line(number: PhoneNumber):
    script = ["--say", "Hello", "--press", "1#", "--silence", "1.5", "--barge-in", "Wait", "--hang-up-after-agent"]

    errand, _ = make_errand(parsed("--to", "+1 208 555 0110", *script))

    assert errand.person.steps == (
        WaitForAgent(),
        Say("Hello"),
        WaitForAgent(),
        Press("1#"),
        Pause(1500),
        BargeIn("Wait"),
        WaitForAgent(),
        HangUp(),
    )


def test_a_number_leads_to_its_agent_whoever_owns_it(number: PhoneNumber, other_tenant: Tenant):
    errand, spoken = make_errand(parsed("--to", "+12085550110", "--from", "+12085550123"))

    assert errand.voice_url.endswith(f"/agents/{number.agent_id}/incoming-call")
    assert errand.status_url.partition("#")[0].endswith(f"/agents/{number.agent_id}/status")
    assert (errand.from_, errand.to) == ("+12085550123", "+12085550110")
    assert number.agent.published.greeting in spoken.fixed
    assert number.agent.published.prompt in spoken.prompt


@pytest.mark.parametrize("to", ["+12085550177", "nonsense"])
def test_a_number_that_is_not_ours_is_not_called(number: PhoneNumber, to: str):
    with pytest.raises(CommandError, match=r"not one of our numbers|country code"):
        make_errand(parsed("--to", to))


def test_a_number_without_an_agent_is_not_called(tenant: Tenant):
    factories.make_number(tenant, "+12085550144", agent=None, label="Spare")

    with pytest.raises(CommandError, match="no agent answers it"):
        make_errand(parsed("--to", "+12085550144"))


def test_seconds_that_are_none_are_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(CommandError, match="--silence"):
        parsed("--to", "+12085550110", "--silence", "long")
