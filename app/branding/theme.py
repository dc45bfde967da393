"""A site's colours and type as CSS custom properties, so that pages need no inline style."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.branding.models import Palette, Site, SiteGroup

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_FAMILY = r'(?:"[A-Za-z0-9 ]+"|[A-Za-z-]+)'
_FONTS = re.compile(rf"{_FAMILY}(?:, {_FAMILY})*")
_SLUG = re.compile(r"[a-z0-9-]+")


def stylesheet(site: Site) -> str:
    """Give the site's colours and faces for `:root` and `.theme-<slug>`, light and dark.

    The group's stylesheet also dresses each of its brands, for pages that show several houses.

    Raises `ValueError` for a value that could say anything but a colour or a face: brand files are checked
    when they are read, but what reaches CSS is checked where it is written.
    """
    rules = ["/* Colours and faces come from the brand folder. */", ":root { color-scheme: light dark; }"]
    rules += _rules(site, f":root, {_selector(site)}")
    if isinstance(site, SiteGroup):
        for brand in site.brands.values():
            rules += _rules(brand, _selector(brand))
    return "\n".join(rules) + "\n"


def _rules(site: Site, selector: str) -> Iterator[str]:
    faces = [_property("display", site.theme.display, _FONTS), _property("text", site.theme.text, _FONTS)]
    yield _rule(selector, [*_colours(site.theme.light), *faces])
    yield "@media (prefers-color-scheme: dark) {\n" + _rule(selector, _colours(site.theme.dark)) + "\n}"


def _rule(selector: str, declarations: list[str]) -> str:
    return f"{selector} {{\n" + "\n".join(f"  {each}" for each in declarations) + "\n}"


def _colours(palette: Palette) -> list[str]:
    return [_property(name.replace("_", "-"), getattr(palette, name), _COLOUR) for name in Palette.model_fields]


def _property(name: str, value: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(value):
        raise ValueError(f"{value!r} can't stand in CSS as --{name}")
    return f"--{name}: {value};"


def _selector(site: Site) -> str:
    if not _SLUG.fullmatch(site.slug):
        raise ValueError(f"{site.slug!r} can't stand in a CSS selector")
    return f".theme-{site.slug}"
