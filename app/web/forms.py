"""Forms of visitors and customers."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, Form, PasswordField, SelectMultipleField, StringField

from app.branding.models import Site
from app.http.guards import PromptFormToken, SessionFormToken, SignedFormToken
from app.web import wordings


class PageForm(FlaskForm):
    """A form of a page: what browsers send, and nothing else."""

    class Meta(FlaskForm.Meta):
        """Read form fields only: Flask-WTF would take JSON too, past the trap for robots and with any type."""

        def wrap_formdata(self, form: Form, formdata: Any) -> MultiDict[str, str] | None:  # noqa: ARG002 - its signature
            """Give the fields that were posted; None where a page is fetched."""
            return request.form if request.method == "POST" else None


class PublicForm(PageForm):
    """A form that anyone may post: protected by the signed form token."""

    class Meta(PageForm.Meta):
        """Use our own token."""

        csrf = True
        csrf_class = SignedFormToken
        csrf_field_name = "csrf_token"

    email = EmailField()

    @classmethod
    def for_site(cls, site: Site) -> PublicForm:
        """Read the form of a site from the request."""
        return cls(meta={"csrf_context": site.slug})

    def problem(self) -> str:
        """Give what is wrong with the form as a whole, in words; empty when it may be read."""
        self.validate()
        return next((str(message) for message in self["csrf_token"].errors), "")


class SignInForm(PublicForm):
    """E-mail address and password."""

    class Meta(PublicForm.Meta):
        """Password managers fill it in and send it at once."""

        csrf_class = PromptFormToken

    password = PasswordField()


class CodeForm(PublicForm):
    """The code after a password."""

    class Meta(PublicForm.Meta):
        """Password managers fill it in as well."""

        csrf_class = PromptFormToken

    code = StringField()


class PasskeyForm(PublicForm):
    """A passkey that is shown to sign in."""

    class Meta(PublicForm.Meta):
        """The page's script sends it at once."""

        csrf_class = PromptFormToken

    credential = StringField()
    """JSON of the browser."""


class SignUpForm(PublicForm):
    """E-mail address and ticked boxes."""

    items = SelectMultipleField(choices=[], validate_choice=False)

    @classmethod
    def for_site(cls, site: Site) -> SignUpForm:
        """Read the form of a site from the request; its token must stand for words that are current."""
        return cls(meta={"csrf_context": wordings.on_form(site, wordings.locale_of_form(site))})


class CentreForm(PageForm):
    """One press in the preference centre: a switch, how often, a pause, leave, undo or lift."""

    class Meta(PageForm.Meta):
        """Use a token signed for the session."""

        csrf = True
        csrf_class = SessionFormToken
        csrf_field_name = "csrf_token"

    set = StringField()
    often = StringField()
    pause = StringField()
    resume = StringField()
    leave = StringField()
    undo = StringField()
    lift = StringField()
    why = StringField()
    why_words = StringField()
    gpc = StringField()
    """Keep to what the browser says against sale and sharing."""
    words = StringField()
    """The digest of all words at the switches, as they were shown."""


class AgeForm(PageForm):
    """What is to be switched on, by somebody who tells their date of birth."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    item = StringField()
    words = StringField()


class AgreeForm(PageForm):
    """The answer whether things go on under a new version of a document."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    answer = StringField()
    """`yes=` or `no=`, with the digest of the words that were shown."""


class SecurityForm(PageForm):
    """Another password, or the end of a session."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    present = PasswordField()
    password = PasswordField()
    end = StringField()
    """Which session to end: the first half of its digest, or `others`."""


class DataForm(PageForm):
    """An act on one's own data."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    restrict = StringField()
    """`on` or `off`."""


class CheckForm(PageForm):
    """What shows once more whose session it is."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    code = StringField()
    password = PasswordField()


class SecondFactorForm(PageForm):
    """The first code of an app; later, password and code to make recovery codes or to switch it off."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    offer = StringField()
    """Brings back the secret that the page showed."""
    present = PasswordField()
    code = StringField()
    act = StringField()


class PasskeysForm(PageForm):
    """A passkey to add; or another name for one, or its end."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    credential = StringField()
    """JSON of the browser."""
    name = StringField()
    handle = StringField()
    act = StringField()


class PhoneForm(PageForm):
    """A phone number, or the code that was sent to it."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    number = StringField()
    code = StringField()


class AddressForm(PageForm):
    """Another address, and whether the person has seen it written large."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    email = EmailField()
    sure = StringField()


class ProfileForm(PageForm):
    """A field of the profile; what its parts say is read by its kind."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""
