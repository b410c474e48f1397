"""Small parts of a page that would be tedious to write out."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.inclusion_tag("_icon.html")
def icon(name: str, label: str = "") -> dict[str, Any]:
    """An icon of static/img/icons.svg. Without a label it is decoration, and screen readers pass over it."""
    return {"name": name, "label": label}


@register.simple_tag(takes_context=True)
def import_map(context: template.Context) -> SafeString:
    """Lead `import "./line.js"` to the file as it was collected, whose name carries a hash.

    Nothing where names carry none. An import map cannot be a file of its own, so it takes a nonce.
    """
    collected: dict[str, str] = getattr(staticfiles_storage, "hashed_files", {})
    names = sorted(name for name in collected if name.startswith("js/") and name.endswith(".js"))
    if not names:
        return mark_safe("")
    imports = json.dumps({"imports": {f"{settings.STATIC_URL}{name}": staticfiles_storage.url(name) for name in names}})
    nonce = context["request"].csp_nonce
    return format_html('<script type="importmap" nonce="{}">{}</script>', nonce, mark_safe(imports))  # noqa: S308
