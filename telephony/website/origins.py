"""Which pages may show a button: domains as people write them, and origins as browsers tell them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

THIS_MACHINE = ("localhost", "127.0.0.1")  # where a website is built: browsers give the microphone there without TLS
MOST_DOMAINS = 20

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def domain_of(text: str) -> str:
    """A domain as we keep it: `juniper.example`, or with a port. Raises ValueError with a sentence for the person.

    People paste addresses, too: what is around the name is left out.
    """
    rest = text.strip().lower()
    try:
        parts = urlsplit(rest if "://" in rest else f"https://{rest}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
        name = host.encode("idna").decode("ascii") if host else ""
    except ValueError:  # UnicodeError is one, too
        name, port = "", None
    if "*" in rest:
        raise ValueError(f"{text.strip()}: write each website on a line of its own, without stars.")
    if name not in THIS_MACHINE and (len(name) > 253 or not _NAME.fullmatch(name)):
        raise ValueError(f"{text.strip()[:80]} is not the name of a website, such as www.example.com.")
    return name if port in (None, 443) else f"{name}:{port}"


def origin_of(address: str) -> str:
    """The origin of an address, as browsers write it in headers; empty where it has none that can be listed."""
    try:
        parts = urlsplit(address.strip().lower())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not (host in THIS_MACHINE or _NAME.fullmatch(host)):
        return ""
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def is_listed(origin: str, domains: Iterable[str]) -> bool:
    """Whether a page of this origin may show the button. A name is meant with and without `www.`, and with TLS."""
    parts = urlsplit(origin)
    host, netloc = parts.hostname or "", parts.netloc
    if host in THIS_MACHINE:
        return any(domain in (host, netloc) for domain in domains)
    if parts.scheme != "https":
        return False
    return any(_bare(netloc) == _bare(domain) for domain in domains)


def _bare(netloc: str) -> str:
    return netloc.removeprefix("www.")
