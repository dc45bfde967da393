"""What forms ask about age, for what may be agreed to from a certain one."""

from __future__ import annotations

from collections.abc import Mapping

from app.branding.catalogue import N_
from app.kit.ages import read_day
from app.services.ages import Told

BORN, COUNTRY = "born", "country"
"""Names of the fields."""

NEEDED = N_("Please tell us your date of birth: we only look whether you are old enough, and do not keep it.")
TOO_YOUNG = N_(
    "That is for people who are older than you are today, so we kept nothing of it. Leave it out and send the rest, or "
    "come back when the day is there."
)
TOO_YOUNG_HERE = N_(
    "This is for people who are older than you are today. We have kept nothing of what you wrote; come back when the "
    "day is there."
)


def told(form: Mapping[str, str]) -> Told:
    """Read what a form says."""
    return Told(read_day(form.get(BORN, "")), form.get(COUNTRY, ""))
