"""Local servers that speak the vendors' wire protocols, so that the product and the vendors' own SDKs connect to them.

In a test: `async with Doubles() as doubles`, then script what is heard, answered and spoken, and what goes wrong.
For a benchmark: `python -m tests.doubles --port 9100 …`, with fixed delays, driven by the audio itself.
"""

from .faults import Close, Cut, Mute, Refuse, Stall
from .server import Doubles, Timing

__all__ = ["Close", "Cut", "Doubles", "Mute", "Refuse", "Stall", "Timing"]
