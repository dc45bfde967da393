"""What leads to each page: links followed, forms sent, and the states of a sample person."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.test import TestResponse

from app.console.people import EMAIL, NEW_EMAIL
from app.console.stage import Stage
from app.kit.signing import Purpose
from app.services.suppressions import Reason

ADDRESS = "preferences/address"
NO_ADDRESS = "ana at example"
SPOILT = -3
"""As many letters are lost from a link that was copied by hand."""


def opened(path: str) -> Callable[[Stage], TestResponse]:
    """Just open a page."""
    return lambda stage: stage.get(path)


def failed(status: int) -> Callable[[Stage], TestResponse]:
    """Open a page that fails."""
    return lambda stage: stage.fail(status)


def document(slug: str) -> Callable[[Stage], TestResponse]:
    """Read a document of the site."""
    return opened(f"documents/{slug}")


def sign_up_with_errors(stage: Stage) -> TestResponse:
    """Send the form with no box ticked and something that is no address."""
    return stage.press("", stage.form("", email=NO_ADDRESS))


def sign_up_too_late(stage: Stage) -> TestResponse:
    """Send the form with a token that ran out, and a box ticked."""
    topic = f"{stage.person.house.topics[0].key}:email"
    value = topic if stage.site.slug == stage.person.house.slug else f"{stage.person.house.slug}:{topic}"
    return stage.press("", {"csrf_token": "old", "email": EMAIL, "items": [value]})


def element(stage: Stage) -> TestResponse:
    """Fetch what the brand's page is given for the element."""
    stage.get(f"/embed/{stage.site.slug}/form")
    return stage.get(f"/embed/{stage.site.slug}.js")


def frame(stage: Stage) -> TestResponse:
    """Open the form that stands in a frame."""
    return stage.get(f"/embed/{stage.site.slug}/frame")


def frame_with_errors(stage: Stage) -> TestResponse:
    """Send it with no box ticked and something that is no address."""
    path = f"/embed/{stage.site.slug}/frame"
    return stage.press(path, stage.form(path, email=NO_ADDRESS))


def frame_sent(stage: Stage) -> TestResponse:
    """Come to what is said once it is sent."""
    return stage.get(f"/embed/{stage.site.slug}/frame/sent")


def confirm(stage: Stage) -> TestResponse:
    """Follow the link of a confirmation mail."""
    return stage.get(stage.person.confirm_link(stage.person.ask()))


def confirmed_already(stage: Stage) -> TestResponse:
    """Follow it again after the button was pressed."""
    link = stage.person.confirm_link(stage.person.ask())
    stage.post(link)
    return stage.get(link)


def confirm_expired(stage: Stage) -> TestResponse:
    """Follow it too late."""
    return stage.get(stage.person.confirm_link(stage.person.let_expire(stage.person.ask())))


def confirm_again(stage: Stage) -> TestResponse:
    """Follow it too late, and ask for a fresh one."""
    link = stage.person.confirm_link(stage.person.let_expire(stage.person.ask()))
    return stage.press(f"{link}/again")


def confirm_overtaken(stage: Stage) -> TestResponse:
    """Follow it after one has asked never to be mailed."""
    link = stage.person.confirm_link(stage.person.ask())
    stage.post(stage.person.never_link())
    return stage.get(link)


def link_invalid(stage: Stage) -> TestResponse:
    """Follow a link that lost some letters."""
    return stage.get(stage.person.confirm_link(stage.person.ask())[:SPOILT])


def link_form_with_errors(stage: Stage) -> TestResponse:
    """Ask for a link with something that is no address."""
    path = "preferences/link"
    return stage.press(path, stage.form(path, email=NO_ADDRESS))


def link_sent(stage: Stage) -> TestResponse:
    """Ask for a link."""
    path = "preferences/link"
    return stage.press(path, stage.form(path, email=EMAIL))


def access(stage: Stage) -> TestResponse:
    """Follow a link to the centre."""
    stage.person.become_known()
    return stage.get(stage.person.access_link())


def access_used(stage: Stage) -> TestResponse:
    """Press the button of such a link a second time."""
    stage.person.become_known()
    link = stage.person.access_link()
    stage.post(link)
    return stage.post(link)


def access_lift(stage: Stage) -> TestResponse:
    """Follow it without an account, from an address that is never to be contacted."""
    stage.person.stop()
    return stage.get(stage.person.access_link())


def access_lifted(stage: Stage) -> TestResponse:
    """Press its button."""
    stage.person.stop()
    return stage.post(stage.person.access_link())


def access_lift_reported(stage: Stage) -> TestResponse:
    """Follow it without an account, after a complaint and a mail that came back."""
    stage.person.stop(Reason.COMPLAINT, stage.person.house.slug)
    stage.person.stop(Reason.HARD_BOUNCE)
    return stage.get(stage.person.access_link())


def centre_after_confirming(stage: Stage) -> TestResponse:
    """Press the button of a confirmation."""
    return stage.press(stage.person.confirm_link(stage.person.ask()))


def centre_of_a_stranger(stage: Stage) -> TestResponse:
    """Come to the centre with nothing agreed to."""
    stage.person.become_known()
    return stage.sign_in()


def centre_of_a_member(stage: Stage) -> TestResponse:
    """Come to the centre as a member of some houses."""
    stage.person.join()
    return stage.sign_in()


def centre_after_a_change(stage: Stage) -> TestResponse:
    """Turn one thing off, which can be undone."""
    centre_of_a_member(stage)
    house = stage.person.house
    value = f"{house.slug}:{house.topics[0].key}:email=off"
    return stage.press("preferences", stage.form("preferences", set=value))


def centre_after_leaving(stage: Stage) -> TestResponse:
    """Leave everything at once, which can be undone."""
    centre_of_a_member(stage)
    return stage.press("preferences", stage.form("preferences", leave="all"))


def centre_after_undo(stage: Stage) -> TestResponse:
    """Take the last change back."""
    centre_after_a_change(stage)
    sequence = stage.person.last_sequence()
    return stage.press("preferences", stage.form("preferences", undo=sequence))


def history(stage: Stage) -> TestResponse:
    """Read what one agreed to and left."""
    centre_of_a_member(stage)
    return stage.get("preferences/history")


def history_of_a_stranger(stage: Stage) -> TestResponse:
    """Read it where there is nothing yet."""
    centre_of_a_stranger(stage)
    return stage.get("preferences/history")


def language_kept(stage: Stage) -> TestResponse:
    """Choose a language for mails, too."""
    centre_of_a_member(stage)
    return stage.press("preferences/language", stage.form("preferences", language=stage.locale))


def centre_stopped(stage: Stage) -> TestResponse:
    """Come to the centre after having asked never to be contacted."""
    stage.person.join()
    stage.person.stop()
    return stage.sign_in()


def centre_reported(stage: Stage) -> TestResponse:
    """Be in the centre while a complaint and a mail that came back are noted, and what the law forbids."""
    stage.person.join()
    stage.sign_in()
    stage.person.stop(Reason.COMPLAINT, stage.person.house.slug)
    stage.person.stop(Reason.HARD_BOUNCE)
    stage.person.stop(Reason.LEGAL, stage.person.house.slug)
    return stage.get("preferences")


def centre_closed(stage: Stage) -> TestResponse:
    """Close the centre on this device."""
    centre_of_a_member(stage)
    return stage.press("preferences/close", stage.form("preferences"))


def centre_open_too_long(stage: Stage) -> TestResponse:
    """Press a switch of a page that is too old."""
    centre_of_a_member(stage)
    return stage.press("preferences", {"csrf_token": "old"})


def address(stage: Stage) -> TestResponse:
    """Come to where another address is asked for."""
    centre_of_a_member(stage)
    return stage.get(ADDRESS)


def address_with_errors(stage: Stage) -> TestResponse:
    """Type something that is no address."""
    centre_of_a_member(stage)
    return stage.press(ADDRESS, stage.form(ADDRESS, email=NO_ADDRESS))


def address_check(stage: Stage) -> TestResponse:
    """Read the new address once more."""
    centre_of_a_member(stage)
    return stage.press(ADDRESS, stage.form(ADDRESS, email=NEW_EMAIL))


def address_sent(stage: Stage) -> TestResponse:
    """Say that it is right."""
    centre_of_a_member(stage)
    return stage.press(ADDRESS, stage.form(ADDRESS, email=NEW_EMAIL, sure="1"))


def address_link(purpose: Purpose) -> Callable[[Stage], TestResponse]:
    """Follow a link in a mail about a change of address."""
    return lambda stage: stage.get(stage.person.address_link(purpose, stage.person.wish_to_move()))


def address_pressed(*purposes: Purpose) -> Callable[[Stage], TestResponse]:
    """Press the buttons behind such links, one after the other."""

    def play(stage: Stage) -> TestResponse:
        change_id = stage.person.wish_to_move()
        answers = [stage.press(stage.person.address_link(purpose, change_id)) for purpose in purposes]
        return answers[-1]

    return play


def unsubscribe(stage: Stage) -> TestResponse:
    """Follow a link that leaves all of a house."""
    stage.person.join()
    return stage.get(stage.person.unsubscribe_link(one_thing=False))


def unsubscribe_one_thing(stage: Stage) -> TestResponse:
    """Follow a link that leaves one thing."""
    stage.person.join()
    return stage.get(stage.person.unsubscribe_link(one_thing=True))


def unsubscribed(stage: Stage) -> TestResponse:
    """Press its button."""
    stage.person.join()
    return stage.press(stage.person.unsubscribe_link(one_thing=True))


def manage(stage: Stage) -> TestResponse:
    """Follow the link of other systems' mails."""
    stage.person.become_known()
    return stage.get(stage.person.manage_link())


def managed(stage: Stage) -> TestResponse:
    """Have an access link mailed from there."""
    stage.person.become_known()
    return stage.press(stage.person.manage_link(), {"do": "access"})


def managed_to_leave(stage: Stage) -> TestResponse:
    """Leave from there."""
    stage.person.join()
    return stage.press(stage.person.manage_link(), {"do": "leave"})


def never(stage: Stage) -> TestResponse:
    """Follow the link that stops everything."""
    return stage.get(stage.person.never_link())


def never_done(stage: Stage) -> TestResponse:
    """Press its button."""
    return stage.press(stage.person.never_link())
