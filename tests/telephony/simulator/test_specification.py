from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.exchange import Number
from telephony.simulator.people import Person
from telephony.simulator.resources import account_json, call_json, number_json, page_json
from telephony.simulator.setup import Account, CallSetup
from telephony.simulator.specification import EXTRACT, Specification, extract
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Courier
from tests.telephony.simulator.conftest import CALLER, OURS

WHOLE = Path(__file__).parents[3].parent / "shared/specs/twilio/twilio_api_v2010.json"


def schema(name: str) -> dict[str, Any]:
    """A schema of the file in the words of JSON Schema, closed to unknown fields."""
    document = json.loads(EXTRACT.read_text())

    def translated(part: Any) -> Any:
        if isinstance(part, list):
            return [translated(one) for one in part]
        if not isinstance(part, dict):
            return part
        inner = {key: translated(value) for key, value in part.items() if key not in ("nullable", "format")}
        if "properties" in inner:
            inner["additionalProperties"] = False
        return {"anyOf": [inner, {"type": "null"}]} if part.get("nullable") else inner

    return translated({**document["components"]["schemas"][name], "components": document["components"]})


@pytest.mark.skipif(not WHOLE.exists(), reason="the whole OpenAPI file is not on this machine")
def test_the_extract_is_cut_from_the_whole_file():
    assert json.loads(EXTRACT.read_text()) == extract(json.loads(WHOLE.read_text()))


@pytest.mark.skipif(not WHOLE.exists(), reason="the whole OpenAPI file is not on this machine")
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_whole_file_checks_as_its_extract_does(method: str):
    template = "/2010-04-01/Accounts/{AccountSid}/Calls.json"
    whole, cut = (Specification.load(path).operation(method, template) for path in (WHOLE, EXTRACT))

    assert whole.parameters.keys() == cut.parameters.keys()
    assert whole.required == cut.required


async def test_a_call_is_shown_as_the_api_describes_it(account: Account):
    call = SimulatedCall(
        account, CallSetup(CALLER, OURS), Person(), courier=Courier(account.auth_token), speaker=Humming()
    )
    queued = call_json(account, call)
    call.record.status = "ringing"
    ringing = call_json(account, call)

    for shown in (queued, ringing):
        jsonschema.validate(shown, schema("api.v2010.account.call"))
    assert queued.keys() == schema("api.v2010.account.call")["properties"].keys()


def test_account_and_number_are_shown_as_the_api_describes_them(account: Account):
    jsonschema.validate(account_json(account), schema("api.v2010.account"))
    jsonschema.validate(
        number_json(account, Number(OURS, settings={"voice_url": "https://a.example/v"})),
        schema("api.v2010.account.incoming_phone_number"),
    )


def test_pages_name_their_neighbours():
    rows = [{"sid": f"CA{n}"} for n in range(5)]

    first = page_json("calls", rows, "/Calls.json", {"PageSize": "2", "To": OURS})
    last = page_json("calls", rows, "/Calls.json", {"PageSize": "2", "Page": "2", "PageToken": "PACA3"})

    assert [row["sid"] for row in first["calls"]] == ["CA0", "CA1"]
    assert first["next_page_uri"] == "/Calls.json?To=%2B12085550110&PageSize=2&Page=1&PageToken=PACA1"
    assert first["previous_page_uri"] is None
    assert (last["start"], last["end"], last["next_page_uri"]) == (4, 4, None)
