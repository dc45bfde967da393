"""Reads `brands/` into frozen data, or says where each mistake is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from app.branding.checks import site_mistakes
from app.branding.documents import Published, changed_texts, read_documents, unpublished_texts
from app.branding.mistakes import BrandError, Mistake
from app.branding.models import Brand, Site, SiteGroup
from app.branding.svg import svg_mistakes
from app.branding.toml_source import TomlSource, read_text, read_toml

__all__ = ["BrandError", "Mistake", "check", "find_group", "load"]

AnySite = TypeVar("AnySite", bound=Site)

FROM_FOLDER = ("logo", "documents")
"""Parts of a site that lie in files of their own; the TOML may not give them."""


def load(path: Path) -> SiteGroup:
    """Read the one site group under `path`. Texts that are not published yet are taken too, so that they can be tried.

    Raises `BrandError` with every mistake found.
    """
    folder = find_group(path)
    found = changed_texts(folder, Published.read(folder))
    group = _read_group(folder, found)
    if found or group is None:
        raise BrandError(found)
    return group


def check(path: Path) -> SiteGroup:
    """Read the one site group under `path` as it goes live: besides, every text must be published.

    Raises `BrandError` with every mistake found.
    """
    folder = find_group(path)
    message = "is not published yet; if the words are final, run `parley brands publish`"
    new = [Mistake(text, 1, message) for text in unpublished_texts(folder, Published.read(folder))]
    try:
        group = load(path)
    except BrandError as error:
        raise BrandError([*error.mistakes, *new]) from error
    if new:
        raise BrandError(new)
    return group


def find_group(path: Path) -> Path:
    """Give the folder of the one site group under `path`."""
    groups = sorted(file.parent for file in path.glob("*/group.toml"))
    if len(groups) == 1:
        return groups[0]
    names = ", ".join(folder.name for folder in groups)
    message = f"holds several site groups ({names})" if groups else "holds no folder with a group.toml"
    raise BrandError([Mistake(path, 1, f"{message}; one Parley serves exactly one site group")])


def _read_group(folder: Path, found: list[Mistake]) -> SiteGroup | None:
    source = _source(folder / "group.toml", found)
    if source is None:
        return None
    brands = _read_brands(folder, source, found)
    return _read_site(SiteGroup, source, found, brands=brands)


def _read_brands(folder: Path, source: TomlSource, found: list[Mistake]) -> dict[str, Brand]:
    slugs = source.content.get("brands", [])
    if not isinstance(slugs, list) or not slugs or not all(isinstance(slug, str) for slug in slugs):
        found.append(source.mistake(("brands",), "brands must list the folders of the group's brands, in their order"))
        return {}
    present = {file.parent.name for file in folder.glob("*/brand.toml")}
    wrong = [f"{slug} has a folder but is not listed in brands" for slug in sorted(present - set(slugs))]
    wrong += [f"{slug} is listed in brands but has no brand.toml" for slug in sorted(set(slugs) - present)]
    wrong += ["brands lists a brand twice"] if len(set(slugs)) < len(slugs) else []
    found += [source.mistake(("brands",), message) for message in wrong]
    read = {slug: _read_brand(folder / slug, found) for slug in slugs if slug in present}
    return {slug: brand for slug, brand in read.items() if brand is not None}


def _read_brand(folder: Path, found: list[Mistake]) -> Brand | None:
    source = _source(folder / "brand.toml", found)
    return _read_site(Brand, source, found) if source else None


def _read_site(model: type[AnySite], source: TomlSource, found: list[Mistake], **parts: object) -> AnySite | None:
    misplaced = [key for key in FROM_FOLDER if key in source.content]
    found += [source.mistake((key,), f"{key} comes from files beside this one, not from here") for key in misplaced]
    content = source.content | {"logo": _read_logo(source.path.parent, found), "documents": ()} | parts
    try:
        site = model.model_validate(content)
    except ValidationError as error:
        found += [_translated(source, dict(each)) for each in error.errors()]
        return None
    if site.slug != source.path.parent.name:
        found.append(source.mistake(("slug",), f"slug is {site.slug}, but the folder is {source.path.parent.name}"))
    found += site_mistakes(site, source)
    documents = read_documents(source.path.parent, site.locales, found)
    return site.model_copy(update={"documents": documents})


def _translated(source: TomlSource, error: dict[str, Any]) -> Mistake:
    location = tuple(part for part in error["loc"] if part != "[key]")
    message = "no such key" if error["type"] == "extra_forbidden" else error["msg"]
    return source.mistake(location, f"{'.'.join(map(str, location))}: {message}")


def _read_logo(folder: Path, found: list[Mistake]) -> str:
    path = folder / "logo.svg"
    try:
        logo = read_text(path).strip()
    except BrandError as error:
        found += error.mistakes
        return ""
    found += svg_mistakes(logo, path)
    return logo


def _source(path: Path, found: list[Mistake]) -> TomlSource | None:
    try:
        return read_toml(path)
    except BrandError as error:
        found += error.mistakes
        return None
