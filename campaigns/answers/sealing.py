"""Spoken answers as files that are worth nothing without the vault, bound to the row that they belong to.

Until the vault was there they were sealed with a key of their own, made from SECRET_KEY. Those files still open, as
long as that key is known (SECRET_KEY, SECRET_KEY_FALLBACKS).
"""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from agentos import vault

OF_OLD = b"AOS1"
_PURPOSE = b"agentos campaigns replies"
_KEY_ID, _NONCE = 4, 12


class Unsealable(Exception):
    """The file was changed, belongs to another row, or was sealed with a key that is not known here."""


def seal(plain: bytes, owner: str) -> bytes:
    """Encrypt for `owner`, which is the table and key of a row of the current tenant."""
    return vault.seal_file(plain, owner)


def unseal(sealed: bytes, owner: str) -> bytes:
    """The plain bytes, also after keys were exchanged. Inside the tenant. Raises Unsealable."""
    if sealed.startswith(OF_OLD):
        return _unseal_of_old(sealed, owner)
    try:
        return vault.unseal_file(sealed, owner)
    except vault.Unreadable as error:
        raise Unsealable(str(error)) from error


def write(path: Path, sealed: bytes) -> None:
    """All of the file or nothing, for nobody else's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _unseal_of_old(sealed: bytes, owner: str) -> bytes:
    head, nonce = sealed[: len(OF_OLD) + _KEY_ID], sealed[len(OF_OLD) + _KEY_ID :][:_NONCE]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = _key(secret)
        if head == OF_OLD + sha256(key).digest()[:_KEY_ID] and len(nonce) == _NONCE:
            try:
                return AESGCM(key).decrypt(nonce, sealed[len(head) + _NONCE :], owner.encode())
            except InvalidTag as error:
                raise Unsealable("changed, or of another row") from error
    raise Unsealable("sealed with another key")


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
