"""Scenes of getting less, instead of leaving."""

from __future__ import annotations

from werkzeug.test import TestResponse

from app.console.people import EMAIL
from app.console.scenes import centre_of_a_member
from app.console.stage import Stage
from app.kit import clock


def centre_after_a_pause(stage: Stage) -> TestResponse:
    """Pause one thing for some months."""
    centre_of_a_member(stage)
    house = stage.person.house
    value = f"{house.slug}:{house.topics[0].key}:email=3"
    return stage.press("preferences", stage.form("preferences", pause=value))


def centre_with_a_signal(stage: Stage) -> TestResponse:
    """Come to the centre with a browser that says no to sale and sharing, which one has allowed."""
    centre_of_a_member(stage)
    group = stage.person.group
    for use in (each for each in group.purposes if each.sale_or_sharing):
        stage.press("preferences", stage.form("preferences", set=f"{group.slug}:{use.key}:purpose=on"))
    stage.says_no = True
    return stage.get("preferences")


def centre_after_a_signal(stage: Stage) -> TestResponse:
    """Keep to what it says."""
    centre_with_a_signal(stage)
    return stage.press("preferences", stage.form("preferences", gpc="1"))


def age_asked(stage: Stage) -> TestResponse:
    """Switch on what is from a certain age."""
    return stage.get(f"preferences/age?item={_aged(stage)}")


def too_young(stage: Stage) -> TestResponse:
    """Tell a date of birth that is too late for it."""
    item = _aged(stage)
    page = f"preferences/age?item={item}"
    return stage.press("preferences/age", stage.form(page, item=item, born=f"{clock.now().date():%Y}-01-01"))


def sign_up_too_young(stage: Stage) -> TestResponse:
    """Ask for it on the form, and be too young."""
    house, topic = _aged_topic(stage)
    value = f"{topic}:email" if stage.site.slug == house else f"{house}:{topic}:email"
    born = f"{clock.now().date():%Y}-01-01"
    return stage.press("", stage.form("", email=EMAIL, items=[value], born=born))


def _aged(stage: Stage) -> str:
    centre_of_a_member(stage)
    house, topic = _aged_topic(stage)
    return f"{house}:{topic}:email"


def _aged_topic(stage: Stage) -> tuple[str, str]:
    """Find something from a certain age; of another house where the site's own is for everyone."""
    found = [(brand.slug, topic.key) for brand in stage.person.houses for topic in brand.topics if topic.minimum_age]
    return found[0]


def told_why(stage: Stage) -> TestResponse:
    """Say why one left."""
    stage.person.join()
    link = stage.person.unsubscribe_link(one_thing=True)
    stage.post(link)
    return stage.post(f"{link}/why", {"why": "too_many"})


def paused_by_a_link(stage: Stage) -> TestResponse:
    """Pause by the link of a mail what it would have left."""
    stage.person.join()
    return stage.post(f"{stage.person.unsubscribe_link(one_thing=True)}/instead", {"pause": "3"})
