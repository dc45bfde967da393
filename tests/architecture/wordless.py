"""A rule over templates: whatever people read there goes through `_()`, so that it can be translated.

The words of a template are what stands outside of Jinja's braces and of tags, and in the attributes that people hear or
see. Jinja's own parser finds them, so comments and conditions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

ENGLISH_ALONE = ("api/", "console/", "dev/", "sample/", "embed/solver.html")
"""For developers and brand teams, see app/http/languages.py, and a document that never shows."""

IN_ATTRIBUTES = frozenset({"body_class", "target"})
"""Blocks that stand inside of a tag in the layout."""

READ_ALOUD = frozenset({"alt", "aria-description", "aria-label", "content", "label", "placeholder", "title"})
"""Attributes with words in them."""

SILENT = frozenset({"style", "script", "mj-style", "mj-raw"})
TECHNICAL = re.compile(
    r"^(width=device-width.*|light dark|no-referrer|same-origin|strict-origin.*|noindex|telephone=no.*)$"
)
WORD = re.compile(r"[^\W\d_]{2,}")
ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')
"""Stands in the text of a macro that gives an attribute, or a tag whose name is an expression."""

HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"

_templates = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)


def words_outside_gettext(path: str, source: str) -> list[str]:
    """Give what a template says without asking the catalogues."""
    if path.startswith(ENGLISH_ALONE):
        return []
    written = "".join(_written(_templates.parse(source)))
    if not path.endswith((".html", ".mjml")):
        return [f"{path}: {line.strip()}" for line in written.splitlines() if WORD.search(line)]
    reader = _Reader()
    reader.feed(written)
    return [f"{path}: {words}" for words in reader.words]


def _written(tree: nodes.Node) -> Iterator[str]:
    """Give what stands in the template itself, in its order, with a hole for each expression."""
    if isinstance(tree, nodes.Output):
        for part in tree.nodes:
            yield part.data if isinstance(part, nodes.TemplateData) else HOLE
    elif not (isinstance(tree, nodes.Block) and tree.name in IN_ATTRIBUTES):
        for child in tree.iter_child_nodes():
            yield from _written(child)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silence = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silence += tag in SILENT
        said = [value for name, value in attrs if name in READ_ALOUD and value]
        self.words += [value for value in said if WORD.search(value) and not TECHNICAL.match(value)]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silence -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silence and WORD.search(ATTRIBUTE.sub("", data)):
            self.words.append(data.strip())
