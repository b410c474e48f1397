"""Cells of a spreadsheet that cannot become a formula, and the way back.

A spreadsheet runs what begins like a formula; an apostrophe in front makes it text. What begins with apostrophes and
then like a formula gets one more, so that the way back is sure: one apostrophe is taken off, and it is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# With the full-width forms, which some programs take for the same, and what programs skip in front.
_FORMULA = r"[\s\x00\ufeff]*[=+\-@\t\r\x00|%\uff1d\uff0b\uff0d\uff20]"
_RUNS, _OURS = re.compile(f"'*{_FORMULA}"), re.compile(f"'+{_FORMULA}")


def harmless(value: object) -> str:
    """A value as text that a spreadsheet only shows. A telephone number in E.164 stays as it is, and so do numbers."""
    text = "" if value is None else str(value)
    if not isinstance(value, str) and isinstance(value, int | float):
        return text
    return f"'{text}" if _RUNS.match(text) and not E164.fullmatch(text) else text


def harmless_row(values: Iterable[object]) -> list[str]:
    return [harmless(value) for value in values]


def as_written(cell: str) -> str:
    """What `harmless` was given: without the apostrophe that it put in front, if it did."""
    return cell[1:] if _OURS.match(cell) else cell
