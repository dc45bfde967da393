"""A site's colours and type as CSS custom properties, so that pages need no inline style."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.branding.fonts import Face, Typefaces, with_stand_ins
from app.branding.models import Palette, Site, SiteGroup

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_FAMILY = r'(?:"[A-Za-z0-9 ]+"|[A-Za-z-]+)'
_FONTS = re.compile(rf"{_FAMILY}(?:, {_FAMILY})*")
_SLUG = re.compile(r"[a-z0-9-]+")


def stylesheet(site: Site, typefaces: Typefaces | None = None) -> str:
    """Give the site's colours and faces for `:root` and `.theme-<slug>`, light and dark; the same bytes each time.

    The group's stylesheet also dresses each of its brands, for pages that show several houses. Of web fonts it
    declares its own alone: the display faces of seven houses weigh 82 KB, and a page may weigh 60 KB with all it
    loads. There, headings of houses are set in the system's faces of their stack, and running text in Lato, as ours is.

    Raises `ValueError` for a value that could say anything but a colour or a face: brand files are checked
    when they are read, but what reaches CSS is checked where it is written.
    """
    rules = ["/* Colours and faces come from the brand folder. */", ":root { color-scheme: light dark; }"]
    faces = typefaces.of(site.theme) if typefaces else ()
    rules += [rule for face in faces for rule in face.rules()]
    rules += _rules(site, f":root, {_selector(site)}", faces)
    if isinstance(site, SiteGroup):
        for brand in site.brands.values():
            rules += _rules(brand, _selector(brand), faces)
    return "\n".join(rules) + "\n"


def _rules(site: Site, selector: str, faces: tuple[Face, ...]) -> Iterator[str]:
    stacks = [_stack("display", site.theme.display, faces), _stack("text", site.theme.text, faces)]
    yield _rule(selector, [*_colours(site.theme.light), *stacks])
    yield "@media (prefers-color-scheme: dark) {\n" + _rule(selector, _colours(site.theme.dark)) + "\n}"


def _rule(selector: str, declarations: list[str]) -> str:
    return f"{selector} {{\n" + "\n".join(f"  {each}" for each in declarations) + "\n}"


def _colours(palette: Palette) -> list[str]:
    return [_property(name.replace("_", "-"), getattr(palette, name), _COLOUR) for name in Palette.model_fields]


def _stack(name: str, families: str, faces: tuple[Face, ...]) -> str:
    return _property(name, with_stand_ins(families, faces), _FONTS)


def _property(name: str, value: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(value):
        raise ValueError(f"{value!r} can't stand in CSS as --{name}")
    return f"--{name}: {value};"


def _selector(site: Site) -> str:
    if not _SLUG.fullmatch(site.slug):
        raise ValueError(f"{site.slug!r} can't stand in a CSS selector")
    return f".theme-{site.slug}"
