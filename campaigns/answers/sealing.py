"""Files that are worth nothing without our key: AES-256-GCM, bound to the row that they belong to."""

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

MARK = b"AOS1"
_PURPOSE = b"agentos campaigns replies"
_KEY_ID, _NONCE = 4, 12


class Unsealable(Exception):
    """The file was changed, belongs to another row, or was sealed with a key that is not known here."""


def seal(plain: bytes, owner: str) -> bytes:
    """Encrypt for `owner`, which is the table and key of a row. The id of the key stands in the value."""
    key, nonce = _key(settings.SECRET_KEY), os.urandom(_NONCE)
    return MARK + _id(key) + nonce + AESGCM(key).encrypt(nonce, plain, owner.encode())


def unseal(sealed: bytes, owner: str) -> bytes:
    """The plain bytes. A key that was replaced still opens what it sealed, as long as it is a fallback. Raises
    Unsealable."""
    head, nonce = sealed[: len(MARK) + _KEY_ID], sealed[len(MARK) + _KEY_ID :][:_NONCE]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = _key(secret)
        if head == MARK + _id(key) and len(nonce) == _NONCE:
            try:
                return AESGCM(key).decrypt(nonce, sealed[len(head) + _NONCE :], owner.encode())
            except InvalidTag as error:
                raise Unsealable("changed, or of another row") from error
    raise Unsealable("sealed with another key")


def write(path: Path, sealed: bytes) -> None:
    """All of the file or nothing, for nobody else's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())


def _id(key: bytes) -> bytes:
    return sha256(key).digest()[:_KEY_ID]
