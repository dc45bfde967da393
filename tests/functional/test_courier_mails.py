"""What stands in a mail."""

import re
from html.parser import HTMLParser

import pytest

from app.courier.delivery import deliver
from app.courier.mail import encode
from tests.letters import cause
from tests.post import mails_to, new_address

ALL_KINDS = ("confirm", "welcome", "access", "summary")


def mail_of(env, outbox, address, kind):
    """Cause one mail of a kind and deliver it."""
    cause(env, address, kind)
    message = mails_to(env, address)[-1]
    assert deliver(env, outbox, message.id) == "sent", mails_to(env, address)[-1].state_reason
    return outbox.parsed()


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_mail_says_who_writes_in_which_language_and_that_a_machine_sent_it(env, outbox, member, kind):
    mail = mail_of(env, outbox, member, kind)
    sender = env.group.brands["camille"].sender
    assert mail["From"].addresses[0].addr_spec == sender.address
    assert mail["Reply-To"] == sender.reply_to
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert mail["Message-ID"] == mails_to(env, member)[-1].message_id
    assert mail["To"] == member


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_only_welcome_and_summary_offer_one_click(env, outbox, member, kind):
    mail = mail_of(env, outbox, member, kind)
    one_click = kind in {"welcome", "summary"}
    assert ("List-Unsubscribe" in mail) is one_click
    assert ("List-Unsubscribe-Post" in mail) is one_click


@pytest.mark.parametrize("kind", ["welcome", "summary"])
def test_the_one_click_address_stands_readable_on_one_line(env, outbox, member, kind):
    mail_of(env, outbox, member, kind)
    line = next(line for line in encode(outbox.mails[-1]).splitlines() if line.startswith(b"List-Unsubscribe:"))
    assert re.fullmatch(rb"List-Unsubscribe: <http://localhost:8000/camille/unsubscribe/[\w.-]+>", line)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_text_and_html_say_the_same(env, outbox, member, kind):
    mail = mail_of(env, outbox, member, kind)
    text, page = mail.get_body(("plain",)).get_content(), read(mail.get_body(("html",)).get_content())
    assert links(text) == {link for link in page.links if not link.startswith("mailto:")}
    for line in text.splitlines():
        words = re.sub(r"https?://\S+|^\* |^-- $|:\s*$", "", line).strip().rstrip(":")
        assert words in page.text, words


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_mail_names_a_foreign_address_or_fetches_anything(env, outbox, member, kind):
    mail = mail_of(env, outbox, member, kind)
    html = mail.get_body(("html",)).get_content()
    named = re.sub(r'xmlns(:\w+)?="[^"]*"', "", html)
    for address in re.findall(r"(?:https?:)?//[^\s\"'<>)]+", named):
        assert address.startswith("http://localhost:8000/"), address
    assert not re.search(r"<(img|link|script|iframe|object|embed)\b|url\(|@import|\bsrc=", named)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_mail_names_the_controller_and_its_postal_address(env, outbox, member, kind):
    mail = mail_of(env, outbox, member, kind)
    controller = env.group.brands["camille"].controller
    for part in ("plain", "html"):
        content = mail.get_body((part,)).get_content()
        assert controller.name in content
        assert all(line in content for line in controller.postal_address)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_mail_has_one_button(env, outbox, member, kind):
    html = mail_of(env, outbox, member, kind).get_body(("html",)).get_content()
    assert len(re.findall(r'role="presentation"[^>]*valign="middle"', html)) == 1


def test_a_confirmation_quotes_the_exact_words_and_offers_never(env, outbox, someone):
    mail = mail_of(env, outbox, someone, "confirm")
    text = mail.get_body(("plain",)).get_content()
    assert "Yes, send me “Letters from the atelier” by e-mail, about once a week." in text
    assert "/camille/never/" in text


def test_a_forged_name_in_an_address_adds_no_header_and_no_markup(env, outbox):
    address = f"a'b+{new_address()}"
    html = mail_of(env, outbox, address, "confirm").get_body(("html",)).get_content()
    assert "a'b" not in html


def test_a_mailbox_name_beyond_ascii_and_a_domain_too(env, outbox):
    address = f"zoë{new_address().partition('@')[0]}@bücher.example"
    mail_of(env, outbox, address, "confirm")
    assert outbox.mails[-1].needs_smtputf8
    assert f"To: {address}\r\n".encode() in encode(outbox.mails[-1])
    plain = f"{new_address().partition('@')[0]}@bücher.example"
    assert mail_of(env, outbox, plain, "confirm")["To"].addresses[0].domain == "xn--bcher-kva.example"


def links(text):
    return set(re.findall(r"https?://\S+", text))


class read(HTMLParser):  # noqa: N801 - used like a function
    """The links and words of a page, without what only a head holds."""

    def __init__(self, html):
        super().__init__()
        self.links, self._words, self._hidden = set(), [], 0
        self.feed(html)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.links.add(dict(attributes)["href"])
        self._hidden += tag in {"style", "title"}

    def handle_endtag(self, tag):
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data):
        if not self._hidden:
            self._words.append(data)
