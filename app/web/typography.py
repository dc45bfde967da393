"""What the words of a page need besides a typeface."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_WHOLE = re.compile(
    r"""<(?:button|a)\ [^>]*class="button[^>]*>[^<]* | <(?:textarea|option)\b[^>]*>[^<]* | <[^>]*>
    | \b(?:[Ee]-[Mm]ail\w* | \w+(?:-t)?(?:-(?:vous|nous|ils?|elles?|le|la|les|moi))+\b)""",
    re.VERBOSE,
)
"""What reads ill in two pieces: "e-mail", and French verbs with their pronouns. Before it stands what is passed over:
tags; words on buttons, which are laid out as one piece and would lose the spaces beside a part of their own; and what
can hold no tags."""


def unbroken(text: str) -> Markup:
    """Keep such words on one line: browsers break at any hyphen, and no style can tell them not to."""
    return Markup(_WHOLE.sub(_kept, str(escape(text))))  # noqa: S704 - escaped just before, unless it is markup already


def _kept(found: re.Match[str]) -> str:
    whole = found.group()
    return whole if whole.startswith("<") else f'<span class="unbroken">{whole}</span>'
