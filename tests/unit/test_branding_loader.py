"""The loader reads the demonstration group, and names file and line of whatever is wrong with it."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.branding.loader import BrandError, check, load
from app.branding.models import Channel, LegalBasis, OptIn
from app.commands.brands import brands as command

BRANDS = Path(__file__).parents[2] / "brands"
BRAND = "luxe/camille/brand.toml"
GROUP = "luxe/group.toml"
LOGO = "luxe/camille/logo.svg"
TERMS = "luxe/camille/documents/terms/2026-01-15.en.md"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(BRANDS, tmp_path / "brands"))


def plant(path, old, new):
    """Put a mistake in place of `old`; give the line it stands on."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def mistakes(folder, read=load):
    with pytest.raises(BrandError) as caught:
        read(folder)
    return [(m.path.relative_to(folder).as_posix(), m.line, m.message) for m in caught.value.mistakes]


def test_the_demonstration_group_has_no_mistakes_and_every_text_is_published():
    group = check(BRANDS)
    assert group.slug == "luxe"
    assert next(iter(group.brands)) == "camille"
    assert group.document("privacy") is not None
    assert group.document("terms") is not None
    assert group.brands["camille"].document("terms") is not None
    assert all(brand.logo.startswith("<svg") for brand in group.brands.values())


def test_every_path_of_consent_is_alive_in_the_demonstration():
    topics = [topic for brand in load(BRANDS).brands.values() for topic in brand.topics]
    assert [topic.key for topic in topics if topic.opt_in is OptIn.SINGLE] == ["restock"]
    assert any(topic.minimum_age for topic in topics)
    assert any(topic.legal_basis is LegalBasis.SOFT_OPT_IN for topic in topics)
    assert {Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST, Channel.PUSH} <= {
        channel for topic in topics for channel in topic.channels
    }


def test_what_was_read_is_frozen():
    group = load(BRANDS)
    with pytest.raises(ValueError, match="frozen"):
        group.name = "Other"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (BRAND, 'slug = "camille"', 'slug = "camila"', "the folder is camille"),
        (BRAND, 'slug = "camille"', "slug = ", "is no TOML"),
        (BRAND, "confirmation_days = 7", "confirmation_days = 90", "confirmation_days"),
        (BRAND, "confirmation_days = 7", "confirmation_day = 7", "no such key"),
        (BRAND, "confirmation_days = 7", 'logo = "<svg/>"', "comes from files"),
        (BRAND, '["https://camille.example.com"', '["https://camille.example.com/shop"', "is no origin"),
        (BRAND, '["https://camille.example.com"', '["http://camille.example.com"', "is no origin"),
        (BRAND, '["https://camille.example.com"', '["https://camille.example.com:443"', "is no origin"),
        (BRAND, 'address = "letters@camille.example.com"', 'address = "letters"', "sender.address"),
        (BRAND, 'ink = "#211B17"', 'ink = "#998877"', "ink on paper has a contrast of"),
        (BRAND, 'muted = "#B9A899"', 'muted = "#5A5048"', "dark: muted on paper"),
        (BRAND, 'accent = "#A8452E"', 'accent = "red"', "theme.light.accent"),
        (BRAND, 'display = \'"Source Serif Pro"', 'display = \'"Source;} body{"', "theme.display"),
        (BRAND, 'consent.en = "Yes, send me “{topic}” {how}."', 'consent.en = "Yes, {topic}."', "{topic} and {how}"),
        (BRAND, 'opening.en = "Letters', 'opening.en = "{Letters', "lone brace"),
        (BRAND, 'opening.en = "', 'opening.es = "', "has no words in en"),
        (BRAND, 'opening.fr = "', 'opening.es = "', "es is not among the site's locales"),
        (BRAND, 'name.en = "Private sales"', 'name.es = "Ventas privadas"', "topics.2.name has no words in en"),
        (BRAND, 'key = "private-sales"', 'key = "newsletter"', "appears twice"),
        (BRAND, 'frequencies = ["weekly", "monthly"]', 'frequencies = ["weekly", "often"]', "topics.0.frequencies.1"),
        (BRAND, 'frequencies = ["weekly", "monthly"]', 'frequencies = ["weekly", "weekly"]', "frequency twice"),
        (BRAND, 'channels = ["email", "post"]', 'channels = ["email", "pigeon"]', "topics.1.channels.1"),
        (BRAND, 'channels = ["email", "post"]', 'channels = ["email", "email"]', "a channel twice"),
        (BRAND, 'legal_basis = "soft_opt_in"', 'legal_basis = "contract"', "not among the bases"),
        (GROUP, '"folie-douze", ', "", "folie-douze has a folder"),
        (GROUP, '"folie-douze", ', '"folie-douze", "nowhere", ', "nowhere is listed"),
        (GROUP, '"folie-douze", ', '"folie-douze", "camille", ', "twice"),
        (GROUP, 'kind = "date"', 'kind = "day"', "profile.1.kind"),
        (GROUP, 'kind = "date"', 'type = "date"', "no such key"),
        (GROUP, 'key = "birthday"', 'key = "name"', "name appears twice"),
        (GROUP, 'key = "birthday"', 'key = "Birthday"', "profile.1.key"),
        (GROUP, 'label.en = "Your birthday"', 'label.es = "Su cumpleaños"', "profile.1.label has no words in en"),
        (GROUP, 'label.fr = "Votre anniversaire"', 'label.es = "Cumpleaños"', "es is not among the site's locales"),
        (GROUP, 'purpose.en = "So that pages', 'purpose.es = "So that pages', "profile.6.purpose has no words in en"),
        (GROUP, 'kind = "choices"', 'kind = "name"', "belong to a field of kind choices"),
        (GROUP, 'kind = "channel"', 'kind = "choices"', "belong to a field of kind choices"),
        (GROUP, 'key = "leather"', 'key = "clothes"', "clothes appears twice"),
        (GROUP, 'name.en = "Scent"', 'name.es = "Perfume"', "profile.4.choices.2.name has no words in en"),
        (BRAND, "confirmation_days = 7", "profile = []", "no such key"),
        (GROUP, "brands = [", 'brands = "camille" # [', "must list"),
        (LOGO, '  <g fill="currentColor"', '  <script/><g fill="currentColor"', "<script>"),
        (LOGO, '  <g fill="currentColor"', '  <style/><g fill="currentColor"', "<style>"),
        (LOGO, '  <g fill="currentColor"', '  <g style="fill:red"', "attribute style"),
        (LOGO, '  <g fill="currentColor"', '  <g onclick="x()"', "attribute onclick"),
        (LOGO, '  <g fill="currentColor"', '  <g fill="url(https://example.com/a)"', "outside of the logo"),
        (LOGO, '  <g fill="currentColor"', '  <image href="https://example.com/a"/><g', "<image>"),
        (LOGO, ' viewBox="', ' x="', "viewBox"),
        (LOGO, "<svg ", "<!DOCTYPE svg><svg ", "document type"),
        (LOGO, "<svg ", "<?xml-stylesheet href='x'?><svg ", "processing instruction"),
        (LOGO, 'xmlns="http://www.w3.org/2000/svg"', 'xmlns="http://www.w3.org/1999/xhtml"', "needs xmlns"),
    ],
)
def test_a_mistake_names_its_file_and_line(folder, file, old, new, said):
    line = plant(folder / file, old, new)
    found = mistakes(folder)
    assert any(where == file and at == line and said in message for where, at, message in found), found


@pytest.mark.parametrize("kind", ["address", "language"])
def test_letters_go_to_one_address_and_an_account_reads_one_language(folder, kind):
    plant(folder / GROUP, 'kind = "name"', f'kind = "{kind}"')
    line = (folder / GROUP).read_text(encoding="utf-8").rpartition(f'kind = "{kind}"')[0].count("\n") + 1
    assert (GROUP, line, f"there can be one field of kind {kind} alone") in mistakes(folder)


def test_a_missing_key_is_told_at_the_table_that_lacks_it(folder):
    plant(folder / BRAND, 'country = "FR"\n', "")
    line = (folder / BRAND).read_text().splitlines().index("[controller]") + 1
    assert mistakes(folder) == [(BRAND, line, "controller.country: Field required")]


def test_missing_words_say_what_they_are_for(folder):
    brand = folder / BRAND
    brand.write_text(brand.read_text(encoding="utf-8").replace("goodbye.", "good-bye."), encoding="utf-8")
    [(_, _, message)] = mistakes(folder)
    assert message.startswith("[words.goodbye] is missing: after leaving")


def test_all_mistakes_are_told_at_once(folder):
    plant(folder / BRAND, 'ink = "#211B17"', 'ink = "#998877"')
    plant(folder / "luxe/folie-douze/brand.toml", 'key = "drops"', 'key = "newsletter"')
    plant(folder / LOGO, "<svg ", "<svg onload='x()' ")
    assert {where for where, _, _ in mistakes(folder)} == {BRAND, LOGO, "luxe/folie-douze/brand.toml"}


@pytest.mark.parametrize("slug", ["console", "api", "static"])
def test_a_brand_cannot_take_the_name_of_a_route(folder, slug):
    (folder / "luxe/camille").rename(folder / "luxe" / slug)
    plant(folder / GROUP, '"camille"', f'"{slug}"')
    line = plant(folder / "luxe" / slug / "brand.toml", 'slug = "camille"', f'slug = "{slug}"')
    assert (f"luxe/{slug}/brand.toml", line) in [found[:2] for found in mistakes(folder)]


def test_a_brand_cannot_take_the_name_of_the_group(folder):
    (folder / "luxe/camille").rename(folder / "luxe/luxe")
    plant(folder / GROUP, '"camille"', '"luxe"')
    plant(folder / "luxe/luxe/brand.toml", 'slug = "camille"', 'slug = "luxe"')
    assert "luxe is also one of the brands" in [message for _, _, message in mistakes(folder)]


def test_a_site_group_must_be_there_and_be_the_only_one(folder, tmp_path):
    with pytest.raises(BrandError, match=r"no folder with a group\.toml"):
        load(tmp_path / "empty")
    shutil.copytree(folder / "luxe", folder / "other")
    with pytest.raises(BrandError, match=r"several site groups \(luxe, other\)"):
        load(folder)


def test_a_missing_or_misencoded_file_is_named(folder):
    (folder / LOGO).unlink()
    (folder / BRAND).write_bytes(b'slug = "camille"\nname = "\xff"\n')
    assert mistakes(folder) == [(BRAND, 2, "is not UTF-8")]
    (folder / GROUP).write_text("slug = \n", encoding="utf-8")
    assert mistakes(folder)[0][:2] == (GROUP, 1)


@pytest.mark.parametrize("change", ["words", "matter"])
def test_a_published_text_cannot_change(folder, change):
    old, new = {
        "words": ("twelve chairs", "ten chairs"),
        "matter": ('title = "Terms', 'title = "Rules'),
    }[change]
    plant(folder / TERMS, old, new)
    [(where, line, message)] = mistakes(folder)
    assert (where, line) == (TERMS, 1)
    assert "put the new words into a new version" in message


def test_a_published_text_cannot_vanish(folder):
    (folder / TERMS).unlink()
    found = mistakes(folder)
    assert any(where == "luxe/published.toml" and "bring it back" in message for where, _, message in found)


def test_a_version_may_not_come_into_force_before_the_one_it_follows(folder):
    for path in (folder / TERMS).parent.glob("2026-01-15.*"):
        text = path.read_text(encoding="utf-8").replace("effective = 2026-01-15", "effective = 2026-01-14")
        path.with_name(path.name.replace("2026-01-15", "2027-01-01")).write_text(text, encoding="utf-8")
    assert any("effective is before that of 2026-01-15" in message for _, _, message in mistakes(folder))


def test_other_line_ends_are_not_a_change(folder):
    path = folder / TERMS
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder).brands["camille"].document("terms")


def test_a_new_version_loads_as_a_draft_but_goes_live_only_when_published(folder):
    new = [path.with_name(path.name.replace("2026-01-15", "2027-01-01")) for path in (folder / TERMS).parent.iterdir()]
    for path in new:
        text = path.with_name(path.name.replace("2027-01-01", "2026-01-15")).read_text(encoding="utf-8")
        path.write_text(text.replace("effective = 2026-01-15", "effective = 2027-02-01"), encoding="utf-8")
    assert len(load(folder).brands["camille"].document("terms").versions) == 2
    found = mistakes(folder, check)
    assert sorted((where, line) for where, line, _ in found) == sorted(
        (path.relative_to(folder).as_posix(), 1) for path in new
    )
    assert all("parley brands publish" in message for _, _, message in found)
    assert CliRunner().invoke(command, ["publish", str(folder)]).exit_code == 0
    check(folder)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("+++\ntitle", "title", 1, "must start with"),
        ("effective = 2026-01-15", 'effective = "soon"', 3, "effective"),
        ("effective = 2026-01-15", "effective = ", 3, "is no TOML"),
        ("title = ", "titel = ", 2, "titel"),
    ],
)
def test_a_mistake_above_a_text_names_its_line(folder, old, new, line, said):
    new_version = folder / TERMS.replace("2026-01-15", "2027-01-01")
    new_version.write_text((folder / TERMS).read_text().replace(old, new, 1))
    where = new_version.relative_to(folder).as_posix()
    found = mistakes(folder)
    assert any((file, at) == (where, line) and said in message for file, at, message in found), found


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("latest.en.md", "x", "must be named"),
        ("2026-13-45.en.md", "x", "is no date"),
        ("2027-01-01.en.md", '+++\ntitle = "T"\neffective = 2027-01-01\n+++\n\n', "no words"),
        ("2027-01-01.fr.md", '+++\ntitle = "T"\neffective = 2027-01-01\n+++\n\nMots.\n', "the site speaks"),
        ("2026-01-15.es.md", '+++\ntitle = "T"\neffective = 2027-01-01\n+++\n\nMots.\n', "effective is not what"),
    ],
)
def test_a_text_in_the_wrong_place_or_language_is_a_mistake(folder, name, text, said):
    (folder / TERMS).with_name(name).write_text(text, encoding="utf-8")
    assert any(said in message for _, _, message in mistakes(folder))


def test_a_document_must_be_a_folder_with_texts(folder):
    (folder / "luxe/camille/documents/Cookies").mkdir()
    (folder / "luxe/camille/documents/care").mkdir()
    assert [message for _, _, message in mistakes(folder)] == [
        "is no document: a folder named in lower case, digits and dashes is",
        "holds no text such as 2026-01-15.en.md",
    ]


def test_a_logo_that_is_no_xml_names_its_line(folder):
    (folder / LOGO).write_text("<svg>\n<path>\n</svg>\n")
    assert (LOGO, 3) in [found[:2] for found in mistakes(folder)]


def test_a_missing_logo_is_named(folder):
    (folder / LOGO).unlink()
    assert (LOGO, 1, "is missing") in mistakes(folder)


def test_the_command_prints_mistakes_as_compilers_do(folder):
    line = plant(folder / BRAND, 'slug = "camille"', 'slug = "camila"')
    outcome = CliRunner().invoke(command, ["check", str(folder)])
    assert outcome.exit_code == 1
    assert outcome.output.startswith(f"{folder / BRAND}:{line}: slug is camila")


def test_the_command_sums_up_what_is_right():
    outcome = CliRunner().invoke(command, ["check", str(BRANDS)])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.startswith("LÜXE: 7 brands (Camille, Maison Brume, Ostra, Vantour, Folie Douze, ")


def test_publishing_twice_changes_nothing(folder):
    before = (folder / "luxe/published.toml").read_bytes()
    assert "nothing new" in CliRunner().invoke(command, ["publish", str(folder)]).output
    assert (folder / "luxe/published.toml").read_bytes() == before
