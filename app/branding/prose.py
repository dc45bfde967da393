"""Documents written in Markdown, as HTML that is safe to show."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup
from nh3 import clean

_MARKDOWN = MarkdownIt().enable("table")


def as_html(markdown: str) -> Markup:
    """Write Markdown out as HTML, without anything that would run or load."""
    return Markup(clean(_MARKDOWN.render(markdown)))  # noqa: S704 - cleaned
