"""Cells of a spreadsheet that cannot become a formula, and the way back.

A spreadsheet runs what begins like a formula; an apostrophe in front makes it text. What begins with apostrophes and
then like a formula gets one more, so that the way back is sure: one apostrophe is taken off, and it is ours. The same
holds behind a line break and a semicolon: where a semicolon parts the cells of a file, ours are cut up there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# With the full-width and small forms, which some programs take for the same, and what programs skip in front.
_FORMULA = (
    r"(?:(?![\r\n])[\s\x00\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff])*"
    r"[=+\-@\t\x00|%\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b]"
)
_RUNS, _OURS = re.compile(f"(^|[;\r\n])('*)(?={_FORMULA})"), re.compile(f"(^|[;\r\n])'('*)(?={_FORMULA})")


def harmless(value: object) -> str:
    """A value as text that a spreadsheet only shows. A telephone number in E.164 stays as it is, and so do numbers."""
    text = "" if value is None else str(value)
    if not isinstance(value, str) and isinstance(value, int | float):
        return text
    return text if E164.fullmatch(text) else _RUNS.sub(r"\1'\2", text)


def harmless_row(values: Iterable[object]) -> list[str]:
    return [harmless(value) for value in values]


def as_written(cell: str) -> str:
    """What `harmless` was given: without the apostrophes that it put in."""
    return _OURS.sub(r"\1\2", cell)
