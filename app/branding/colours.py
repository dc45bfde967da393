"""Contrast of colours, by the formulas of WCAG 2.2, and the pairs a palette must make readable."""

from __future__ import annotations

from app.branding.models import Palette

READABLE_PAIRS = (
    ("ink", "paper", 7.0),
    ("ink", "surface", 7.0),
    ("muted", "paper", 4.5),
    ("muted", "surface", 4.5),
    ("highlight", "paper", 4.5),
    ("highlight", "surface", 4.5),
    ("on_accent", "accent", 4.5),
)
"""Text colour, its background, and the least contrast between them: level AA for all text, AAA for running text."""


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two `#rrggbb` colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def unreadable(palette: Palette) -> list[tuple[str, str]]:
    """Give each text colour of `palette` that is too faint, with a sentence saying so."""
    found = []
    for text, background, least in READABLE_PAIRS:
        ratio = contrast(getattr(palette, text), getattr(palette, background))
        if ratio < least:
            found.append((text, f"{text} on {background} has a contrast of {ratio:.2f}; {least:g} is the least"))
    return found


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
