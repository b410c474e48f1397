"""Domains as people write them, origins as browsers tell them, and colors that can be read on."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import signing
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.website import passes
from telephony.website.colors import contrast, ink_on
from telephony.website.origins import domain_of, is_listed, origin_of

KEY = uuid4()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("juniper.example", "juniper.example"),
        (" https://www.Juniper.example/contact?x=1 ", "www.juniper.example"),
        ("shop.juniper.example:8443", "shop.juniper.example:8443"),
        ("juniper.example:443", "juniper.example"),
        ("zähne.example", "xn--zhne-loa.example"),
        ("localhost:8000", "localhost:8000"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_website_is_taken_however_people_write_it(written: str, kept: str) -> None:
    assert domain_of(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "com",
        "*.juniper.example",
        "10.0.0.7",
        "[::1]",
        "juniper",
        "a b.example",
        "-x.example",
        "x..example",
        "a:b:c",
    ],
)
def test_what_names_no_website_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match=r" "):
        domain_of(written)


@pytest.mark.parametrize(
    ("origin", "listed"),
    [
        ("https://juniper.example", True),
        ("https://www.juniper.example", True),
        ("http://juniper.example", False),  # without TLS there is no microphone, and no knowing who speaks
        ("https://juniper.example:8443", False),
        ("https://shop.juniper.example", False),
        ("https://juniper.example.evil.example", False),
        ("https://evil-juniper.example", False),
        ("http://localhost:5173", True),
        ("http://127.0.0.1:5173", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_name_is_meant_with_and_without_www_and_nothing_else(origin: str, listed: bool) -> None:
    assert is_listed(origin, ["juniper.example", "localhost"]) is listed


def test_a_port_is_part_of_the_name() -> None:
    assert is_listed("https://shop.example:8443", ["shop.example:8443"])
    assert not is_listed("https://shop.example", ["shop.example:8443"])
    assert not is_listed("http://localhost:9", ["localhost:8"])


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Juniper.example/contact", "https://juniper.example"),
        ("https://juniper.example:443", "https://juniper.example"),
        ("http://localhost:5173/", "http://localhost:5173"),
        ("https://user@juniper.example", "https://juniper.example"),
        ("javascript:alert(1)", ""),
        ("https://juniper.example; script-src *", ""),
        ("https://juniper.example:port", ""),
        ("null", ""),
    ],
)
def test_an_origin_holds_nothing_that_could_change_a_policy(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@settings(max_examples=40)
@given(st.text())
def test_whatever_comes_an_origin_is_plain_or_empty(text: str) -> None:
    assert not set(origin_of(text)) & set(" ;,'\"\r\n*")


@settings(max_examples=40)
@given(st.integers(0, 0xFFFFFF))
def test_the_words_on_a_button_can_be_read_on_any_color(number: int) -> None:
    color = f"#{number:06x}"

    assert contrast(ink_on(color), color) >= 4.5


def test_a_pass_is_for_one_button_and_one_website() -> None:
    assert passes.site_of(passes.issue(KEY, "https://juniper.example"), KEY) == "https://juniper.example"
    for wrong in (
        "",
        "x",
        passes.issue(uuid4(), "https://juniper.example"),
        signing.dumps([KEY.hex, "https://x.example"]),
    ):
        with pytest.raises(passes.PassRefused):
            passes.site_of(wrong, KEY)


def test_a_pass_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    issued = passes.issue(KEY, "https://juniper.example")
    monkeypatch.setattr(passes, "LASTS_S", -1)

    with pytest.raises(passes.PassRefused, match="too old"):
        passes.site_of(issued, KEY)
