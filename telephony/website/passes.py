"""What our panel inside a listed website holds: that a page of that website opened it, signed by us.

The browser vouches for the website: the panel is sent with `frame-ancestors` of it alone. Without cookies this is all
that a call is opened by; the call then gets a token of its own, which lives for seconds and works once.
"""

from __future__ import annotations

from uuid import UUID

from django.core import signing

LASTS_S = 12 * 3600  # pages are left open
_SALT = "agentos.telephony.website.pass"


class PassRefused(Exception):
    """It is not ours, of another button, or too old."""


def issue(key: UUID, site: str) -> str:
    return signing.dumps([key.hex, site], salt=_SALT)


def site_of(text: str, key: UUID) -> str:
    """The website for which the pass was issued. Raises PassRefused."""
    try:
        of, site = signing.loads(text, salt=_SALT, max_age=LASTS_S)
    except signing.SignatureExpired as error:
        raise PassRefused("too old") from error
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise PassRefused("not ours") from error
    if of != key.hex:
        raise PassRefused("of another button")
    return str(site)
