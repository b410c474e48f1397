"""How a form field is drawn: label, control, hint and error in one block."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import Input

DRAWN_BY_THE_BROWSER = {"checkbox", "radio", "hidden", "file", "range", "color"}


class DrawnField(BoundField):
    """A field whose control carries our class; classes of the widget itself are kept beside it."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        typed = isinstance(widget, Input) and widget.input_type not in DRAWN_BY_THE_BROWSER
        if typed or isinstance(widget, forms.Textarea | forms.Select):
            own = built.get("class") or widget.attrs.get("class", "")
            built["class"] = f"input {own}".strip()
        return built


class FieldRenderer(TemplatesSetting):
    field_template_name = "forms/field.html"
    form_template_name = "forms/form.html"
    bound_field_class = DrawnField
