"""The sentences of the sources and the catalogues that translate them, and what is wrong between the two."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from app.branding.catalogue import TRANSLATIONS

ROOT = Path(__file__).parents[1]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
TYPOGRAPHY = {
    "fr": re.compile(r"'|[^\s\u00a0\u202f][;!?]|[^\s\u00a0\u202f\w)]:| [;:!?»]|« "),
    "de": re.compile(r"[\"“][^„]*”| [;:!?]"),
    "zh_Hans": re.compile(r"[\u4e00-\u9fff][,;:!?.]|[,;:!?.][\u4e00-\u9fff]|[，。；：！？] "),
}
"""What a typesetter of the language would not let pass: straight quotes, spaces where none or a fixed one belongs."""

Said = str | tuple[str, ...]


def locales() -> list[str]:
    """List the languages that there is a catalogue for."""
    return sorted(path.parts[-3] for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def read(locale: str) -> Catalog:
    """Read a catalogue as it is written."""
    with _path(locale).open(encoding="utf-8") as file:
        return read_po(file, locale=locale, abort_invalid=True)


@cache
def said() -> frozenset[Said]:
    """Gather all sentences of the sources as `scripts/translations` does."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT / "app", methods, options)
    return frozenset(message for _file, _line, message, _comments, _context in found)


def mistakes(catalogue: Catalog, sentences: Collection[Said]) -> list[str]:
    """Tell all that is wrong with a catalogue for these sentences."""
    kept = {message.id: message for message in catalogue if message.id}
    found = [f"{catalogue.locale}: missing: {each!r}" for each in sentences if each not in kept]
    found += [f"{catalogue.locale}: nobody says: {each!r}" for each in kept if each not in sentences]
    forms = int(get_plural(Locale.parse(str(catalogue.locale)).language)[0])
    if catalogue.num_plurals != forms:
        found.append(f"{catalogue.locale}: {catalogue.num_plurals} plural forms, not {forms}")
    for message in kept.values():
        found += [
            f"{catalogue.locale}: {what}: {message.id!r}" for what in _wrong(message, str(catalogue.locale), forms)
        ]
    return found


def compile_stale() -> None:
    """Compile the catalogues that are newer than what was made of them, as `make` does."""
    for locale in locales():
        source, compiled = _path(locale), _path(locale).with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            with compiled.open("wb") as file:
                write_mo(file, read(locale))


def _wrong(message: Message, locale: str, forms: int) -> Iterator[str]:
    told = message.string if isinstance(message.string, tuple | list) else (message.string,)
    wanted = set(PLACEHOLDER.findall("".join(message.id)))
    if message.fuzzy:
        yield "fuzzy"
    if not all(told):
        yield "not translated"
    if len(told) != (forms if isinstance(message.id, tuple) else 1):
        yield f"{len(told)} forms"
    if any(not set(PLACEHOLDER.findall(each or "")) <= wanted for each in told):
        yield "a placeholder of its own"
    # A singular may leave its number out: "one more minute".
    if set(PLACEHOLDER.findall(told[-1] or "")) != wanted:
        yield "placeholders differ"
    if any(TYPOGRAPHY[locale].search(PLACEHOLDER.sub("x", each or "")) for each in told):
        yield "typography"


def _path(locale: str) -> Path:
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
