"""A house's theme in the terms of a mail, where there is neither a stylesheet to link to nor a font to load."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.branding.models import Palette, Theme


@dataclass(frozen=True, slots=True)
class Look:
    """Type, corners and rules of a house. Lengths are CSS."""

    display: str = "sans-serif"
    text: str = "sans-serif"
    align: str = "left"
    upper: bool = False
    slant: str = "normal"
    weight: str = "400"
    wordmark: str = "26px"
    wordmark_spacing: str = "0"
    heading: str = "36px"
    heading_small: str = "30px"
    radius: str = "2px"
    rule: str = "1px"
    hairline: str = "1px"
    button_padding: str = "16px 28px"
    item_padding: str = "16px 0"
    shadow: str = ""
    is_boxed: bool = False

    @property
    def button_font(self) -> str:
        """The face of buttons: the display face where it shouts, else that of running text."""
        return self.display if self.upper else self.text

    def rule_colour(self, palette: Palette) -> str:
        """Colour of the rules above and below."""
        return palette.ink if self.is_boxed else palette.line

    def line_colour(self, palette: Palette) -> str:
        """Colour of the lines around or between items."""
        return palette.ink if self.is_boxed else palette.line

    def button_border(self, palette: Palette) -> str:
        """Border of the button, as MJML takes it."""
        return f"{self.rule} solid {palette.ink}" if self.is_boxed else "none"

    def name_style(self, palette: Palette) -> str:
        """Inline style of the house's name: written in its accent, or printed on it."""
        if self.is_boxed:
            return f"background: {palette.accent}; color: {palette.on_accent}; padding: 2px 10px;"
        return f"color: {palette.highlight};"

    def item_style(self, palette: Palette) -> str:
        """Inline style of an item in the list: a box, or a line above."""
        line = f"{self.rule if self.is_boxed else self.hairline} solid {self.line_colour(palette)}"
        return f"{'border' if self.is_boxed else 'border-top'}: {line}; padding: {self.item_padding};"


_RULED = Look()
_QUIET = Look(slant="italic", rule="0", hairline="0", heading="40px", item_padding="10px 0", radius="0")
_FINE = Look(weight="300", radius="0", wordmark_spacing="0.08em")
_CENTRED = Look(align="center", rule="3px", wordmark_spacing="0.14em", radius="0")
_BLOCKS = Look(
    upper=True, rule="3px", hairline="3px", radius="0", shadow="6px 6px 0", is_boxed=True, item_padding="14px 16px",
    weight="700", wordmark="32px", heading="44px", heading_small="36px",
)  # fmt: skip
_STURDY = Look(weight="600", radius="6px", rule="2px")
_ROUND = Look(weight="600", radius="999px", rule="2px")

SHAPES = {
    "ruled": _RULED, "camille": _RULED,
    "quiet": _QUIET, "maison-brume": _QUIET,
    "fine": _FINE, "ostra": _FINE,
    "centred": _CENTRED, "vantour": _CENTRED,
    "blocks": _BLOCKS, "folie-douze": _BLOCKS,
    "sturdy": _STURDY, "kestrel-row": _STURDY,
    "round": _ROUND, "sol-y-lino": _ROUND,
}  # fmt: skip
"""By the theme's `shape`; a house of another shape gets the plain one."""


def look(theme: Theme) -> Look:
    """Give the look of mails under `theme`; its stacks end in faces that every reader has."""
    plain = SHAPES.get(theme.shape, Look())
    # In a mail the stacks stand between double quotes.
    return replace(plain, display=theme.display.replace('"', "'"), text=theme.text.replace('"', "'"))
