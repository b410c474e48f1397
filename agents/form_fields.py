"""Fields that turn text into lists and pairs, and a number into a slider."""

from __future__ import annotations

import re
from typing import Any

from django import forms


class Lines(forms.CharField):
    """A list, one item on each line."""

    separator = "\n"
    joint = "\n"

    def to_python(self, value: Any) -> Any:
        return [item.strip() for item in re.split(self.separator, value or "") if item.strip()]

    def prepare_value(self, value: Any) -> Any:
        return self.joint.join(value) if isinstance(value, list) else value


class Terms(Lines):
    """A list of words and phrases, parted by commas or lines."""

    separator = r"[,\n]"
    joint = ", "


class Pairs(forms.CharField):
    """Names and values, one `name = value` on each line."""

    def to_python(self, value: Any) -> Any:
        pairs: dict[str, str] = {}
        for line in filter(str.strip, (value or "").splitlines()):
            name, equals, meaning = line.partition("=")
            if not equals:
                raise forms.ValidationError(f"“{line.strip()[:40]}” has no value: write name = value.")
            pairs[name.strip()] = meaning.strip()
        return pairs

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name} = {each}" for name, each in value.items()) if isinstance(value, dict) else value


class Slider(forms.NumberInput):
    """A number out of a range, with words at its ends."""

    input_type = "range"

    def __init__(self, low: str, high: str, limits: dict[str, Any], unit: str = "") -> None:
        super().__init__(limits)
        self.low, self.high, self.unit = low, high, unit
