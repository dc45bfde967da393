"""What the words of a page need besides a typeface."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_TEXT = re.compile(r'(<(?!(?:button|a) [^>]*class="button|textarea\b|option\b)[^>]*>)([^<]*-[^<]*)')
"""A tag and the text behind it, if there is a hyphen in it. Passed over are words on buttons, which are laid out as one
piece and would lose the spaces beside a part of their own, and what can hold no tags."""
_WORD = re.compile(r"\b(?:[Ee]-[Mm]ail\w*|\w+(?:-t)?(?:-(?:vous|nous|ils?|elles?|le|la|les|moi))+\b)")
"""What reads ill in two pieces: "e-mail", and French verbs with their pronouns."""


def unbroken(text: str) -> Markup:
    """Keep such words on one line: browsers break at any hyphen, and no style can tell them not to."""
    before, tag, rest = str(escape(text)).partition("<")
    whole = _TEXT.sub(lambda found: found[1] + _kept(found[2]), tag + rest)
    return Markup(_kept(before) + whole)  # noqa: S704 - escaped just before, unless it is markup already


def _kept(text: str) -> str:
    return _WORD.sub(r'<span class="unbroken">\g<0></span>', text)
