"""From which age something may be agreed to (GDPR art. 8): what is told is looked at, and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.branding.models import Brand
from app.db import Session
from app.environment import environment
from app.errors import BirthDateNeeded, TooYoung
from app.kit import clock
from app.kit.ages import OLDEST, age_on
from app.services import offers
from app.services.items import ItemRef


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of their age: a date of birth, and where they live (ISO 3166-1), if it was asked for."""

    born: date | None = None
    country: str = ""


UNTOLD = Told()


def check(session: Session, wanted: Iterable[ItemRef], told: Told) -> None:
    """See to it that somebody is old enough for all of `wanted`.

    Raises `BirthDateNeeded` where a date that could be true is missing, `TooYoung` where they are not.
    """
    today = clock.now().date()
    for item in wanted:
        limit = limit_of(session, item, told.country)
        if limit is None:
            continue
        age = age_on(today, told.born) if told.born else None
        if age is None or not 0 <= age <= OLDEST:
            raise BirthDateNeeded("A date of birth is needed for what is from a certain age.")
        if age < limit:
            raise TooYoung(f"This is from the age of {limit}.")


def limit_of(session: Session, item: ItemRef, country: str = "") -> int | None:
    """Give the age from which an item may be agreed to; None where it is for everyone."""
    brand = environment(session).group.brands.get(item.brand or "")
    topic = brand.topic(item.key) if brand and item.channel else None
    return topic.age_in(country) if topic else None


def countries_asked(brands: Iterable[Brand]) -> list[str]:
    """List the countries in which something on the forms of `brands` is from another age than elsewhere."""
    topics = [topic for brand in brands for topic, _channel in offers.on_sign_up(brand)]
    return sorted({code for topic in topics for code in topic.minimum_age_in})
