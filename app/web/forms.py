"""Forms of visitors and customers."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, SelectMultipleField, StringField

from app.branding.models import Site
from app.http.guards import SessionFormToken, SignedFormToken
from app.web import wordings


class PublicForm(FlaskForm):
    """A form that anyone may post: protected by the signed form token."""

    class Meta(FlaskForm.Meta):
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


class SignUpForm(PublicForm):
    """E-mail address and ticked boxes."""

    items = SelectMultipleField(choices=[], validate_choice=False)

    @classmethod
    def for_site(cls, site: Site) -> SignUpForm:
        """Read the form of a site from the request; its token must stand for words that are current."""
        return cls(meta={"csrf_context": wordings.on_form(site, wordings.locale_of_form(site))})


class CentreForm(FlaskForm):
    """One press in the preference centre: a switch, leave, undo or lift."""

    class Meta(FlaskForm.Meta):
        """Use a token signed for the session."""

        csrf = True
        csrf_class = SessionFormToken
        csrf_field_name = "csrf_token"

    set = StringField()
    leave = StringField()
    undo = StringField()
    lift = StringField()
    words = StringField()
    """The digest of all words at the switches, as they were shown."""


class AddressForm(FlaskForm):
    """Another address, and whether the person has seen it written large."""

    class Meta(CentreForm.Meta):
        """Use a token signed for the session."""

    email = EmailField()
    sure = StringField()
