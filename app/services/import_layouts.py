"""How a file is read: which column says what, what holds for all rows, and what the words of a status mean.

The layouts of other tools' exports are data (`app/presets`), each with where it was looked up.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from app.errors import DomainError
from app.kit import clock

PRESETS = Path(__file__).parents[1] / "presets"
NATIVE = "parley"
ISO, GO = "iso", "go"


class BadLayout(DomainError):
    """A mapping makes no sense; the message says where."""

    code: ClassVar[str] = "bad_mapping"


class Meaning(StrEnum):
    """What a row says of somebody."""

    GRANT = "grant"
    WITHDRAW = "withdraw"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    PENDING = "pending"
    """Asked and never confirmed, which is no consent."""
    NOTHING = "nothing"
    PASS = "pass"  # noqa: S105 - no password
    """This column leaves it open, the next one decides."""


def _words(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _lowered(value: object) -> object:
    return {str(key).lower(): each for key, each in value.items()} if isinstance(value, dict) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_words)]
Name = Literal[
    "email", "phone", "account_id", "brand", "topic", "channel", "purpose", "occurred_at", "confirmed_at", "noted_at",
    "left_at", "left_by", "ip", "page", "locale", "wording",
]  # fmt: skip
Short = Annotated[str, Field(max_length=200)]


class Sign(BaseModel):
    """A column that tells what a row means; the first of several that is there counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: Columns
    values: Annotated[dict[str, Meaning], BeforeValidator(_lowered)] = {}
    others: Meaning | None = None
    """What every other word means; without it such a row is rejected."""
    present: Meaning | None = None
    """What all rows mean of a file that has the column at all."""


class Layout(BaseModel):
    """How to read a file. What `brand`, `topic` and their like say holds where a row leaves it open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    source: str = ""
    """Where a preset was looked up."""
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    names: tuple[Short, ...] = ()
    """The columns of a file that has no first line to name them."""
    brand: Short | None = None
    topic: Short | None = None
    channel: Short | None = None
    purpose: Short | None = None
    locale: Short | None = None
    wording: Annotated[str, Field(max_length=10_000)] | None = None
    """The words that people saw."""
    columns: dict[Name, Columns] = {}
    evidence: dict[Short, Columns] = {}
    """What else is kept as proof, by the name under which it is."""
    status: tuple[Sign, ...] = ()
    unsaid: Meaning | None = None
    """What a row means that no sign speaks of; without it such a row is rejected."""
    formats: tuple[Short, ...] = (ISO,)
    """Of dates: `iso`, `go`, or as `strptime` has them; the first that fits counts."""
    timezone: str = "UTC"
    """Of times that name none."""
    as_of: datetime | date | None = None
    """When the file was written: by then it was so, where a row does not say when."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone such as Europe/Paris") from None
        return name

    @property
    def written_at(self) -> datetime | None:
        """Give `as_of` as a moment, a day as its beginning."""
        if self.as_of is None:
            return None
        if not isinstance(self.as_of, datetime):
            return datetime.combine(self.as_of, time(), ZoneInfo(self.timezone)).astimezone(UTC)
        aware = self.as_of if self.as_of.tzinfo else self.as_of.replace(tzinfo=ZoneInfo(self.timezone))
        return aware.astimezone(UTC)


def presets() -> dict[str, Layout]:
    """Give the layouts that are known, by name."""
    return {path.stem: Layout.model_validate(_preset(path.stem)) for path in sorted(PRESETS.glob("*.toml"))}


def layout(*tellings: Mapping[str, Any]) -> Layout:
    """Make a layout of what is told, each telling going before those before it; `preset` names where it begins.

    Raises `BadLayout`.
    """
    told: dict[str, Any] = {}
    for each in tellings:
        told = _merged(told, each)
    name = told.pop("preset", NATIVE)
    if not isinstance(name, str) or name not in {path.stem for path in PRESETS.glob("*.toml")}:
        raise BadLayout(f"There is no preset of this name. There are: {', '.join(presets())}.")
    try:
        found = Layout.model_validate(_merged(_preset(name), told))
    except ValidationError as failure:
        raise BadLayout(_explained(failure)) from None
    if found.written_at is not None and found.written_at > clock.now():
        raise BadLayout("as_of: a file can't have been written in the future")
    return found


def read_mapping(text: str) -> dict[str, Any]:
    """Read a mapping file (TOML), or the same as JSON; raise `BadLayout`."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise BadLayout(f"The mapping can't be read: {problem}") from None
    if not isinstance(found, dict):
        raise BadLayout("The mapping is no table.")
    return found


@cache
def _preset(name: str) -> dict[str, Any]:
    return tomllib.loads((PRESETS / f"{name}.toml").read_text(encoding="utf-8"))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one table over another; tables in them too, anything else as a whole."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _explained(failure: ValidationError) -> str:
    errors = failure.errors(include_url=False, include_context=False, include_input=False)
    told = (f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}" for each in errors[:5])
    return f"The mapping makes no sense. {'; '.join(told)}"
