"""Small parts of a page that would be tedious to write out."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("_icon.html")
def icon(name: str, label: str = "") -> dict[str, Any]:
    """An icon of static/img/icons.svg. Without a label it is decoration, and screen readers pass over it."""
    return {"name": name, "label": label}
