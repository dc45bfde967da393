"""Pieces of pages that are the same for many people, kept as they were written once.

In a preference centre most rows are about what somebody never asked for, and alike for everybody who didn't. Writing
them was half of what the page costs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from markupsafe import Markup

MOST = 2_048
"""Pieces of one to two kilobytes."""

_KEPT: dict[Hashable, Markup] = {}


def kept(key: Hashable, caller: Callable[[], Markup]) -> Markup:
    """Give a piece as it was written before under `key`; write it where there is none, or where `key` is None.

    For `{% call %}` in templates. The key must hold everything that the piece reads. The dictionary is only ever read,
    added to and emptied whole, each at one stroke, so that threads need no lock.
    """
    if key is None:
        return caller()
    found = _KEPT.get(key)
    if found is None:
        if len(_KEPT) >= MOST:
            _KEPT.clear()
        found = _KEPT[key] = caller()
    return found


def forget() -> None:
    """Let everything be written anew."""
    _KEPT.clear()
