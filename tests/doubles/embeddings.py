"""Vectors as a vendor's would be: texts of the same words are alike, and so are words of one meaning."""

from __future__ import annotations

import math
import re
import zlib
from typing import Any

MEANINGS = {"car": "parking", "park": "parking", "garage": "parking", "cost": "price", "much": "price", "fee": "price"}


def vector_of(text: str, dimensions: int) -> list[float]:
    """Each word adds to one place of the vector, under the word that stands for its meaning."""
    vector = [0.0] * dimensions
    for word in re.findall(r"[a-z]{4,}|car|fee", text.lower()):
        vector[zlib.crc32(MEANINGS.get(word, word).encode()) % dimensions] += 1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def embeddings_of(body: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request, in reverse order: whoever relies on the order has to look at the indexes."""
    rows = [
        {"object": "embedding", "index": index, "embedding": vector_of(text, body["dimensions"])}
        for index, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return {"object": "list", "data": rows[::-1], "model": body["model"], "usage": usage}
