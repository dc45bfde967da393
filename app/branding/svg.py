"""Logos are set into pages as they are, so they may hold shapes and nothing that acts or fetches."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from app.branding.mistakes import Mistake

ELEMENTS = frozenset(
    ("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title", "desc"),
)
_ATTRIBUTE_NAMES = """
xmlns viewBox width height role aria-label aria-hidden focusable fill fill-rule fill-opacity clip-rule stroke
stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset stroke-opacity
opacity transform d points x y x1 y1 x2 y2 cx cy r rx ry"""
ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
NAMESPACE = "http://www.w3.org/2000/svg"


def svg_mistakes(text: str, path: Path) -> list[Mistake]:
    """Find what keeps `text` from being a harmless drawing. Lists of what is allowed, since what harms is endless."""
    reader = _Reader(path)
    try:
        reader.parser.Parse(text, True)
    except expat.ExpatError as error:
        reader.found.append(Mistake(path, error.lineno, f"is no XML: {expat.errors.messages[error.code]}"))
    return reader.found


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[Mistake] = []
        self.depth = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.ProcessingInstructionHandler = self.instruction

    def say(self, message: str) -> None:
        self.found.append(Mistake(self.path, self.parser.CurrentLineNumber, message))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0:
            self.root(name, attributes)
        self.depth += 1
        if name not in ELEMENTS:
            self.say(f"a logo may not hold <{name}>")
        for key, value in attributes.items():
            if key not in ATTRIBUTES:
                self.say(f"a logo may not hold the attribute {key}")
            elif "url(" in value.lower() or (":" in value and key != "xmlns"):
                self.say(f"{key} refers to something outside of the logo")

    def root(self, name: str, attributes: dict[str, str]) -> None:
        if name != "svg":
            self.say("a logo must be an <svg>")
        if attributes.get("xmlns") != NAMESPACE:
            self.say(f'<svg> needs xmlns="{NAMESPACE}"')
        if "viewBox" not in attributes:
            self.say("<svg> needs a viewBox, or it can't be scaled")

    def end(self, _name: str) -> None:
        self.depth -= 1

    def doctype(self, *_: object) -> None:
        self.say("a logo needs no document type, and its entities could hide anything")

    def instruction(self, *_: object) -> None:
        self.say("a logo may hold no processing instruction")
