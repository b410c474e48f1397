"""The color of a button, and which ink can be read on it (WCAG 2.2)."""

from __future__ import annotations

import re

COLOR = re.compile(r"#[0-9a-f]{6}")
INKS = ("#ffffff", "#000000")


def ink_on(color: str) -> str:
    """White or black, whichever has more contrast; always 4.5 at least."""
    return max(INKS, key=lambda ink: contrast(ink, color))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
