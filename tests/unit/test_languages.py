"""Which language fits a wish, what languages are called, and that houses say everything in each of theirs."""

from __future__ import annotations

import pytest

from app.branding.languages import autonym, best, called, match, tag

LONG = 30
"""Letters from which on two languages don't say the same by chance, as they do with names."""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("fr", "fr"), ("FR", "fr"), ("fr-CA", "fr"), ("fr_FR", "fr"), ("de-AT", "de"), ("de-1996", "de"),
        ("zh", "zh_Hans"), ("zh-CN", "zh_Hans"), ("zh-Hans", "zh_Hans"), ("zh-Hans-CN", "zh_Hans"),
        ("zh-TW", None), ("zh-Hant", None), ("zh-HK", None), ("en-US-u-hc-h12", "en"),
        ("it", None), ("french", None), ("*", None), ("", None), (None, None), ("fr" * 5_000, None),
    ],
)  # fmt: skip
def test_a_tag_fits_by_language_and_script(wanted, found):
    assert match(wanted, ("en", "fr", "de", "zh_Hans")) == found


def test_the_best_fits_the_first_wish_that_any_fits():
    assert best(["it", "de", "fr"], ("en", "fr", "de")) == "de"
    assert best(["it"], ("en", "fr")) is None


def test_languages_are_named_by_those_who_speak_them():
    assert [autonym(each) for each in ("en", "fr", "de", "zh_Hans")] == ["English", "Français", "Deutsch", "简体中文"]
    assert tag("zh_Hans") == "zh-Hans"
    assert [called("de", each) for each in ("en", "fr", "zh_Hans")] == ["German", "Allemand", "德语"]


def sayings(site):
    """Give all that a site says, as words by language under the place where they stand."""
    yield from (("words", key, words) for key, words in site.words.items())
    for thing in (*getattr(site, "topics", ()), *site.purposes):
        yield from (("name", thing.key, thing.name), ("description", thing.key, thing.description))
    for document in site.documents:
        yield "title", document.slug, document.title
        yield from (("text", document.slug, version.texts) for version in document.versions)


def unsaid(locales, said):
    """Tell what is missing in a language, or is in two languages the same."""
    for kind, key, words in said:
        missing = set(locales) ^ set(words)
        if missing:
            yield f"{kind} {key}: {sorted(missing)}"
        if any(len(text) > LONG for text in words.values()) and len(set(words.values())) < len(words):
            yield f"{kind} {key}: the same in two languages"


def test_every_house_says_everything_in_each_of_its_languages(group):
    for site in (group, *group.brands.values()):
        said = list(sayings(site))
        assert len(said) > 10
        assert list(unsaid(site.locales, said)) == [], site.slug


@pytest.mark.parametrize(
    "words",
    [
        {"en": "Letters, when there is something worth saying."},
        {"en": "Letters", "fr": "Lettres", "de": "Briefe"},
        {
            "en": "Letters, when there is something worth saying.",
            "fr": "Letters, when there is something worth saying.",
        },
    ],
)
def test_words_that_are_missing_or_were_only_copied_are_found(words):
    assert len(list(unsaid(("en", "fr"), [("words", "opening", words)]))) == 1
