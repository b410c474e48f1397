"""A request as a tool: what the model is shown, what is sent, and what it reads of the answer."""

from __future__ import annotations

import json

import pytest

from agents.integrations.http_tool import Definition, Parameter, Reading, Unfit, build, check, follow, read, schema

ORDER = Parameter("order", "text", "The number of the order.")
URGENT = Parameter("urgent", "yes_no", optional=True)
SIZE = Parameter("size", "choice", choices=("small", "large"))
CALLER = Parameter("phone", "caller_number")
FACTS = {"caller_number": "+12085550147", "call_id": "5f0c"}


def test_the_model_is_asked_for_everything_but_what_we_know_ourselves():
    shown = schema([ORDER, URGENT, SIZE, CALLER])

    assert shown["required"] == ["order", "urgent", "size"]
    assert shown["additionalProperties"] is False
    assert shown["properties"]["order"] == {"type": "string", "description": "The number of the order."}
    assert shown["properties"]["urgent"] == {"type": ["boolean", "null"]}
    assert shown["properties"]["size"]["enum"] == ["small", "large"]


def test_what_is_not_in_the_address_becomes_the_query_or_the_body():
    values = {"order": "A 7", "urgent": True, "size": "large"}
    parameters = [ORDER, URGENT, SIZE, CALLER]

    looked_up = build(Definition("GET", "https://x.example/orders/{order}?v=2", {}, parameters), values, FACTS)
    changed = build(Definition("POST", "https://x.example/orders/{order}", {}, parameters), values, FACTS, "key-1")

    assert looked_up.url == "https://x.example/orders/A%207?v=2&urgent=true&size=large&phone=%2B12085550147"
    assert looked_up.content == b""
    assert changed.url == "https://x.example/orders/A%207"
    assert json.loads(changed.content) == {"urgent": True, "size": "large", "phone": "+12085550147"}
    assert changed.headers["idempotency-key"] == "key-1"


@pytest.mark.parametrize("order", ["../../admin", "7?admin=1", "7#x", "7/../..", "a\r\nX: y", "%2e%2e"])
def test_a_value_cannot_break_out_of_its_place_in_the_address(order: str):
    url = build(Definition("GET", "https://x.example/orders/{order}/state", {}, [ORDER]), {"order": order}, FACTS).url

    middle = url.removeprefix("https://x.example/orders/").removesuffix("/state")
    assert not set(middle) & set("/?#\r\n")
    assert "%25" in middle or "%" not in order


@pytest.mark.parametrize("order", ["", "..", ".", None])
def test_an_address_without_its_value_is_not_asked(order: str | None):
    with pytest.raises(Unfit, match="order is needed"):
        build(Definition("GET", "https://x.example/orders/{order}", {}, [ORDER]), {"order": order}, FACTS)


@pytest.mark.parametrize(
    ("url", "parameters", "readings"),
    [
        ("https://{order}.example/", [ORDER], []),
        ("https://x.example/{unknown}", [ORDER], []),
        ("https://x.example/", [ORDER, ORDER], []),
        ("https://x.example/", [Parameter("Order Number", "text")], []),
        ("https://x.example/", [Parameter("size", "choice")], []),
        ("https://x.example/", [Parameter("size", "made_up")], []),
        ("https://x.example/", [], [Reading("State", "orders[")]),
    ],
)
def test_what_cannot_become_a_request_is_said_when_it_is_set_up(url, parameters, readings):
    with pytest.raises(Unfit):
        check(Definition("GET", url, {}, parameters, readings))


BODY = {"customer": {"name": "Ana", "orders": [{"state": "sent", "id": 7}, {"state": "open", "id": 8}]}, "vip": False}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("customer.name", "Ana"),
        ("$.customer.orders[1].state", "open"),
        ("customer.orders[*].id", [7, 8]),
        ("customer.orders[9].state", None),
        ("customer.name.first", None),
        ("vip", False),
        ("[0]", None),
    ],
)
def test_a_path_leads_to_what_stands_there_or_to_nothing(path: str, found: object):
    assert follow(BODY, path) == found


def test_the_model_reads_what_was_chosen_by_its_label():
    readings = [Reading("Name", "customer.name"), Reading("States", "customer.orders[*].state"), Reading("Fax", "fax")]

    assert read(json.dumps(BODY), readings) == "Name: Ana\nStates: sent; open\nFax: not known"


def test_an_answer_that_is_nested_without_end_is_no_json():
    assert read("[" * 60_000, [Reading("State", "state")]) == "The answer could not be read."


def test_without_a_choice_it_reads_the_whole_cut_to_a_length_and_without_control_characters():
    assert read("Shop is open\x00\x1b[2J", []) == "Shop is open[2J"
    assert read('{"a": 1}', []) == '{"a": 1}'
    assert len(read(json.dumps("x" * 9000), [])) < 2100
    assert read("<html>", [Reading("Name", "name")]) == "The answer could not be read."
