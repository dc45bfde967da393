"""Documents on their pages: all versions, what differs between two, and no start on a text that was changed."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta

import pytest
from click.testing import CliRunner

from app.branding.loader import BrandError
from app.cli import main
from app.environment import read_group
from tests import environments
from tests.documents import published, today, version, with_version

PAGE = "/luxe/documents/privacy"
SOON = timedelta(days=20)


@pytest.fixture
def announced(env, app, group):
    """Let the notice be announced to change, in English and German."""
    text = group.document("privacy").versions[0].texts["en"].replace("thirty days", "sixty days")
    new = version(today() + SOON, en=text, de="Andere Worte.\n")
    with published(env, with_version(group, new), app):
        yield f"{PAGE}?version={new.version}"


def test_the_page_lists_all_versions_and_leads_to_what_changed(client, announced):
    page = client.get(PAGE).text
    assert "after thirty days" in page
    assert f'href="{announced}&amp;against=2026-01-15"' in page
    assert "In force from" in client.get(announced).text
    assert "<table>" in page


def test_what_changed_is_marked_and_said(client, announced):
    page = re.sub(r"\s+", " ", client.get(f"{announced}&against=2026-01-15").text)
    removed = re.search(r'<p class="fate">No longer there:</p><del>(.*?)</del>', page)[1]
    added = re.search(r'<p class="fate">New:</p><ins>(.*?)</ins>', page)[1]
    assert "after thirty days" in removed
    assert "after sixty days" in added
    assert page.count("<del>") == page.count("<ins>") == 1


def test_two_versions_are_compared_in_a_language_of_both(client, announced):
    page = client.get(f"{announced}&against=2026-01-15&lang=fr").text
    assert "Affiché en anglais" in page
    assert 'class="prose difference" lang="en"' in page


@pytest.mark.parametrize("asked", ["&against=2025-01-15", "&against=soon", "&against={new}", "&against=", "x"])
def test_there_is_nothing_to_compare_with_a_version_that_is_not_older(client, announced, asked):
    assert client.get(announced + asked.format(new=announced[-10:])).status_code == 404


def test_versions_without_a_language_in_common_are_not_compared(env, app, client, group):
    new = version(today() + SOON, nl="Andere woorden.\n")
    new = new.model_copy(update={"texts": {"nl": "Andere woorden.\n"}})
    with published(env, with_version(group, new), app):
        assert "against=" not in client.get(PAGE).text
        assert client.get(f"{PAGE}?version={new.version}&against=2026-01-15").status_code == 404


@pytest.fixture
def changed(tmp_path):
    """Give a brand folder in which a published text was changed."""
    folder = shutil.copytree(environments.BRANDS, tmp_path / "brands")
    text = folder / "luxe" / "documents" / "privacy" / "2026-01-15.en.md"
    text.write_text(text.read_text(encoding="utf-8").replace("thirty days", "sixty days"), encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", ["serve", "courier"])
def test_nothing_starts_on_a_published_text_that_was_changed(changed, tmp_path, command):
    settings = {"PARLEY_BRANDS_DIR": str(changed), "PARLEY_INSTANCE": str(tmp_path), "PARLEY_ENV": "development",
                "DATABASE_URL": environments.NOWHERE, "PORT": "0"}  # fmt: skip
    told = CliRunner().invoke(main, [command], env=settings)
    assert told.exit_code == 1
    assert "luxe/documents/privacy/2026-01-15.en.md:1: was published and has changed since" in told.output


def test_in_production_nothing_starts_on_words_that_may_still_change(tmp_path):
    folder = shutil.copytree(environments.BRANDS, tmp_path / "brands")
    for text in (folder / "luxe" / "documents" / "privacy").glob("2026-01-15.*"):
        new = text.read_text(encoding="utf-8").replace("effective = 2026-01-15", "effective = 2027-06-01")
        text.with_name(text.name.replace("2026-01-15", "2027-06-01")).write_text(new, encoding="utf-8")
    settings = environments.settings_for(tmp_path, brands_dir=folder)
    assert len(read_group(settings).document("privacy").versions) == 2
    with pytest.raises(BrandError, match="is not published yet"):
        read_group(settings.model_copy(update={"environment": "production"}))
