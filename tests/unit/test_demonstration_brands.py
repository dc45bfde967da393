"""The demonstration group is what its direction asks for: seven voices, in the languages of their customers."""

import re
from string import ascii_letters

import pytest

from app.branding import wording
from app.branding.colours import contrast
from app.branding.documents import Published
from app.branding.loader import check
from app.branding.models import Brand, Channel, FieldKind, LegalBasis, OptIn, SiteGroup
from tests.unit.test_branding_loader import BRANDS

GROUP = check(BRANDS)
HOUSES = list(GROUP.brands.values())
SITES = [GROUP, *HOUSES]

LANGUAGES = {
    "camille": {"fr", "en", "de", "zh_Hans"},
    "maison-brume": {"fr", "en", "zh_Hans"},
    "ostra": {"en", "de", "zh_Hans"},
    "vantour": {"en", "fr", "de"},
    "folie-douze": {"en", "fr", "zh_Hans"},
    "kestrel-row": {"en", "de"},
    "sol-y-lino": {"en", "fr", "de", "zh_Hans"},
}

OPENINGS = {
    "camille": "Letters from the atelier, when there is something worth saying.",
    "maison-brume": "Quiet news, four times a year.",
    "ostra": "New pieces, before they are named.",
    "vantour": "Appointments, trunk shows, and the occasional opinion.",
    "folie-douze": "Drops. Dates. Nothing else.",
    "kestrel-row": "Weather permitting, a letter.",
    "sol-y-lino": "Slow post from a warm place.",
}

CHANNELS = {
    "newsletter": {"email"},
    "private-sales": {"email", "sms"},
    "new-collection": {"email", "post"},
    "atelier-events": {"email", "phone"},
    "drops": {"email", "sms", "push"},
    "care-and-repair": {"email"},
    "scent-library": {"post", "email"},
    "restock": {"email", "push"},
}

ONLY_AT = {
    "drops": {"folie-douze"},
    "scent-library": {"maison-brume"},
    "care-and-repair": {"kestrel-row", "vantour"},
}

AA = 4.5
NARROW = "\u202f"


def topics():
    return [topic for house in HOUSES for topic in house.topics]


def texts(site, locale):
    """Give all a site says in a language, documents included."""
    entries = [*site.words.values()]
    for named in (*site.purposes, *(site.topics if isinstance(site, Brand) else ())):
        entries += [named.name, named.description]
    for document in site.documents:
        entries += [document.title, *(version.texts for version in document.versions)]
    for field in site.profile if isinstance(site, SiteGroup) else ():
        entries += [field.label, field.purpose, *(choice.name for choice in field.choices)]
    return [entry[locale] for entry in entries]


def plain_spaces_in_french(text):
    """Find signs that want a narrow unbreakable space before or within, and have another or none."""
    bare = re.sub(r"\(mailto:[^)]*\)|https?://\S+|\*", "", text)
    return re.findall(rf"[^{NARROW}\n?!](?=[;:!?»])|«(?!{NARROW})", bare)


def half_width_signs_in_chinese(text):
    """Find signs of other scripts beside Chinese characters, and spaces between them or beside their signs."""
    beside = r"[\u4e00-\u9fff][,;:!?.]|[\u4e00-\u9fff] +[\u4e00-\u9fff]"
    return re.findall(beside + r"|[，。：；！？、] | [，。：；！？、]", text)


def test_the_seven_houses_stand_in_their_order_and_speak_english_to_whoever_asks_for_nothing():
    assert list(GROUP.brands) == list(LANGUAGES)
    assert {house.slug: set(house.locales) for house in HOUSES} == LANGUAGES
    assert set(GROUP.locales) == {"en", "fr", "de", "zh_Hans"}
    assert {site.locales[0] for site in SITES} == {"en"}


def test_every_text_of_the_group_is_published():
    published = Published.read(BRANDS / "luxe").digests
    assert {path.relative_to(BRANDS / "luxe").as_posix() for path in BRANDS.rglob("*.md")} == set(published)


def test_the_openings_set_each_voice():
    assert {house.slug: house.say("opening", "en") for house in HOUSES} == OPENINGS


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.slug)
def test_a_house_offers_a_newsletter_and_two_to_five_other_topics_on_their_channels(house):
    offered = {topic.key: set(topic.channels) for topic in house.topics}
    assert "newsletter" in offered
    assert 2 <= len(offered) - 1 <= 5
    assert offered == {key: CHANNELS[key] for key in offered}
    assert all(house.slug in ONLY_AT.get(key, {house.slug}) for key in offered)
    assert all(topic.frequencies for topic in house.topics)


def test_frequencies_of_the_newsletters_differ_by_house():
    assert len({house.topic("newsletter").frequencies for house in HOUSES}) >= 4


def test_each_path_of_consent_is_alive_once():
    assert [topic.key for topic in topics() if topic.opt_in is OptIn.SINGLE] == ["restock"]
    assert [topic.minimum_age for topic in topics() if topic.minimum_age] == [18]
    assert [topic.key for topic in topics() if topic.legal_basis is LegalBasis.SOFT_OPT_IN] == ["private-sales"]
    assert {purpose.key: (purpose.legal_basis, purpose.sale_or_sharing) for purpose in GROUP.purposes} == {
        "personalisation": (LegalBasis.CONSENT, False),
        "share-within-group": (LegalBasis.CONSENT, True),
        "analytics": (LegalBasis.LEGITIMATE_INTEREST, False),
    }


def test_the_profile_asks_for_each_kind_once():
    assert [field.kind for field in GROUP.profile] == list(FieldKind)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.slug)
def test_all_text_is_readable_in_both_schemes(site):
    for palette in (site.theme.light, site.theme.dark):
        for background in (palette.paper, palette.surface):
            assert all(contrast(text, background) >= AA for text in (palette.ink, palette.muted, palette.highlight))
        assert contrast(palette.on_accent, palette.accent) >= AA


def test_no_house_wears_the_look_of_another():
    assert len({house.theme.shape for house in HOUSES}) == len(HOUSES)
    assert len({house.theme.light.paper + house.theme.light.accent for house in HOUSES}) == len(HOUSES)


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.slug)
def test_each_box_says_its_topic_and_how_in_each_language(house):
    for locale in house.locales:
        for topic in house.topics:
            for channel in topic.channels:
                said = wording.statement(house, topic, Channel(channel), locale)
                assert topic.name[locale] in said
                assert wording.channel_words(channel, locale) in said
                assert said.endswith("。" if locale == "zh_Hans" else ".")


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.slug)
def test_nothing_is_left_in_english(site):
    for locale in site.locales[1:]:
        pairs = zip(texts(site, "en"), texts(site, locale), strict=True)
        assert [english for english, said in pairs if english == said] == []


@pytest.mark.parametrize("site", [site for site in SITES if "fr" in site.locales], ids=lambda site: site.slug)
def test_french_signs_have_their_narrow_space(site):
    assert [(text, found) for text in texts(site, "fr") if (found := plain_spaces_in_french(text))] == []
    assert [text for text in texts(site, "fr") if "'" in text] == []


@pytest.mark.parametrize("site", [site for site in SITES if "zh_Hans" in site.locales], ids=lambda site: site.slug)
def test_chinese_signs_are_full_width(site):
    assert [(text, found) for text in texts(site, "zh_Hans") if (found := half_width_signs_in_chinese(text))] == []
    assert all(set(text) - set(ascii_letters) for text in texts(site, "zh_Hans"))


@pytest.mark.parametrize("wrong", ["Tu sors ?", "Voici: un mail", "« Les Douze »", "Tu sors\u00a0?"])
def test_a_common_space_in_french_is_found(wrong):
    assert plain_spaces_in_french(wrong)


@pytest.mark.parametrize("wrong", ["好的,请", "好的, 请", "好的.", "请 给我", "好的， 请"])
def test_a_half_width_sign_in_chinese_is_found(wrong):
    assert half_width_signs_in_chinese(wrong)
