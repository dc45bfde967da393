"""How a house looks on its own site: colours, faces and the few measures that tell one shape from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.branding.models import Theme


@dataclass(frozen=True, slots=True)
class Shape:
    """Measures of a shape, as CSS writes them. Pages have more of it, in `parley.css` under `.shape-<name>`."""

    corner: str = "6px"
    button_corner: str = "6px"
    stroke: str = "1px"
    rule: str = "solid"
    shadow: str = "none"
    weight: str = "600"
    case: str = "none"
    slant: str = "normal"
    align: str = "start"


SHAPES: Mapping[str, Shape] = {
    "plain": Shape(corner="0px", button_corner="0px", weight="500"),
    "ruled": Shape(corner="2px", button_corner="2px", weight="400"),
    "quiet": Shape(corner="0px", button_corner="0px", weight="400", slant="italic"),
    "fine": Shape(corner="0px", button_corner="0px", weight="300"),
    "centred": Shape(corner="0px", button_corner="0px", rule="double", stroke="3px", weight="400", align="center"),
    "blocks": Shape(
        corner="0px", button_corner="0px", stroke="3px", shadow="6px 6px 0 currentColor", weight="400", case="uppercase"
    ),
    "sturdy": Shape(corner="6px", button_corner="6px", rule="dashed", stroke="2px", weight="700"),
    "round": Shape(corner="16px", button_corner="999px", weight="700"),
}


def tokens(theme: Theme) -> dict[str, Any]:
    """Give a theme as JSON: `light` and `dark` colours, `display` and `text` faces, and `shape`."""
    shape = SHAPES.get(theme.shape, Shape())
    return {
        "light": theme.light.model_dump(),
        "dark": theme.dark.model_dump(),
        "display": theme.display,
        "text": theme.text,
        "shape": asdict(shape),
    }
