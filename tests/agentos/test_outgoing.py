"""The one client for addresses of tenants: what it reaches, what it never reaches, and what it puts up with."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings
from structlog.testing import capture_logs

from agentos import outgoing
from agentos.addresses import is_public
from agentos.outgoing import Answer, OutgoingError

NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.254 169.254.169.254
169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:93.184.216.34
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:7f00:1::
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1
5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 2606:4700::1111%eth0 fec0::1 ff02::1 ff0e::1 127.1 0x7f000001
2130706433 0177.0.0.1 localhost metadata.google.internal 1.2.3.4.5
"""
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 172.15.255.255 172.32.0.1 100.63.0.1 2606:4700::1111 2a00:1450:4001::1
"""

# However loopback and the metadata of clouds can be written into an address.
DISGUISED = """
https://127.0.0.1/ https://127.1/ https://0x7f000001/ https://2130706433/ https://0177.0.0.1/ https://0/
https://127.0.0.1./ https://[::1]/ https://[::]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/
https://localhost/ https://[64:ff9b::7f00:1]/ https://169.254.169.254/latest/meta-data/ https://[fe80::1]/
https://127.0.0.1:8443/
"""
MALFORMED = [
    "http://crm.example/",
    "file:///etc/passwd",
    "gopher://crm.example/",
    "unix:///run/docker.sock",
    "https://crm.example:22/",
    "https://crm.example:5432/",
    "https://crm.example:99999/",
    "https://user:secret@crm.example/",
    "https://crm.example@127.0.0.1/",
    "https://crm.example\\@127.0.0.1/",
    "https://crm.example/\r\nX-Injected: yes",
    "https://crm.example/a b",
    "https://①②⑦.0.0.1/",
    "https://crm..example/",
    "https://-/",
    "https:///path",
    "//crm.example/",
    "",
    "https://crm.example/" + "x" * 2000,
    "https://voice.agentos.example/webhooks",
    "https://voice.agentos.example./",
]

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Resolver:
    """A name server that says what it is told to, one answer after the other, and counts who asks."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on this machine that behaves as badly as it is told to."""

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def says(head: str, body: bytes = b"") -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".replace("\r\n\r\n\r\n", "\r\n\r\n").encode() + body
        )
        await writer.drain()

    return talk


async def asked(settings: Settings, talk: Talk, **rest: object) -> Answer:
    """What comes back from such a server where the installation trusts it."""
    async with serving(talk) as port:
        settings.OUTGOING_TRUSTED = {f"crm.test:{port}"}
        url = f"http://crm.test:{port}/hook"
        return await outgoing.request_async("POST", url, resolve=Resolver(["127.0.0.1"]), purpose="test", **rest)  # type: ignore[arg-type]


async def refusal(settings: Settings, talk: Talk, **rest: object) -> str:
    with pytest.raises(OutgoingError) as refused:
        await asked(settings, talk, **rest)
    return refused.value.code


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_an_address_outside_the_public_internet_is_not_reached(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_an_address_of_the_public_internet_is_reached(address: str):
    assert is_public(address)


@pytest.mark.parametrize("url", DISGUISED.split())
async def test_a_disguised_way_to_this_machine_never_becomes_a_connection(url: str, connections: list[str]):
    with pytest.raises(OutgoingError) as refused:
        await outgoing.request_async("GET", url, purpose="test")

    assert refused.value.code in ("address", "dns")
    assert connections == []


@pytest.mark.parametrize("url", MALFORMED)
def test_what_is_not_a_plain_https_address_is_refused_before_anybody_is_asked(url: str, settings: Settings):
    settings.PUBLIC_URL = "https://voice.agentos.example"

    with pytest.raises(OutgoingError) as refused:
        outgoing.request("GET", url, purpose="test")

    assert (refused.value.code, refused.value.retryable) == ("address", False)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address to which this process opens a connection; recorded at the socket, and none is opened."""
    opened: list[str] = []

    async def record(self: object, sock: object, address: tuple[str, int]) -> None:
        opened.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio.BaseEventLoop, "sock_connect", record, raising=False)
    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", record)
    return opened


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["2606:4700::1111", "fd00::1"]])
async def test_a_name_with_any_private_address_is_refused_as_a_whole(answers: list[str], connections: list[str]):
    with pytest.raises(OutgoingError) as refused:
        await outgoing.request_async("GET", "https://crm.example/", resolve=Resolver(answers), purpose="test")

    assert refused.value.code == "address"
    assert connections == []


async def test_a_name_that_changes_its_meaning_is_asked_once_and_only_the_judged_address_is_dialed(
    connections: list[str],
):
    rebinding = Resolver(["93.184.216.34"], ["127.0.0.1"])

    with pytest.raises(OutgoingError) as first:
        await outgoing.request_async("GET", "https://crm.example/", resolve=rebinding, purpose="test")
    assert (first.value.code, rebinding.asked, connections) == ("connect", 1, ["93.184.216.34"])

    with pytest.raises(OutgoingError) as second:
        await outgoing.request_async("GET", "https://crm.example/", resolve=rebinding, purpose="test")
    assert (second.value.code, connections) == ("address", ["93.184.216.34"])


async def test_a_name_server_that_is_silent_costs_no_more_than_the_time_to_connect(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outgoing, "CONNECT_WITHIN_S", 0.05)

    async def silent(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(OutgoingError) as refused:
        await outgoing.request_async("GET", "https://crm.example/", resolve=silent, purpose="test")

    assert (refused.value.code, refused.value.retryable) == ("dns", True)


async def test_an_answer_comes_back_with_its_status_headers_and_body(settings: Settings):
    answer = await asked(settings, says("201 Created\r\nX-Id: 7", b'{"ok": true}'), content=b"{}")

    assert (answer.status, answer.headers["x-id"], answer.text, answer.is_success) == (201, "7", '{"ok": true}', True)


async def test_a_redirect_is_an_answer_and_is_not_followed(settings: Settings):
    answer = await asked(settings, says("302 Found\r\nLocation: http://169.254.169.254/latest/"))

    assert (answer.status, answer.is_success) == (302, False)


async def test_a_body_without_end_is_cut_off(settings: Settings):
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    assert await refusal(settings, endless, most_bytes=100_000) == "too_large"


async def test_a_body_that_unfolds_without_end_is_cut_off(settings: Settings):
    bomb = gzip.compress(b"\0" * 50_000_000)

    assert len(bomb) < 64 * 1024
    assert await refusal(settings, says("200 OK\r\nContent-Encoding: gzip", bomb)) == "too_large"


async def test_a_body_may_be_compressed(settings: Settings):
    answer = await asked(settings, says("200 OK\r\nContent-Encoding: gzip", gzip.compress(b"hello")))

    assert answer.text == "hello"


@pytest.mark.parametrize(
    ("head", "body"), [("200 OK\r\nContent-Encoding: br", b"??"), ("200 OK\r\nContent-Encoding: gzip", b"plain")]
)
async def test_a_body_that_cannot_be_unfolded_is_refused(settings: Settings, head: str, body: bytes):
    assert await refusal(settings, says(head, body)) == "protocol"


async def test_an_answer_that_drips_ends_when_its_time_is_up(settings: Settings):
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for letter in b"HTTP/1.1 200 OK\r\n":
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.03)

    assert await refusal(settings, dripping, within_s=0.1) == "timeout"


@pytest.mark.parametrize(
    "garbage", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
async def test_what_is_not_http_is_an_error_and_no_crash(settings: Settings, garbage: bytes):
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)

    assert await refusal(settings, rude) == "protocol"


@pytest.mark.parametrize(
    "headers",
    [{"Host": "internal"}, {"Content-Length": "0"}, {"X A": "b"}, {"X": "a\r\nY: b"}, {"X": "é"}, {"": "x"}],
)
async def test_a_header_that_belongs_to_the_connection_or_breaks_out_of_it_is_refused(headers: dict[str, str]):
    with pytest.raises(OutgoingError) as refused:
        await outgoing.request_async("GET", "https://crm.example/", headers=headers, purpose="test")

    assert (refused.value.code, refused.value.retryable) == ("header", False)


async def test_proxies_of_the_environment_are_not_used(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert (await asked(settings, says("200 OK", b"direct"))).text == "direct"


async def test_tls_is_checked_against_the_name_and_not_against_the_address(settings: Settings, tmp_path: Path):
    names: list[str | None] = []
    tls = _certificate(tmp_path, "another.test")
    tls.sni_callback = lambda socket, name, context: names.append(name)
    async with serving(says("200 OK"), tls) as port:
        settings.OUTGOING_TRUSTED = {f"crm.test:{port}"}

        with pytest.raises(OutgoingError) as refused:
            await outgoing.request_async(
                "GET", f"https://crm.test:{port}/", resolve=Resolver(["127.0.0.1"]), purpose="test"
            )

    assert (refused.value.code, names) == ("tls", ["crm.test"])


async def test_the_log_tells_how_long_it_took_and_nothing_of_what_was_said(settings: Settings):
    with capture_logs() as lines:
        await asked(settings, says("200 OK", b"Maria Santos"), headers={"X-Key": "secret-1"}, content=b"+12085550147")

    (line,) = lines
    assert line["event"] == "request to a tenant's address"
    assert line["status"] == 200
    assert set(line) == {"event", "log_level", "purpose", "status", "code", "took_ms"}


def _certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server that vouches for itself."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(at).not_valid_after(at + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "server.pem").write_bytes(private + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
