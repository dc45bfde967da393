"""The kinds of mail there are, and which of them count towards the limits."""

from __future__ import annotations

from enum import StrEnum


class MessageKind(StrEnum):
    """What a mail is for; also the name of its folder of templates."""

    CONFIRM = "confirm"
    WELCOME = "welcome"
    ACCESS = "access"
    SUMMARY = "summary"
    ADDRESS_AGREE = "address_agree"
    ADDRESS_PROVE = "address_prove"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_MOVED = "address_moved"
    ADDRESS_LEFT = "address_left"
    REGISTER = "register"
    ACCOUNT_EXISTS = "account_exists"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a mail
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the same
    NEW_DEVICE = "new_device"
    STEP_UP = "step_up"
    EXPORT_READY = "export_ready"
    ERASURE_ASKED = "erasure_asked"
    SECURITY_CHANGED = "security_changed"
    PHONE_CODE = "phone_code"
    CHECK_IN = "check_in"
    CHECK_IN_REMINDER = "check_in_reminder"
    RECONSENT = "reconsent"
    PRIVACY_REFERRAL = "privacy_referral"


TEXTS = (MessageKind.PHONE_CODE,)
"""The kinds that go to phones, as text messages."""

UNCOUNTED = (
    MessageKind.SUMMARY, MessageKind.ADDRESS_MOVED, MessageKind.ADDRESS_LEFT, MessageKind.PASSWORD_CHANGED,
    MessageKind.NEW_DEVICE, MessageKind.STEP_UP, MessageKind.EXPORT_READY, MessageKind.ERASURE_ASKED,
    MessageKind.SECURITY_CHANGED, MessageKind.CHECK_IN, MessageKind.CHECK_IN_REMINDER, MessageKind.RECONSENT,
)  # fmt: skip
"""The kinds that the limits leave out: they tell people of their own acts. An address moves only after two mails that
do count were answered, and a password is known to its owner, so that nobody can be flooded with what tells of it. Those
about one's data are asked for from one's session, a few times a day (`throttle`), whatever else was mailed by then.
A check-in nobody can ask for; it comes twice in years.
That a document changes is told once, and must not be lost to what else was mailed on that day."""

PATIENT = (MessageKind.RECONSENT, MessageKind.CHECK_IN, MessageKind.CHECK_IN_REMINDER)
"""The kinds that many people get at once and nobody waits for: all others go first."""
