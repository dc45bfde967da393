"""Documents of a site: Markdown under a TOML front matter, a file for each version and locale, fixed once published."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from app.branding.mistakes import BrandError, Mistake
from app.branding.texts import Document, DocumentVersion
from app.branding.toml_source import TomlSource, parse_toml, read_text, read_toml

PUBLISHED = "published.toml"
FENCE = "+++"
_FILE_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.([a-z]{2}(?:_[A-Z][a-z]{3})?(?:_[A-Z]{2})?)\.md")
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class FrontMatter(BaseModel):
    """What a document says of itself above its text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str
    effective: date
    requires_reconsent: bool = False


class Text(NamedTuple):
    """One file of a document."""

    path: Path
    version: date
    locale: str
    matter: FrontMatter
    markdown: str


@dataclass(frozen=True, slots=True)
class Published:
    """The digests of all texts published so far, by path below the group's folder."""

    source: TomlSource
    digests: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Published:
        """Read the register of a group; none means that nothing was published yet."""
        path = folder / PUBLISHED
        if not path.exists():
            return cls(TomlSource(path, {}, {}), {})
        source = read_toml(path)
        return cls(source, {str(name): str(digest) for name, digest in source.content.items()})


def read_documents(folder: Path, locales: tuple[str, ...], found: list[Mistake]) -> tuple[Document, ...]:
    """Read `folder/documents`; what is wrong is added to `found`, and documents with mistakes are left out."""
    documents = []
    for each in sorted(path for path in folder.glob("documents/*") if not path.name.startswith(".")):
        before = len(found)
        texts = _read_texts(each, found)
        found += _disagreements(texts) + _out_of_turn(texts) + _missing_locales(each, texts, locales)
        if len(found) == before:
            documents.append(_document(each.name, texts))
    return tuple(documents)


def changed_texts(folder: Path, published: Published) -> list[Mistake]:
    """Find published texts that are no longer what people agreed to, or that are gone."""
    found = []
    for name, digest in published.digests.items():
        path = folder / name
        if not path.is_file():
            found.append(published.source.mistake((name,), f"{name} was published and is gone; bring it back"))
        elif file_digest(path) != digest:
            message = "was published and has changed since; restore it and put the new words into a new version"
            found.append(Mistake(path, 1, message))
    return found


def unpublished_texts(folder: Path, published: Published) -> list[Path]:
    """Find texts that are not in the register yet."""
    texts = sorted([*folder.glob("documents/*/*.md"), *folder.glob("*/documents/*/*.md")])
    return [path for path in texts if path.relative_to(folder).as_posix() not in published.digests]


def publish(folder: Path) -> list[Path]:
    """Enter each new text of the group in `folder` into the register, for good. Give the new ones."""
    published = Published.read(folder)
    new = unpublished_texts(folder, published)
    digests = published.digests | {path.relative_to(folder).as_posix(): file_digest(path) for path in new}
    lines = [f'"{name}" = "{digests[name]}"' for name in sorted(digests)]
    head = "# SHA-256 of every published text. Written by `parley brands publish`; lines are added, never changed."
    (folder / PUBLISHED).write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return new


def file_digest(path: Path) -> str:
    """Give the SHA-256 of a text in hex; line ends count as one kind, since Git may change them."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _read_texts(folder: Path, found: list[Mistake]) -> list[Text]:
    if not folder.is_dir() or not _SLUG.fullmatch(folder.name):
        found.append(Mistake(folder, 1, "is no document: a folder named in lower case, digits and dashes is"))
        return []
    texts = []
    for path in sorted(folder.iterdir()):
        try:
            texts.append(_read_text(path))
        except BrandError as error:
            found += error.mistakes
    if not texts:
        found.append(Mistake(folder, 1, "holds no text such as 2026-01-15.en.md"))
    return texts


def _read_text(path: Path) -> Text:
    version, locale = _version_and_locale(path)
    text = read_text(path)
    parts = text.split(FENCE + "\n", 2)
    if len(parts) != 3 or parts[0]:
        raise BrandError([Mistake(path, 1, f"must start with its title and dates between two lines of {FENCE}")])
    source = parse_toml(parts[1], path, first_line=2)
    if not parts[2].strip():
        raise BrandError([Mistake(path, len(text.splitlines()), "has no words below its front matter")])
    return Text(path, version, locale, _front_matter(source), parts[2].strip() + "\n")


def _version_and_locale(path: Path) -> tuple[date, str]:
    named = _FILE_NAME.fullmatch(path.name)
    if named is None:
        raise BrandError([Mistake(path, 1, "must be named <version>.<locale>.md, such as 2026-01-15.en.md")])
    try:
        return date.fromisoformat(named[1]), named[2]
    except ValueError as error:
        raise BrandError([Mistake(path, 1, f"{named[1]} is no date")]) from error


def _front_matter(source: TomlSource) -> FrontMatter:
    try:
        return FrontMatter.model_validate(source.content)
    except ValidationError as error:
        mistakes = [source.mistake(each["loc"], f"{each['loc'][0]}: {each['msg']}") for each in error.errors()]
        raise BrandError(mistakes) from error


def _disagreements(texts: list[Text]) -> list[Mistake]:
    first: dict[date, Text] = {}
    for text in texts:
        first.setdefault(text.version, text)
    return [
        Mistake(text.path, 2, f"{key} is not what {first[text.version].path.name} says")
        for text in texts
        for key in ("effective", "requires_reconsent")
        if getattr(text.matter, key) != getattr(first[text.version].matter, key)
    ]


def _out_of_turn(texts: list[Text]) -> list[Mistake]:
    """A version may not come into force before the one it follows: nobody could tell which of them holds."""
    ordered = sorted(texts, key=lambda text: text.version)
    return [
        Mistake(later.path, 2, f"effective is before that of {earlier.path.name}, which this version follows")
        for earlier, later in pairwise(ordered)
        if later.matter.effective < earlier.matter.effective
    ]


def _missing_locales(folder: Path, texts: list[Text], locales: tuple[str, ...]) -> list[Mistake]:
    """Only the newest version must speak every locale: a site may learn a language after the older ones."""
    newest = max((text.version for text in texts), default=None)
    spoken = {text.locale for text in texts if text.version == newest}
    return [
        Mistake(folder / f"{newest}.{locale}.md", 1, "is missing: the site speaks this language")
        for locale in locales
        if texts and locale not in spoken
    ]


def _document(slug: str, texts: list[Text]) -> Document:
    versions = sorted({text.version for text in texts})
    title = {text.locale: text.matter.title for text in sorted(texts, key=lambda text: text.version)}
    return Document(
        slug=slug,
        title=title,
        versions=tuple(_version([text for text in texts if text.version == version]) for version in versions),
    )


def _version(texts: list[Text]) -> DocumentVersion:
    whole = "".join(f"{text.locale}\n{file_digest(text.path)}\n" for text in texts)
    return DocumentVersion(
        version=texts[0].version,
        effective=texts[0].matter.effective,
        requires_reconsent=texts[0].matter.requires_reconsent,
        texts={text.locale: text.markdown for text in texts},
        digest=hashlib.sha256(whole.encode()).hexdigest(),
    )
