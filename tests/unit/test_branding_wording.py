"""The words beside a box are the brand's, complete, and the same each time."""

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest

from app.branding import wording
from app.branding.catalogue import country_name, long_date, translations
from app.branding.loader import load
from app.branding.models import Channel, Frequency
from tests.unit.test_branding_loader import BRANDS

GROUP = load(BRANDS)
CAMILLE, FOLIE = GROUP.brands["camille"], GROUP.brands["folie-douze"]


def test_the_statement_is_in_the_voice_of_the_house():
    newsletter = CAMILLE.topic("newsletter")
    said = wording.statement(CAMILLE, newsletter, Channel.EMAIL, "en")
    assert said == "Yes, send me “Letters from the atelier” by e-mail, about once a week."
    monthly = wording.statement(CAMILLE, newsletter, Channel.EMAIL, "en", "monthly")
    assert monthly == "Yes, send me “Letters from the atelier” by e-mail, about once a month."
    twelve = wording.statement(FOLIE, FOLIE.topic("newsletter"), Channel.EMAIL, "en")
    assert twelve == "Yes. I want “The Twelve” by e-mail, about twice a month."


def test_a_house_may_word_one_channel_otherwise():
    said = wording.statement(CAMILLE, CAMILLE.topic("atelier-events"), Channel.PHONE, "en")
    assert said.startswith("Yes, invite me to “Evenings at the atelier” by phone")


@pytest.mark.parametrize("brand", [CAMILLE, FOLIE], ids=lambda brand: brand.slug)
def test_a_notice_says_everything_and_holds_no_link(brand):
    for topic in brand.topics:
        for channel in topic.channels:
            text = wording.notice_text(brand, topic, channel, "en")
            assert text.startswith(wording.statement(brand, topic, channel, "en") + "\n" + topic.description["en"])
            assert brand.controller.name in text
            assert all(line in text for line in brand.controller.postal_address)
            assert "You can leave at any time" in text
            assert "http" not in text
            assert "%(" not in text


def test_a_notice_tells_the_age_and_whether_a_mail_must_be_confirmed():
    assert "From the age of 18." in wording.notice_text(CAMILLE, CAMILLE.topic("atelier-events"), Channel.EMAIL, "en")
    assert "button" in wording.notice_text(FOLIE, FOLIE.topic("drops"), Channel.EMAIL, "en")
    assert "button" not in wording.notice_text(FOLIE, FOLIE.topic("restock"), Channel.EMAIL, "en")


def test_a_language_the_house_does_not_speak_gives_its_first_one():
    newsletter = CAMILLE.topic("newsletter")
    spoken = wording.notice_text(CAMILLE, newsletter, Channel.EMAIL, "en")
    assert wording.notice_text(CAMILLE, newsletter, Channel.EMAIL, "es") == spoken


def test_a_use_of_data_says_whether_one_is_asked_or_may_object():
    asked, _, counted = (wording.purpose_notice_text(GROUP, purpose, "en") for purpose in GROUP.purposes)
    assert "Only if you say yes." in asked
    assert "Object, and it ends." in counted


def test_the_label_says_how_often_and_how():
    newsletter = CAMILLE.topic("newsletter")
    assert wording.how(newsletter, Channel.EMAIL, "en") == "Weekly, by e-mail"
    assert wording.how(newsletter, Channel.EMAIL, "en", "monthly") == "Monthly, by e-mail"
    left_open = newsletter.model_copy(update={"frequencies": ()})
    assert wording.how(left_open, Channel.EMAIL, "en") == "By e-mail"
    assert wording.how_often(left_open, "en") == ""
    assert wording.statement(CAMILLE, left_open, Channel.EMAIL, "en").endswith("by e-mail.")


def test_every_channel_and_frequency_has_words():
    assert all(wording.channel_words(channel, "en").startswith("by ") for channel in Channel)
    assert all(wording.frequency_words(frequency, "en") for frequency in Frequency)


def test_the_digest_binds_the_words_to_their_language():
    assert wording.notice_digest("Yes.", "en") == sha256(b"en\nYes.").digest()
    assert wording.notice_digest("Yes.", "en") != wording.notice_digest("Yes.", "fr")


def test_dates_are_written_out():
    assert long_date(date(2026, 3, 3), "en") == "3 March 2026"
    assert long_date(datetime(2026, 3, 3, 23, tzinfo=UTC), "fr") == "3 mars 2026"
    assert long_date(date(2026, 3, 3), "de") == "3. März 2026"
    assert long_date(date(2026, 3, 3), "zh") == "2026年3月3日"


def test_a_language_without_catalogue_keeps_the_english_sentences():
    assert translations("cy").gettext("by e-mail") == "by e-mail"


def test_countries_are_named_as_the_reader_calls_them():
    assert country_name("FR", "de") == "Frankreich"
    assert country_name("ZY", "en") == "ZY"
