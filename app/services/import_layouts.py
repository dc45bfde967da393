"""How a file is read: which column says what, what holds for all rows, and what the words of a status mean.

The layouts of other tools' exports are data (`app/presets`), each with where it was looked up.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from app.errors import DomainError
from app.kit import clock, date_formats
from app.kit.moments import FIRST_YEAR

PRESETS = Path(__file__).parents[1] / "presets"
NATIVE = "parley"
MOST_EVIDENCE, LONGEST_EVIDENCE_NAME = 30, 100
LONGEST_PLACE = 100
DAY = timedelta(days=1)


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


def _day(value: object) -> object:
    """Read a day as one, which otherwise would become the moment of its beginning."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _writable(text: object) -> object:
    """Refuse what PostgreSQL takes in no text: NUL, and halves of pairs of UTF-16."""
    if isinstance(text, str) and any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("has a character that is none")
    return text


Short = Annotated[str, Field(max_length=200), BeforeValidator(_writable)]
Long = Annotated[str, Field(max_length=10_000), BeforeValidator(_writable)]
EvidenceName = Annotated[str, Field(min_length=1, max_length=LONGEST_EVIDENCE_NAME), BeforeValidator(_writable)]
Columns = Annotated[tuple[Short, ...], BeforeValidator(_words), Field(max_length=50)]
Name = Literal[
    "email", "phone", "account_id", "brand", "topic", "channel", "purpose", "occurred_at", "confirmed_at", "noted_at",
    "left_at", "left_by", "ip", "page", "locale", "wording",
]  # fmt: skip
Format = Annotated[Short, AfterValidator(date_formats.checked)]


class Sign(BaseModel):
    """A column that tells what a row means; the first of several that is there counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: Columns
    values: Annotated[dict[Short, Meaning], BeforeValidator(_lowered), Field(max_length=500)] = {}
    others: Meaning | None = None
    """What every other word means; without it such a row is rejected."""
    present: Meaning | None = None
    """What all rows mean of a file that has the column at all."""


class Layout(BaseModel):
    """How to read a file. What `brand`, `topic` and their like say holds where a row leaves it open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Short = ""
    source: Long = ""
    """Where a preset was looked up."""
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    names: Annotated[tuple[Short, ...], Field(max_length=500)] = ()
    """The columns of a file that has no first line to name them."""
    is_list: bool = False
    """Whether a line is one cell as it stands, that of the only name in `names`, rather than a row of CSV."""
    brand: Short | None = None
    topic: Short | None = None
    channel: Short | None = None
    purpose: Short | None = None
    locale: Short | None = None
    wording: Long | None = None
    """The words that people saw."""
    columns: dict[Name, Columns] = {}
    evidence: Annotated[dict[EvidenceName, Columns], Field(max_length=MOST_EVIDENCE)] = {}
    """What else is kept as proof, by the name under which it is."""
    status: Annotated[tuple[Sign, ...], Field(max_length=50)] = ()
    unsaid: Meaning | None = None
    """What a row means that no sign speaks of; without it such a row is rejected."""
    formats: Annotated[tuple[Format, ...], Field(max_length=20)] = (date_formats.ISO,)
    """Of dates: `iso`, `go`, or as `strptime` has them; the first that fits counts."""
    timezone: Short = "UTC"
    """Of times that name none."""
    as_of: Annotated[datetime | date | None, BeforeValidator(_day)] = None
    """When the file was written: by then it was so, where a row does not say when."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone such as Europe/Paris") from None
        return name

    @model_validator(mode="after")
    def _make_sense_together(self) -> Self:
        if self.is_list and len(self.names) != 1:
            raise ValueError("is_list: names must have one name, that of all lines")
        try:
            written = self.written
        except OverflowError:
            raise ValueError("as_of: there is no such date") from None
        if written is not None and written[0].year < FIRST_YEAR:
            raise ValueError("as_of: there were no consents by then")
        if written is not None and written[0] > clock.now():
            raise ValueError("as_of: a file can't have been written in the future")
        return self

    @property
    def written(self) -> tuple[datetime, datetime] | None:
        """Give `as_of` as the moments between which it lies: a day's beginning and end, or the same twice."""
        if self.as_of is None:
            return None
        zone = ZoneInfo(self.timezone)
        if isinstance(self.as_of, datetime):
            at = (self.as_of if self.as_of.tzinfo else self.as_of.replace(tzinfo=zone)).astimezone(UTC)
            return at, at
        day = datetime.combine(self.as_of, time())
        return day.replace(tzinfo=zone).astimezone(UTC), (day + DAY).replace(tzinfo=zone).astimezone(UTC)


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
        return Layout.model_validate(_merged(_preset(name), told))
    except ValidationError as failure:
        raise BadLayout(_explained(failure)) from None


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
    told = (f"{_place(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in errors[:5])
    return f"The mapping makes no sense. {'; '.join(told)}"


def _place(path: Sequence[str | int]) -> str:
    """Name the place of a fault: what was sent is repeated as far as it can be shown."""
    named = "".join(sign for sign in ".".join(map(str, path)) if sign.isprintable())
    return f"{named[:LONGEST_PLACE]}: " if named else ""
