"""Encryption at rest: what a business entrusts to us is worth nothing without the master key of the environment.

Each tenant has data keys of its own, which are kept wrapped by the master key. A sealed value names the data key that
sealed it and is bound to its tenant and its place, `table.column:key of the row`: copied elsewhere it does not open.
AES-256-GCM throughout. `manage.py rotate_keys` exchanges either kind of key while everything runs.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from agentos.tenants.models import DataKey
from agentos.tenants.scoping import current_tenant_id

_WRAPPED, _SEALED, _FILE = "m1", "d1", "f1"
_NONCE = 12


class Unreadable(Exception):
    """The value was changed, belongs elsewhere, or its key is not known here."""


def seal(plain: str, place: str) -> str:
    """Encrypt for this place of the current tenant, with its newest data key; the first is made when it is needed."""
    data_key = _newest()
    return f"{_SEALED}:{data_key.number}:{_encrypt(_opened(data_key), plain.encode(), _bound(place))}"


def unseal(sealed: str, place: str) -> str:
    """What was sealed for this place of the current tenant. Raises Unreadable."""
    form, number, body = _parts(sealed)
    return _decrypt(_named(form, number), body, _bound(place)).decode()


def seal_file(plain: bytes, place: str) -> bytes:
    """The same for the content of a file."""
    data_key = _newest()
    return f"{_FILE}:{data_key.number}:".encode() + _locked(_opened(data_key), plain, _bound(place))


def unseal_file(sealed: bytes, place: str) -> bytes:
    """What was sealed as a file for this place of the current tenant. Raises Unreadable."""
    form, number, body = (*sealed.split(b":", 2), b"", b"")[:3]
    if form != _FILE.encode():
        raise Unreadable("not a sealed file")
    return _unlocked(_named(_SEALED, number.decode("ascii", "replace")), body, _bound(place))


def wrap(plain: bytes, place: str) -> str:
    """Encrypt with the master key itself: for data keys, and for what must be read while the database is away."""
    key = _derive(settings.VAULT_KEY)
    return f"{_WRAPPED}:{_id(key)}:{_encrypt(key, plain, place)}"


def unwrap(wrapped: str, place: str) -> bytes:
    """What was wrapped for this place, also by a master key that has been replaced since. Raises Unreadable."""
    form, name, body = _parts(wrapped)
    key = next((key for key in _masters() if form == _WRAPPED and _id(key) == name), None)
    if key is None:
        raise Unreadable("wrapped with another master key")
    return _decrypt(key, body, place)


def is_wrapped_by_the_newest(wrapped: str) -> bool:
    return wrapped.startswith(f"{_WRAPPED}:{_id(_derive(settings.VAULT_KEY))}:")


# Rotation, inside a tenant -------------------------------------------------------------------------------


def rewrap() -> int:
    """Wrap every data key by the newest master key; returns how many were not. Raises Unreadable."""
    outdated = [key for key in DataKey.objects.select_for_update() if not is_wrapped_by_the_newest(key.wrapped)]
    for data_key in outdated:
        data_key.wrapped = wrap(_opened(data_key), _place(data_key.number))
        data_key.save(update_fields=["wrapped"])
    return len(outdated)


def renew() -> None:
    """From now on seal with a fresh data key. The earlier ones stay: files and backups were sealed with them."""
    newest = DataKey.objects.select_for_update().order_by("-number").first()
    number = newest.number + 1 if newest else 1
    DataKey.objects.create(number=number, wrapped=wrap(AESGCM.generate_key(256), _place(number)))


def _newest() -> DataKey:
    return DataKey.objects.order_by("-number").first() or _first_key()


def _named(form: str, number: str) -> bytes:
    if form != _SEALED or not number.isdecimal():
        raise Unreadable("not a sealed value")
    data_key = DataKey.objects.filter(number=int(number)).first()
    if data_key is None:
        raise Unreadable("sealed with a key that is not there")
    return _opened(data_key)


def _first_key() -> DataKey:
    fresh = {"wrapped": wrap(AESGCM.generate_key(256), _place(1))}
    key: DataKey = DataKey.objects.get_or_create(number=1, defaults=fresh)[0]
    return key


def _opened(data_key: DataKey) -> bytes:
    return unwrap(data_key.wrapped, _place(data_key.number))


def _place(number: int) -> str:
    return _bound(f"tenants_datakey.wrapped:{number}")


def _bound(place: str) -> str:
    return f"{current_tenant_id()} {place}"


# AES-GCM -------------------------------------------------------------------------------------------------


def _encrypt(key: bytes, plain: bytes, place: str) -> str:
    return urlsafe_b64encode(_locked(key, plain, place)).decode()


def _decrypt(key: bytes, body: str, place: str) -> bytes:
    try:
        raw = urlsafe_b64decode(body)
    except ValueError as error:
        raise Unreadable("changed") from error
    return _unlocked(key, raw, place)


def _locked(key: bytes, plain: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def _unlocked(key: bytes, raw: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable("changed, or of another place") from error


def _parts(value: str) -> tuple[str, str, str]:
    form, _, rest = value.partition(":")
    name, _, body = rest.partition(":")
    return form, name, body


def _masters() -> Iterator[bytes]:
    return map(_derive, (settings.VAULT_KEY, *settings.VAULT_KEYS_OLD))


@lru_cache(maxsize=8)
def _derive(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"agentos vault").derive(secret.encode())


def _id(key: bytes) -> str:
    return sha256(key).hexdigest()[:8]
