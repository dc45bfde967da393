"""Every page and mail there is, in one list: the contact sheets show it, and the tests go through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.test import TestResponse

from app.branding.models import Brand, FieldKind, Site, SiteGroup
from app.console import (
    account_scenes,
    check_in_scenes,
    data_scenes,
    document_scenes,
    mails,
    phone_scenes,
    profile_scenes,
    record_scenes,
    scenes,
    security_scenes,
    volume_scenes,
)
from app.console.people import EMAIL
from app.console.stage import Stage
from app.kit.signing import Purpose
from app.services.check_ins import Step
from app.services.letters import Letter
from app.services.messages import MessageKind
from app.services.privacy_referrals import Kind as Referral
from app.services.security_mails import Event

Scene = Callable[[Stage], TestResponse | Letter]


class Kind(StrEnum):
    """What there is to see: a page, one of the brand's own site with our element on it, or a part of a mail."""

    PAGE = "page"
    HOST = "page of the brand's own site"
    HTML = "mail"
    TEXT = "mail as text"


class Where(StrEnum):
    """Which sites have a page."""

    EVERYWHERE = "everywhere"
    HOUSE = "house"
    GROUP = "group"
    AGED = "aged"
    """Those that offer something from a certain age."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `key` names it in addresses, `play` leads to it, `status` is what it then answers with."""

    key: str
    title: str
    play: Scene
    status: int = 200
    where: Where = Where.EVERYWHERE
    kind: Kind = Kind.PAGE


EVENTS = (
    (Event.PASSKEY_ADDED, "Passkey added"), (Event.PASSKEY_REMOVED, "Passkey removed"),
    (Event.PASSWORD_LOCKED, "Password locked"),
    (Event.SECOND_FACTOR_ON, "Codes asked for"), (Event.SECOND_FACTOR_OFF, "Codes asked for no more"),
    (Event.SECOND_FACTOR_RESET, "Codes switched off by us"),
    (Event.PHONE_ADDED, "Phone number added"), (Event.PHONE_CHANGED, "Phone number changed"),
    (Event.PHONE_REMOVED, "Phone number removed"), (Event.PHONE_LOST, "Phone number of somebody else by now"),
    (Event.RECOVERY_CODE_USED, "Recovery code used"), (Event.RECOVERY_CODES_RENEWED, "Other recovery codes"),
)  # fmt: skip
REFERRALS = ((Referral.ERASURE, "Told a shop: delete my data"), (Referral.OBJECTION, "Told a shop: I object"))
BOTH = (Purpose.ADDRESS_AGREE, Purpose.ADDRESS_PROVE)
PAGES = (
    Page("houses", "All houses, where people develop", scenes.opened("/"), where=Where.GROUP),
    Page("sign-up", "Sign-up", scenes.opened("")),
    Page("sign-up-errors", "Sign-up with errors", scenes.sign_up_with_errors, 422),
    Page("sign-up-too-young", "Sign-up by somebody too young", volume_scenes.sign_up_too_young, 422, Where.AGED),
    Page("sign-up-too-late", "Sign-up that was open for too long", scenes.sign_up_too_late, 422),
    Page("embed", "Form on the brand's own site", scenes.element, where=Where.HOUSE, kind=Kind.HOST),
    Page("frame", "Form in a frame", scenes.frame, where=Where.HOUSE),
    Page("frame-errors", "Form in a frame with errors", scenes.frame_with_errors, 422, Where.HOUSE),
    Page("frame-sent", "Form in a frame, sent", scenes.frame_sent, where=Where.HOUSE),
    Page("what-we-send", "What is sent, and how often", scenes.opened("what-we-send")),
    Page("check-mail", "Check your inbox", scenes.opened("check-mail")),
    Page("check-mail-starts", "What starts at once", scenes.opened("check-mail?asked=starts")),
    Page("confirm", "Confirm", scenes.confirm, where=Where.HOUSE),
    Page("confirm-already", "Confirmed already", scenes.confirmed_already, where=Where.HOUSE),
    Page("confirm-expired", "Confirmation expired", scenes.confirm_expired, 410, Where.HOUSE),
    Page("confirm-again", "A fresh confirmation on its way", scenes.confirm_again, where=Where.HOUSE),
    Page("confirm-overtaken", "Confirmation overtaken", scenes.confirm_overtaken, 410, Where.HOUSE),
    Page("link-invalid", "Link that lost some letters", scenes.link_invalid, 404, Where.HOUSE),
    Page("link-form", "Ask for a link to the preferences", scenes.opened("preferences/link")),
    Page("link-form-errors", "Ask for a link, with errors", scenes.link_form_with_errors, 422),
    Page("link-sent", "Link sent", scenes.link_sent),
    Page("access", "Open the preferences", scenes.access),
    Page("access-used", "Link to the preferences used", scenes.access_used, 410),
    Page("access-lift", "Allow mails again", scenes.access_lift),
    Page("access-lift-reported", "Allow mails again after a complaint", scenes.access_lift_reported),
    Page("access-lifted", "Mails allowed again", scenes.access_lifted),
    Page("centre-new", "Preferences after confirming", scenes.centre_after_confirming, where=Where.HOUSE),
    Page("centre-stranger", "Preferences with nothing agreed to", scenes.centre_of_a_stranger),
    Page("centre", "Preferences of a member", scenes.centre_of_a_member),
    Page("centre-changed", "Preferences after a change, with Undo", scenes.centre_after_a_change),
    Page("age", "Date of birth asked for", volume_scenes.age_asked, where=Where.AGED),
    Page("age-too-young", "Too young", volume_scenes.too_young, 422, Where.AGED),
    Page("centre-signal", "Preferences, with a browser that says no", volume_scenes.centre_with_a_signal),
    Page("centre-signal-kept", "Preferences after keeping to that", volume_scenes.centre_after_a_signal),
    Page("centre-paused", "Preferences after a pause", volume_scenes.centre_after_a_pause),
    Page("centre-left", "Preferences after leaving everything", scenes.centre_after_leaving),
    Page("centre-undone", "Preferences after Undo", scenes.centre_after_undo),
    Page("centre-stopped", "Preferences while nothing may be sent", scenes.centre_stopped),
    Page("centre-reported", "Preferences after a complaint and a mail that came back", scenes.centre_reported),
    Page("centre-language", "Preferences after choosing a language", scenes.language_kept),
    Page("reconsent-centre", "Preferences before a notice changes", document_scenes.centre),
    Page("reconsent-agreed", "Preferences after agreeing to that", document_scenes.centre_agreed),
    Page("reconsent-left", "Preferences after leaving what it concerns", document_scenes.centre_left),
    Page("reconsent-sign-in", "A notice and terms change, at sign-in", document_scenes.at_sign_in),
    Page("reconsent-link", "Shall this go on?", document_scenes.link),
    Page("reconsent-link-agreed", "It goes on", document_scenes.answered("yes")),
    Page("reconsent-link-left", "It is ended", document_scenes.answered("no")),
    Page("reconsent-link-again", "Answered already", document_scenes.link_again),
    Page("reconsent-link-old", "Link too old to answer", document_scenes.link_too_old, 410),
    Page("document-coming", "A document with a coming version", document_scenes.document, where=Where.GROUP),
    Page("difference", "What changes in a document", document_scenes.difference, where=Where.GROUP),
    Page("history", "What was agreed to and left", scenes.history),
    Page("record", "Record of a choice", record_scenes.record),
    Page("record-then", "Record of a choice as it stood", record_scenes.record_as_it_stood),
    Page("history-stranger", "History with nothing in it", scenes.history_of_a_stranger),
    Page("centre-closed", "Preferences closed", scenes.centre_closed),
    Page("centre-too-late", "Preferences that were open for too long", scenes.centre_open_too_long, 422),
    Page("address", "Another address", scenes.address),
    Page("address-errors", "Another address, with errors", scenes.address_with_errors, 422),
    Page("address-check", "Another address, read once more", scenes.address_check),
    Page("address-sent", "Mails to both addresses on their way", scenes.address_sent),
    Page("address-agree", "Agree to move", scenes.address_link(Purpose.ADDRESS_AGREE)),
    Page("address-prove", "Prove the new address", scenes.address_link(Purpose.ADDRESS_PROVE)),
    Page("address-waiting", "The other mailbox is still to be asked", scenes.address_pressed(Purpose.ADDRESS_PROVE)),
    Page("address-moved", "Moved to another address", scenes.address_pressed(*BOTH)),
    Page("address-stop", "Stop the move", scenes.address_link(Purpose.ADDRESS_STOP)),
    Page("address-stopped", "Move stopped", scenes.address_pressed(Purpose.ADDRESS_STOP)),
    Page("address-over", "Move overtaken", scenes.address_pressed(Purpose.ADDRESS_STOP, Purpose.ADDRESS_AGREE), 410),
    Page("phone", "Phone number, none yet", phone_scenes.phone),
    Page("phone-errors", "Phone number, with errors", phone_scenes.phone_with_errors, 422),
    Page("phone-code", "Phone number, the code", phone_scenes.phone_code),
    Page("phone-code-errors", "Phone number, a wrong code", phone_scenes.phone_code_with_errors, 422),
    Page("phone-over", "Phone number, the code came too late", phone_scenes.phone_over),
    Page("phone-proved", "Phone number, proved", phone_scenes.phone_proved),
    Page("phone-removed", "Phone number, removed", phone_scenes.phone_removed),
    Page("register", "Ask for a full account", scenes.opened("register")),
    Page("register-errors", "Ask for a full account, with errors", account_scenes.register_with_errors, 422),
    Page("register-own", "A full account, with the preferences open", account_scenes.register_own),
    Page("register-own-sent", "The same, asked for", account_scenes.register_own_sent),
    Page("register-sent", "Link to the account on its way", account_scenes.register_sent),
    Page("register-link", "Choose a password", account_scenes.register_link),
    Page("register-link-errors", "Choose a password, with errors", account_scenes.register_link_with_errors, 422),
    Page("register-over", "Link to the account used", account_scenes.register_over, 410),
    Page("sign-in", "Sign in", scenes.opened("sign-in")),
    Page("sign-in-errors", "Sign in, with errors", account_scenes.sign_in_with_errors, 422),
    Page("sign-in-code", "Sign in, the code", security_scenes.sign_in_code),
    Page("sign-in-code-errors", "Sign in, a wrong code", security_scenes.sign_in_code_with_errors, 422),
    Page("sign-in-late", "Sign in, the code came too late", security_scenes.sign_in_late),
    Page("sign-in-passkey", "Sign in, a passkey", security_scenes.sign_in_with_a_strange_passkey, 422),
    Page("account-new", "Account, just opened", account_scenes.account_opened),
    Page("account", "Account", account_scenes.account),
    Page("centre-full", "Preferences of a full customer", account_scenes.centre_of_a_full_customer),
    Page("profile", "Profile, nothing told yet", profile_scenes.profile),
    Page("profile-filled", "Profile, filled in", profile_scenes.filled),
    Page("profile-removed", "Postal address removed", profile_scenes.removed),
    Page("profile-date", "Profile, a day", profile_scenes.asked(FieldKind.DATE)),
    Page("profile-date-errors", "Profile, a day that is none", profile_scenes.date_with_errors, 422),
    Page("profile-country", "Profile, a country", profile_scenes.asked(FieldKind.COUNTRY)),
    Page("profile-address", "Profile, a postal address", profile_scenes.asked(FieldKind.ADDRESS)),
    Page("profile-address-errors", "Profile, half an address", profile_scenes.address_with_errors, 422),
    Page("profile-choices", "Profile, things to tick", profile_scenes.asked(FieldKind.CHOICES)),
    Page("profile-choices-errors", "Profile, nothing ticked", profile_scenes.choices_with_errors, 422),
    Page("profile-channel", "Profile, a channel", profile_scenes.asked(FieldKind.CHANNEL)),
    Page("profile-language", "Profile, a language", profile_scenes.asked(FieldKind.LANGUAGE)),
    Page("security", "Password and devices", account_scenes.security),
    Page("security-errors", "Password and devices, with errors", account_scenes.security_with_errors, 422),
    Page("security-ended", "Signed out on another device", account_scenes.security_ended),
    Page("security-changed", "Password changed", account_scenes.security_changed),
    Page("second-factor-offer", "Set up a code", security_scenes.second_factor_offer),
    Page("second-factor-offer-errors", "Set up a code, errors", security_scenes.second_factor_offer_with_errors, 422),
    Page("second-factor", "Codes are asked for", security_scenes.second_factor),
    Page("second-factor-errors", "Codes, with errors", security_scenes.second_factor_with_errors, 422),
    Page("second-factor-codes", "Recovery codes", security_scenes.second_factor_codes),
    Page("second-factor-off", "No code is asked for any more", security_scenes.second_factor_off),
    Page("passkeys-none", "Passkeys, none yet", security_scenes.passkeys_none),
    Page("passkeys-errors", "Passkeys, with errors", security_scenes.passkeys_with_errors, 422),
    Page("passkeys", "Passkeys", security_scenes.passkeys_added),
    Page("passkeys-renamed", "Passkey renamed", security_scenes.passkeys_renamed),
    Page("passkeys-removed", "Passkey removed", security_scenes.passkeys_removed),
    Page("reset", "Ask for another password", scenes.opened("password/reset")),
    Page("reset-errors", "Ask for another password, with errors", account_scenes.reset_with_errors, 422),
    Page("reset-sent", "Link to another password on its way", account_scenes.reset_sent),
    Page("reset-link", "Choose another password", account_scenes.reset_link),
    Page("reset-link-errors", "Choose another password, with errors", account_scenes.reset_link_with_errors, 422),
    Page("reset-over", "Link to another password used", account_scenes.reset_over, 410),
    Page("reset-done", "Another password set", account_scenes.reset_done),
    Page("signed-out", "Signed out", account_scenes.signed_out),
    Page("data", "Your data", data_scenes.your_data),
    Page("data-full", "Your data, of a full customer", data_scenes.your_data_of_a_full_customer),
    Page("check", "Is it you?", data_scenes.check),
    Page("check-mailed", "Digits on their way", data_scenes.check_mailed),
    Page("check-errors", "Other digits", data_scenes.check_with_errors, 422),
    Page("check-password", "The password once more", data_scenes.check_by_password),
    Page("check-password-errors", "Another password", data_scenes.check_by_password_with_errors, 422),
    Page("check-password-code", "The password once more, and the code", data_scenes.check_with_code, 422),
    Page("data-told", "Your data, a name that a shop told", data_scenes.told_by_a_shop),
    Page("data-packing", "Your data, a copy under way", data_scenes.packing),
    Page("data-copy", "Your data, a copy ready", data_scenes.copy_ready),
    Page("data-still", "Your data, held still", data_scenes.held_still),
    Page("erase", "What goes and what stays", data_scenes.erase),
    Page("erasure-waits", "Your data, to be deleted", data_scenes.erasure_waits),
    Page("erasure-account", "Account that is to be deleted", data_scenes.erasure_waits_at_sign_in),
    Page("erasure-centre", "Preferences that are to be deleted", data_scenes.erasure_waits_in_the_centre),
    Page("erasure-kept", "Your data, kept", data_scenes.kept),
    Page("erasure-stop", "Keep your data?", data_scenes.erasure_stop),
    Page("erasure-stopped", "Your data stays", data_scenes.erasure_stopped),
    Page("erasure-over", "Nothing to stop", data_scenes.erasure_over, 410),
    Page("unsubscribe", "Leave the house", scenes.unsubscribe, where=Where.HOUSE),
    Page("unsubscribe-one", "Leave one thing", scenes.unsubscribe_one_thing, where=Where.HOUSE),
    Page("unsubscribe-paused", "Paused instead of left", volume_scenes.paused_by_a_link, where=Where.HOUSE),
    Page("unsubscribed", "Left", scenes.unsubscribed, where=Where.HOUSE),
    Page("told-why", "Thanks for a reason", volume_scenes.told_why, where=Where.HOUSE),
    Page("check-in", "Is this still right?", check_in_scenes.check_in),
    Page("check-in-kept", "It stays as it is", check_in_scenes.kept),
    Page("check-in-reworded", "Is this still right, with other words", check_in_scenes.reworded),
    Page("check-in-less", "Less of it by a check-in", check_in_scenes.less),
    Page("check-in-left", "Left by a check-in", check_in_scenes.left),
    Page("check-in-over", "Ended for want of an answer", check_in_scenes.over, 410),
    Page("centre-kept", "Preferences after keeping all", check_in_scenes.centre_kept),
    Page("centre-ended", "Preferences after no answer", check_in_scenes.centre_ended),
    Page("manage", "From another system's mail", scenes.manage, where=Where.HOUSE),
    Page("managed", "Link sent from there", scenes.managed, where=Where.HOUSE),
    Page("managed-left", "Left from there", scenes.managed_to_leave, where=Where.HOUSE),
    Page("never", "Never mail me again", scenes.never, where=Where.HOUSE),
    Page("never-done", "Never again, done", scenes.never_done, where=Where.HOUSE),
    Page("error-403", "Sent by another site", scenes.failed(403), 403),
    Page("error-404", "Nothing here", scenes.opened("nothing-here"), 404),
    Page("error-404-plain", "No such house", scenes.opened("/no-such-house/"), 404, Where.GROUP),
    Page("error-429", "Too many tries", scenes.failed(429), 429),
    Page("error-500", "A fault of ours", scenes.failed(500), 500),
    Page("error-503", "Database away", scenes.failed(503), 503),
)

MAILS = (
    Page("mail-confirm", "Please confirm", mails.confirm_mail, where=Where.HOUSE),
    Page("mail-welcome", "Welcome", mails.welcome_mail, where=Where.HOUSE),
    Page("mail-access", "Link to the preferences", mails.access_mail),
    Page("mail-check-in", "Is this still right?", check_in_scenes.mail()),
    Page("mail-check-in-reminder", "Shall this go on?", check_in_scenes.mail(Step.REMIND)),
    Page("mail-summary", "What was changed", mails.summary_mail),
    Page("mail-agree", "Move to another address?", mails.address_mail(MessageKind.ADDRESS_AGREE, to=EMAIL)),
    Page("mail-prove", "Is this your new address?", mails.address_mail(MessageKind.ADDRESS_PROVE)),
    Page("mail-taken", "This address has choices of its own", mails.address_mail(MessageKind.ADDRESS_TAKEN)),
    Page("mail-moved", "Mails come here now", mails.address_mail(MessageKind.ADDRESS_MOVED, *BOTH)),
    Page("mail-reconsent", "A document changes", document_scenes.mail),
    Page("mail-register", "Link to the account", mails.register_mail),
    Page("mail-account-exists", "There is an account", mails.account_exists_mail),
    Page("mail-reset", "Link to another password", mails.account_mail(MessageKind.PASSWORD_RESET)),
    Page("mail-password-changed", "Password changed", mails.account_mail(MessageKind.PASSWORD_CHANGED)),
    Page("mail-new-device", "New device", mails.account_mail(MessageKind.NEW_DEVICE)),
    Page("mail-step-up", "Six digits", mails.step_up_mail),
    Page("mail-export-ready", "Copy ready", mails.export_ready_mail),
    Page("mail-erasure-asked", "Data to be deleted", mails.erasure_asked_mail),
    *(Page(f"mail-told-{wish.value}", title, mails.privacy_referral_mail(wish)) for wish, title in REFERRALS),
    *(Page(f"mail-{event.value.replace('_', '-')}", title, mails.security_mail(event)) for event, title in EVENTS),
    Page("mail-left", "Mails go elsewhere now", mails.address_mail(MessageKind.ADDRESS_LEFT, *BOTH, to=EMAIL)),
)

TEXTS = (Page("text-code", "Text: a code for the phone number", mails.phone_code_text, kind=Kind.TEXT),)


def pages_of(site: Site) -> list[Page]:
    """List what there is of a site: its pages, its documents, and its mails in both parts."""
    own = {Where.EVERYWHERE, Where.HOUSE if isinstance(site, Brand) else Where.GROUP}
    brands = [site] if isinstance(site, Brand) else site.brands.values() if isinstance(site, SiteGroup) else []
    if any(topic.minimum_age for brand in brands for topic in brand.topics):
        own.add(Where.AGED)
    return [each for each in (*PAGES, *_documents(site), *_mails(), *TEXTS) if each.where in own]


def find(site: Site, key: str) -> Page | None:
    """Find a page of a site by its key."""
    return next((each for each in pages_of(site) if each.key == key), None)


def _documents(site: Site) -> Iterator[Page]:
    for document in site.documents:
        name = next(iter(document.title.values()))
        yield Page(f"document-{document.slug}", f"Document: {name}", scenes.document(document.slug))


def _mails() -> Iterator[Page]:
    for mail in MAILS:
        for kind, suffix in ((Kind.HTML, ""), (Kind.TEXT, "-text")):
            title = f"Mail: {mail.title}" + (", as text" if suffix else "")
            yield Page(f"{mail.key}{suffix}", title, mail.play, where=mail.where, kind=kind)
