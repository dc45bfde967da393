"""What the words of a page need besides a typeface."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_MAIL = re.compile(r"\b[Ee]-[Mm]ail\w*")


def unbroken(text: str) -> Markup:
    """Keep "e-mail" on one line: browsers break at any hyphen, and no style can tell them not to."""
    return Markup(_MAIL.sub(r'<span class="unbroken">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped just before
