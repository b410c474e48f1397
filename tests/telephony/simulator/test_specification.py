from __future__ import annotations

import json
import re
from typing import Any

import jsonschema

from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.exchange import Number
from telephony.simulator.people import Person
from telephony.simulator.resources import account_json, call_json, number_json, page_json
from telephony.simulator.setup import Account, CallSetup
from telephony.simulator.specification import EXTRACT, PLAYED, extract
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Courier
from tests.telephony.simulator.conftest import CALLER, OURS

CALLS = "/2010-04-01/Accounts/{AccountSid}/Calls.json"


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


def test_the_extract_holds_what_is_played_all_that_it_refers_to_and_nothing_else():
    kept = json.loads(EXTRACT.read_text())

    assert extract(kept) == kept
    assert {path: tuple(operations) for path, operations in kept["paths"].items()} == PLAYED
    references = set(re.findall(r"#/components/schemas/([\w.]+)", json.dumps(kept)))
    assert references == kept["components"]["schemas"].keys()


def test_what_is_cut_out_of_a_larger_file_checks_as_before():
    """The extract in a file with addresses, schemas and words that nobody plays."""
    kept = json.loads(EXTRACT.read_text())
    larger = json.loads(EXTRACT.read_text())
    larger["paths"]["/2010-04-01/Faxes.json"] = {"get": {"responses": {}}}
    larger["paths"][CALLS]["delete"] = {"responses": {}}
    larger["components"]["schemas"]["fax"] = {"type": "object"}
    larger["paths"][CALLS]["post"]["description"] = "Make a call"

    assert extract(larger) == kept


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
