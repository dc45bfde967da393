"""The typefaces a house's pages are set in, as files of our own and as rules of its stylesheet.

They are made by `branding.foundry` before the server starts, and only read here: a server knows no font tools. Where
none were made, pages are set in faces of the reader's system, and nothing else changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.branding.models import Theme

MANIFEST = "faces.json"
TEXT_WEIGHTS = ((400, "100 500"), (700, "600 900"))
"""Weights of running text, each with the range of CSS weights it serves."""

_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Cut:
    """One face as a shape wants it. Of a display face there is one, which serves whatever weight is asked."""

    family: str
    weight: int = 400
    serves: str = "100 900"
    is_italic: bool = False
    is_capitals: bool = False
    """Set in capitals, so that capitals are what a stand-in must be as wide as."""
    features: tuple[str, ...] = ()
    """OpenType features besides kerning and ligatures."""

    @property
    def key(self) -> str:
        """Name it in the manifest."""
        marks = ["italic"] * self.is_italic + ["capitals"] * self.is_capitals
        return "/".join([self.family, str(self.weight), *marks, *self.features])


DISPLAY = {
    "ruled": {"weight": 400},
    "quiet": {"weight": 400, "is_italic": True},
    "fine": {"weight": 300, "features": ("tnum",)},
    "centred": {"weight": 400, "features": ("smcp",)},
    "blocks": {"weight": 400, "is_capitals": True},
    "sturdy": {"weight": 700},
    "round": {"weight": 600},
    "plain": {"weight": 500, "is_capitals": True},
}
"""How each shape sets its headings; the weights are those of `--head-weight` in parley.css."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A face of the reader's system, stretched to take the room of ours until that has come."""

    name: str
    sources: tuple[str, ...]
    size: float
    ascent: float
    descent: float
    gap: float

    def rule(self, cut: Cut) -> str:
        """Write it as CSS."""
        local = ", ".join(f'local("{source}")' for source in self.sources)
        lines = f"size-adjust: {self.size}%; ascent-override: {self.ascent}%; descent-override: {self.descent}%; "
        return _face(self.name, cut, local, f"{lines}line-gap-override: {self.gap}%;")


@dataclass(frozen=True, slots=True)
class Face:
    """One file, and what stands in for it."""

    cut: Cut
    digest: str
    size: int
    """In bytes."""
    stand_ins: tuple[StandIn, ...] = ()

    @property
    def file(self) -> str:
        """Name of its file, by which browsers fetch it."""
        return f"{self.digest}.woff2"

    def rules(self) -> list[str]:
        """Write it and its stand-ins as CSS, for a stylesheet at `/brand/<slug>/theme.css`."""
        source = f'url("../fonts/{self.file}") format("woff2")'
        # The small capitals that browsers make up take no size from a stand-in, so text would jump at a swap.
        display = "optional" if "smcp" in self.cut.features else "swap"
        own = _face(self.cut.family, self.cut, source, f"font-display: {display};")
        return [own, *(each.rule(self.cut) for each in self.stand_ins)]


def _face(family: str, cut: Cut, source: str, more: str) -> str:
    style = "italic" if cut.is_italic else "normal"
    described = f'font-family: "{family}"; font-style: {style}; font-weight: {cut.serves};'
    return f"@font-face {{ {described} src: {source}; {more} }}"


@dataclass(frozen=True, slots=True)
class Typefaces:
    """All faces there are, by the key of their cut."""

    folder: Path | None = None
    recipe: str = ""
    faces: dict[str, Face] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Typefaces:
        """Read what was made into `folder`; of what is missing or spoilt there is nothing, and no error."""
        try:
            kept = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            faces = {key: _read_face(each) for key, each in kept["faces"].items()}
            return cls(folder, str(kept["recipe"]), {k: f for k, f in faces.items() if (folder / f.file).is_file()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def manifest(self) -> str:
        """Write what `read` reads."""
        faces = {key: asdict(face) for key, face in sorted(self.faces.items())}
        return json.dumps({"recipe": self.recipe, "faces": faces}, indent=1)

    def of(self, theme: Theme) -> tuple[Face, ...]:
        """Give the faces of a house, that of its headings first."""
        return tuple(self.faces[cut.key] for cut in cuts(theme) if cut.key in self.faces)

    def path(self, digest: str) -> Path | None:
        """Give the file of a face, if it is one of ours."""
        if self.folder is None or not _DIGEST.fullmatch(digest):
            return None
        return next((self.folder / face.file for face in self.faces.values() if face.digest == digest), None)


def _read_face(kept: dict[str, Any]) -> Face:
    cut = {**kept["cut"], "features": tuple(kept["cut"]["features"])}
    stand_ins = tuple(StandIn(**{**each, "sources": tuple(each["sources"])}) for each in kept["stand_ins"])
    return Face(Cut(**cut), kept["digest"], kept["size"], stand_ins)


def cuts(theme: Theme) -> tuple[Cut, ...]:
    """Give the faces a house wants: the first of its display stack, and two weights of the first of its text stack."""
    display, text = first_family(theme.display), first_family(theme.text)
    running = tuple(Cut(text, weight, serves) for weight, serves in TEXT_WEIGHTS)
    if display == text:
        return running
    return (Cut(display, **DISPLAY.get(theme.shape, {})), *running)  # type: ignore[arg-type]


def first_family(stack: str) -> str:
    """Give the first family of a stack as CSS writes it, without quotation marks."""
    return stack.split(",", 1)[0].strip().strip('"')


def with_stand_ins(stack: str, faces: Iterable[Face]) -> str:
    """Put the stand-ins of the stack's first family behind it, before the other faces of the system."""
    first, *others = stack.split(", ")
    names = [each.name for face in faces if face.cut.family == first_family(stack) for each in face.stand_ins]
    return ", ".join([first, *(f'"{name}"' for name in dict.fromkeys(names)), *others])
