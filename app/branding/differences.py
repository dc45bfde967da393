"""What differs between two versions of a document, paragraph by paragraph: for people to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_ENTRY = re.compile(r"([-*+]|\d+\.) ")
"""Begins an entry of a list in Markdown."""


class Fate(StrEnum):
    """What became of a passage."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Passage:
    """Markdown of one fate that stands together."""

    fate: Fate
    markdown: str


def passages(older: str, newer: str) -> list[Passage]:
    """Compare two texts in Markdown. Headings, paragraphs, entries of lists and tables are each kept or not as a whole.

    What was removed comes before what stands in its place.
    """
    before, after = _blocks(older), _blocks(newer)
    found: list[Passage] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Passage(Fate.KEPT, _joined(before[a:b])))
            continue
        found += [Passage(Fate.REMOVED, _joined(before[a:b]))] if a < b else []
        found += [Passage(Fate.ADDED, _joined(after[c:d]))] if c < d else []
    return found


def _blocks(text: str) -> list[str]:
    """Cut a text into blocks, its lines joined: where a line is broken is no difference."""
    return [block for part in re.split(r"\n\s*\n", text.strip()) for block in _entries(part)]


def _entries(part: str) -> Iterator[str]:
    gathered: list[str] = []
    for line in part.splitlines():
        if _ENTRY.match(line) and gathered:
            yield _whole(gathered)
            gathered = []
        gathered.append(line.strip())
    yield _whole(gathered)


def _whole(lines: list[str]) -> str:
    return "\n".join(lines) if lines[0].startswith(("|", "```")) else " ".join(lines)


def _joined(blocks: list[str]) -> str:
    text = ""
    for block in blocks:
        is_next_entry = bool(text) and _ENTRY.match(block) and _ENTRY.match(text.rsplit("\n", 1)[-1])
        text += ("\n" if is_next_entry else "\n\n" if text else "") + block
    return text
