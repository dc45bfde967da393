"""From a letter to a mail: subject, text and HTML in the reader's language and the house's look."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from email_validator import validate_email
from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from mjml import mjml2html

from app.branding.catalogue import long_date, translations
from app.branding.languages import tag
from app.courier.happenings import happened
from app.courier.look import look
from app.courier.mail import Mail
from app.courier.words import concerned, listed
from app.services.letters import Letter
from app.services.tokens import ACCESS_MAX_AGE, ADDRESS_CHANGE_LASTS

LINKS = ("action", "never", "manage", "unsubscribe", "stop", "differs")
TEMPLATES = Path(__file__).parents[1] / "templates"


def compose(letter: Letter) -> Mail:
    """Write the mail that `letter` asks for. Both parts say the same; nothing in it is fetched from elsewhere."""
    templates = _templates(letter.locale)
    facts = _facts(letter)
    subject = " ".join(templates.get_template(f"mail/{letter.kind}/subject.txt").render(facts).split())
    facts["subject"] = subject
    return Mail(
        to=letter.to,
        envelope_to=_envelope(letter.to),
        sender_name=letter.site.sender.name,
        sender=letter.site.sender.address,
        subject=subject,
        text=templates.get_template(f"mail/{letter.kind}/text.txt").render(facts).strip() + "\n",
        html=_html(templates.get_template(f"mail/{letter.kind}/body.mjml").render(facts)),
        headers=_headers(letter),
        kind=letter.kind,
    )


def words_of_text(letter: Letter) -> str:
    """Write the words of a text message: one paragraph, since each part of it is paid for."""
    template = _templates(letter.locale).get_template(f"text/{letter.kind}.txt")
    return " ".join(template.render(letter=letter, site=letter.site).split())


def _facts(letter: Letter) -> dict[str, Any]:
    lines, common = listed(letter) if letter.lines else (concerned(letter), [])
    return {
        "letter": _with_language(letter),
        "site": letter.site,
        "lines": lines,
        "common": common,
        "language": tag(letter.locale),
        "look": look(letter.site.theme, letter.locale),
        "say": partial(_say, letter),
        "until": long_date(letter.expires_at, letter.locale) if letter.expires_at else "",
        "happened": happened(letter),
        "minutes": int(ACCESS_MAX_AGE.total_seconds() // 60),
        "hours": int(ADDRESS_CHANGE_LASTS.total_seconds() // 3600),
    }


def _with_language(letter: Letter) -> Letter:
    """Let the links of a mail open pages in its language; the header for one click needs none."""
    named = f"lang={tag(letter.locale)}"
    links: dict[str, Any] = {
        name: f"{link}{'&' if '?' in link else '?'}{named}" for name in LINKS if (link := getattr(letter, name))
    }
    return replace(letter, **links)


def _say(letter: Letter, key: str, otherwise: str) -> str:
    """Give the house's own words where it has some."""
    return letter.site.say(key, letter.locale) if key in letter.site.words else otherwise


def _headers(letter: Letter) -> dict[str, str]:
    headers = {
        "Message-ID": letter.message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": tag(letter.locale),
    }
    if letter.site.sender.reply_to:
        headers["Reply-To"] = letter.site.sender.reply_to
    if letter.unsubscribe:
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _html(source: str) -> str:
    # Without `fonts={}` a link to a font host would appear for some faces.
    return str(mjml2html(source, disable_comments=False, fonts={}))


def _envelope(typed: str) -> str:
    """Give the form of an address that every mail server takes, where there is one (RFC 5890)."""
    checked = validate_email(typed, check_deliverability=False)
    return checked.ascii_email or checked.normalized


@cache
def _templates(locale: str) -> Templates:
    found = Templates(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["mjml"], default=False),
        undefined=StrictUndefined,
    )
    found.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    return found
