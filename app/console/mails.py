"""What leads to each mail: the acts of a sample person that it answers."""

from __future__ import annotations

from collections.abc import Callable

from app.console.people import NEW_EMAIL
from app.console.stage import Stage
from app.kit.signing import Purpose
from app.services.address_changes import CHANGE
from app.services.changes import AFTER_SEQUENCE
from app.services.letters import Letter
from app.services.messages import DEVICE, REQUEST, WISH, MessageKind
from app.services.privacy_referrals import Kind as Referral
from app.services.security_mails import EVENT, Event


def confirm_mail(stage: Stage) -> Letter:
    """Sign up."""
    return stage.letter(MessageKind.CONFIRM, stage.person.ask())


def welcome_mail(stage: Stage) -> Letter:
    """Confirm."""
    stage.person.join()
    return stage.letter(MessageKind.WELCOME)


def access_mail(stage: Stage) -> Letter:
    """Ask for a link."""
    stage.person.become_known()
    return stage.letter(MessageKind.ACCESS)


def summary_mail(stage: Stage) -> Letter:
    """Change some things in the centre."""
    stage.person.join()
    return stage.letter(MessageKind.SUMMARY, context={AFTER_SEQUENCE: stage.person.change_mind()})


def register_mail(stage: Stage) -> Letter:
    """Ask for a full account."""
    return stage.letter(MessageKind.REGISTER)


def account_exists_mail(stage: Stage) -> Letter:
    """Ask for one where there is one."""
    stage.person.register()
    return stage.letter(MessageKind.REGISTER)


def account_mail(kind: MessageKind) -> Callable[[Stage], Letter]:
    """Be told about one's full account."""

    def play(stage: Stage) -> Letter:
        stage.person.register()
        return stage.letter(kind, context={DEVICE: "Firefox / Linux"} if kind is MessageKind.NEW_DEVICE else None)

    return play


def step_up_mail(stage: Stage) -> Letter:
    """Be asked whether it is you."""
    return stage.read(stage.person.be_mailed_digits())


def phone_code_text(stage: Stage) -> Letter:
    """Be sent a code to prove one's phone number."""
    stage.person.become_known()
    return stage.read(stage.person.be_texted())


def export_ready_mail(stage: Stage) -> Letter:
    """Be told that the copy is there."""
    return stage.letter(MessageKind.EXPORT_READY, context={REQUEST: str(stage.person.be_given_a_copy())})


def erasure_asked_mail(stage: Stage) -> Letter:
    """Ask to be erased."""
    return stage.letter(MessageKind.ERASURE_ASKED, context={REQUEST: str(stage.person.wish_to_be_erased())})


def privacy_referral_mail(wish: Referral) -> Callable[[Stage], Letter]:
    """Be asked about what somebody told a shop in one's name."""

    def play(stage: Stage) -> Letter:
        stage.person.become_known()
        return stage.letter(MessageKind.PRIVACY_REFERRAL, context={WISH: wish.value})

    return play


def security_mail(event: Event) -> Callable[[Stage], Letter]:
    """Be told of a change of the ways into one's account."""

    def play(stage: Stage) -> Letter:
        stage.person.register()
        return stage.letter(MessageKind.SECURITY_CHANGED, context={EVENT: event.value})

    return play


def address_mail(kind: MessageKind, *pressed: Purpose, to: str = NEW_EMAIL) -> Callable[[Stage], Letter]:
    """Be mailed about a change of address, after some of the buttons were pressed."""

    def play(stage: Stage) -> Letter:
        # What is mailed to somebody who has choices of their own is decided when it is sent.
        is_taken = kind is MessageKind.ADDRESS_TAKEN
        change_id = stage.person.wish_to_move(to_known=is_taken)
        for purpose in pressed:
            stage.press(stage.person.address_link(purpose, change_id))
        asked = MessageKind.ADDRESS_PROVE if is_taken else kind
        return stage.letter(asked, context={CHANGE: str(change_id)}, to=to)

    return play
