"""What a field of the profile may hold: read from what was typed, and told in words. Pure functions, no database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from app.branding.catalogue import country_name, long_date
from app.branding.countries import is_country
from app.branding.languages import called
from app.branding.models import Channel, FieldKind, ProfileField, SiteGroup, pick
from app.branding.wording import channel_words
from app.kit import clock

Value = dict[str, Any]
"""What a field holds, as JSON: its parts by name."""

Typed = Mapping[str, Sequence[str]]
"""What a form sent, by part."""

PARTS: Mapping[FieldKind, tuple[str, ...]] = {
    FieldKind.NAME: ("name",),
    FieldKind.DATE: ("day", "month", "year"),
    FieldKind.COUNTRY: ("country",),
    FieldKind.ADDRESS: ("street", "postal_code", "city", "country"),
    FieldKind.CHOICES: ("choices",),
    FieldKind.CHANNEL: ("channel",),
    FieldKind.LANGUAGE: ("language",),
}
"""What is typed for each kind."""

LONGEST = {"name": 100, "street": 200, "postal_code": 20, "city": 100}
"""Most characters of a part."""
MOST_LINES = 3
"""Of a street: some have a building and a floor before it."""
FIRST_YEAR = 1900

_LISTS = ("street", "choices")
"""Parts that are kept as a list: of lines, of keys."""
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")

_TURNS_AROUND = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that change in which direction the rest of a page is read (Unicode Standard Annex 9)."""


class Problem(StrEnum):
    """What is wrong with a part."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_MANY_LINES = "too_many_lines"
    STRANGE = "strange"
    """A character that is none: NUL, an escape."""
    UNKNOWN = "unknown"
    """Nothing that could be chosen."""
    NO_DAY = "no_day"
    TOO_EARLY = "too_early"
    TO_COME = "to_come"


class Unreadable(Exception):
    """What was typed can't be kept; `problems` says why, by part."""

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__(dict(problems))
        self.problems = dict(problems)


def read(group: SiteGroup, field: ProfileField, typed: Typed) -> Value:
    """Read what was typed into a field; raise `Unreadable` with a problem for each part that has one."""
    return _READERS[field.kind](group, field, typed)


def read_held(group: SiteGroup, field: ProfileField, held: Mapping[str, str | Sequence[str]]) -> Value:
    """Read what another system tells of a field, in the form in which it is kept; raise `Unreadable` as `read` does."""
    parts = ("date",) if field.kind is FieldKind.DATE else PARTS[field.kind]
    _refuse({part: _held_problem(part, value) if part in parts else Problem.UNKNOWN for part, value in held.items()})
    if field.kind is FieldKind.DATE:
        day = _ISO_DATE.fullmatch(str(held.get("date", "")))
        if day is None:
            raise Unreadable({"date": Problem.NO_DAY})
        return read(group, field, {"year": [day[1]], "month": [day[2]], "day": [day[3]]})
    typed = {part: [value] if isinstance(value, str) else list(value) for part, value in held.items()}
    if "street" in typed:
        typed["street"] = ["\n".join(typed["street"])]
    return read(group, field, typed)


def _held_problem(part: str, value: str | Sequence[str]) -> Problem | None:
    return Problem.UNKNOWN if isinstance(value, str) is (part in _LISTS) else None


def told(group: SiteGroup, key: str, kind: str, value: Value, locale: str) -> list[str]:
    """Write out what a field holds, a line each, in the reader's language.

    `kind` is that of the time when it was filled in; what is declared no longer is told all the same.
    """
    if kind == FieldKind.DATE:
        return [long_date(date.fromisoformat(value["date"]), locale)]
    if kind == FieldKind.COUNTRY:
        return [country_name(value["country"], locale)]
    if kind == FieldKind.ADDRESS:
        place = " ".join(part for part in (value["postal_code"], value["city"]) if part)
        return [*value["street"], place, country_name(value["country"], locale)]
    if kind == FieldKind.CHOICES:
        return [_choice_name(group, key, choice, locale) for choice in value["choices"]]
    if kind == FieldKind.CHANNEL:
        words = channel_words(Channel(value["channel"]), locale)
        return [words[:1].upper() + words[1:]]
    if kind == FieldKind.LANGUAGE:
        return [called(value["language"], locale)]
    return [str(value["name"])]


def typed_again(kind: str, value: Value) -> dict[str, list[str]]:
    """Give what has to be typed to get a value: what its form is filled in with."""
    if kind == FieldKind.DATE:
        day = date.fromisoformat(value["date"])
        return {"day": [str(day.day)], "month": [str(day.month)], "year": [f"{day.year:04d}"]}
    if kind == FieldKind.ADDRESS:
        return {
            "street": ["\n".join(value["street"])],
            **{part: [value[part]] for part in PARTS[FieldKind.ADDRESS][1:]},
        }
    return {part: held if isinstance(held, list) else [held] for part, held in value.items()}


def _name(_group: SiteGroup, _field: ProfileField, typed: Typed) -> Value:
    name, problem = _line(typed, "name")
    _refuse({"name": problem})
    return {"name": name}


def _date(_group: SiteGroup, _field: ProfileField, typed: Typed) -> Value:
    parts = [_first(typed, part).strip() for part in PARTS[FieldKind.DATE]]
    _refuse({part: None if text else Problem.EMPTY for part, text in zip(PARTS[FieldKind.DATE], parts, strict=True)})
    try:
        day, month, year = (_number(part) for part in parts)
    except ValueError:
        raise Unreadable({"day": Problem.NO_DAY}) from None
    if year < FIRST_YEAR:
        raise Unreadable({"year": Problem.TOO_EARLY})
    try:
        found = date(year, month, day)
    except ValueError:
        raise Unreadable({"day": Problem.NO_DAY}) from None
    if found > clock.now().date():
        raise Unreadable({"year": Problem.TO_COME})
    return {"date": found.isoformat()}


def _number(text: str) -> int:
    """Read a few digits of any script; raise `ValueError` for all else, signs and underlines too."""
    if len(text) > 4 or not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _country(_group: SiteGroup, _field: ProfileField, typed: Typed) -> Value:
    code = _first(typed, "country")
    _refuse({"country": _country_problem(code)})
    return {"country": code}


def _country_problem(code: str) -> Problem | None:
    if not code:
        return Problem.EMPTY
    return None if is_country(code) else Problem.UNKNOWN


def _address(_group: SiteGroup, _field: ProfileField, typed: Typed) -> Value:
    street, in_street = _lines(typed, "street")
    # Not every country has postal codes.
    code, in_code = _line(typed, "postal_code", is_needed=False)
    city, in_city = _line(typed, "city")
    country = _first(typed, "country")
    _refuse({"street": in_street, "postal_code": in_code, "city": in_city, "country": _country_problem(country)})
    return {"street": street, "postal_code": code, "city": city, "country": country}


def _choices(_group: SiteGroup, field: ProfileField, typed: Typed) -> Value:
    ticked = list(typed.get("choices", []))
    if not ticked:
        raise Unreadable({"choices": Problem.EMPTY})
    if any(field.choice(key) is None for key in ticked):
        raise Unreadable({"choices": Problem.UNKNOWN})
    return {"choices": [choice.key for choice in field.choices if choice.key in ticked]}


def _channel(group: SiteGroup, _field: ProfileField, typed: Typed) -> Value:
    return {"channel": _one_of(typed, "channel", [each.value for each in group.channels])}


def _language(group: SiteGroup, _field: ProfileField, typed: Typed) -> Value:
    return {"language": _one_of(typed, "language", group.languages)}


_READERS: Mapping[FieldKind, Callable[[SiteGroup, ProfileField, Typed], Value]] = {
    FieldKind.NAME: _name, FieldKind.DATE: _date, FieldKind.COUNTRY: _country, FieldKind.ADDRESS: _address,
    FieldKind.CHOICES: _choices, FieldKind.CHANNEL: _channel, FieldKind.LANGUAGE: _language,
}  # fmt: skip


def _one_of(typed: Typed, part: str, possible: Sequence[str]) -> str:
    chosen = _first(typed, part)
    if chosen not in possible:
        raise Unreadable({part: Problem.UNKNOWN if chosen else Problem.EMPTY})
    return chosen


def _lines(typed: Typed, part: str) -> tuple[list[str], Problem | None]:
    """Read a text of several lines, without those that are empty."""
    text = _first(typed, part)
    lines = [tidy for line in re.split(r"\r\n|\r|\n", text) if (tidy := _tidy(line))]
    if len(lines) > MOST_LINES:
        return lines, Problem.TOO_MANY_LINES
    return lines, _problem(" ".join(lines), part, is_needed=True)


def _line(typed: Typed, part: str, *, is_needed: bool = True) -> tuple[str, Problem | None]:
    text = _tidy(_first(typed, part))
    return text, _problem(text, part, is_needed=is_needed)


def _problem(text: str, part: str, *, is_needed: bool) -> Problem | None:
    if not text:
        return Problem.EMPTY if is_needed else None
    if len(text) > LONGEST[part]:
        return Problem.TOO_LONG
    is_strange = any(unicodedata.category(each) in {"Cc", "Cs", "Cn", "Zl", "Zp"} for each in text)
    return Problem.STRANGE if is_strange or _TURNS_AROUND.search(text) else None


def _tidy(text: str) -> str:
    """Write a line the one way there is (Unicode form NFC), with single spaces."""
    return re.sub(r"[ \t\u00a0]+", " ", unicodedata.normalize("NFC", text)).strip(" ")


def _first(typed: Typed, part: str) -> str:
    return next(iter(typed.get(part, [])), "")


def _refuse(problems: Mapping[str, Problem | None]) -> None:
    found = {part: problem for part, problem in problems.items() if problem is not None}
    if found:
        raise Unreadable(found)


def _choice_name(group: SiteGroup, key: str, choice: str, locale: str) -> str:
    field = group.profile_field(key)
    found = field.choice(choice) if field else None
    return pick(found.name, group.locale(locale), group.locales) if found else choice
