"""How the product says durations, times, numbers and phone numbers."""

from django import template

register = template.Library()
