"""What a choice rests on, and what an act came through, in plain words."""

from __future__ import annotations

from app.branding.catalogue import N_
from app.branding.models import LegalBasis
from app.kit.provenance import Source

GROUNDS = {
    LegalBasis.CONSENT: N_("Your yes. Nothing is sent or done without it."),
    LegalBasis.SOFT_OPT_IN: N_("You are a customer, and have not said no."),
    LegalBasis.IMPLIED: N_("You are a customer; this runs out by itself."),
    LegalBasis.LEGITIMATE_INTEREST: N_("An interest of the house, which you may object to."),
    LegalBasis.CONTRACT: N_("A contract with you."),
}
"""What something rests on."""

THROUGH = {
    Source.FORM.value: N_("Sign-up form"),
    Source.CONFIRMATION.value: N_("Confirmation page"),
    Source.CENTRE.value: N_("Preference centre"),
    Source.ONE_CLICK.value: N_("Unsubscribe button of a mail program"),
    Source.LEAVE_PAGE.value: N_("Link in a mail"),
    Source.RECONSENT_PAGE.value: N_("Link in a mail"),
    Source.NEVER_PAGE.value: N_("Link in a mail"),
    Source.CHECK_IN.value: N_("Our question whether all is still right"),
    Source.TEXT_MESSAGE.value: N_("Text message"),
    Source.GPC.value: N_("Signal of your browser"),
    Source.REGISTRATION.value: N_("Opening of your account"),
    Source.SIGN_IN.value: N_("Signing in"),
    Source.ACCOUNT.value: N_("Your account"),
    Source.API.value: N_("Another system of the house"),
    Source.FILE.value: N_("File of the house's records"),
    Source.SYSTEM.value: N_("By itself"),
}
"""What an act came through, as a label."""
