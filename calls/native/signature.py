"""Whether a report really comes from ElevenLabs, and was not sent long ago. Pure."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

OLDEST_S, NEWEST_S = 1800, 300
"""The vendor repeats a report for a while; a clock may be a little ahead."""

_HEADER = re.compile(r"t=(\d{1,12}),\s*v0=([0-9a-f]{64})")


def is_genuine(body: bytes, header: str, secret: str, at: float) -> bool:
    """Whether the body, exactly as it came, was signed with the secret, and not too long ago."""
    told = _HEADER.fullmatch(header.strip())
    if not told or not secret:
        return False
    when, signature = told.groups()
    expected = hmac.new(secret.encode(), when.encode() + b"." + body, sha256).hexdigest()
    return hmac.compare_digest(expected, signature) and -NEWEST_S <= at - int(when) <= OLDEST_S
