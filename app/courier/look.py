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
    caps: str = "normal"
    """`small-caps`, where headings are set so."""
    leading: str = "1.6"
    heading_leading: str = "1.15"
    wordmark: str = "26px"
    wordmark_spacing: str = "0"
    heading: str = "36px"
    heading_small: str = "30px"
    radius: str = "2px"
    rule: str = "1px"
    hairline: str = "1px"
    stroke: str = "solid"
    """Style of all rules: `solid`, `double` or `dashed`."""
    rule_is_ink: bool = False
    button_padding: str = "16px 28px"
    item_padding: str = "16px 0"
    shadow: str = ""
    is_boxed: bool = False

    @property
    def button_font(self) -> str:
        """The face of buttons: the display face where it shouts, slants or is set in small capitals."""
        return self.display if self.upper or self.is_set_apart else self.text

    @property
    def button_weight(self) -> str:
        """Weight of the words on buttons."""
        return "400" if self.is_set_apart else "600"

    @property
    def is_set_apart(self) -> bool:
        """Whether headings have a cut of their own, which buttons share."""
        return self.slant != "normal" or self.caps != "normal"

    def rule_colour(self, palette: Palette) -> str:
        """Colour of the rules above and below."""
        return palette.ink if self.is_boxed or self.rule_is_ink else palette.line

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
        return f"color: {palette.highlight}; font-variant: {self.caps};"

    @property
    def item_stroke(self) -> str:
        """Style of the lines around or between items, which are too thin to be double."""
        return "solid" if self.stroke == "double" else self.stroke

    def item_style(self, palette: Palette) -> str:
        """Inline style of an item in the list: a box, or a line above."""
        line = f"{self.rule if self.is_boxed else self.hairline} {self.item_stroke} {self.line_colour(palette)}"
        return f"{'border' if self.is_boxed else 'border-top'}: {line}; padding: {self.item_padding};"


_RULED = Look()
_QUIET = Look(
    slant="italic", rule="0", hairline="0", heading="40px", item_padding="10px 0", radius="0", leading="1.85",
    heading_leading="1.3",
)  # fmt: skip
_FINE = Look(weight="300", radius="0", wordmark_spacing="0.08em", heading_leading="1.2")
_CENTRED = Look(
    align="center", rule="3px", stroke="double", rule_is_ink=True, caps="small-caps", wordmark="30px",
    wordmark_spacing="0.1em", radius="0",
)  # fmt: skip
_BLOCKS = Look(
    upper=True, rule="3px", hairline="3px", radius="0", shadow="6px 6px 0", is_boxed=True, item_padding="14px 16px",
    weight="700", wordmark="32px", heading="44px", heading_small="36px",
)  # fmt: skip
_STURDY = Look(weight="700", radius="6px", rule="2px", hairline="2px", stroke="dashed")
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


def look(theme: Theme, locale: str = "") -> Look:
    """Give the look of mails under `theme` in a language; its stacks end in faces that every reader has."""
    plain = SHAPES.get(theme.shape, Look())
    if locale.startswith("zh"):  # Chinese is neither slanted nor set in small capitals
        plain = replace(plain, slant="normal", caps="normal")
    # In a mail the stacks stand between double quotes.
    return replace(plain, display=theme.display.replace('"', "'"), text=theme.text.replace('"', "'"))
