"""A house is added by adding a folder: docs/brands.md, followed to the letter, with no change of code."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.branding.loader import BrandError, check, load
from app.commands.brands import brands as command
from app.models import Item
from app.services import items
from tests import api, environments, journeys
from tests.letters import outcome
from tests.post import mails_to

GUIDE = (Path(__file__).parents[2] / "docs" / "brands.md").read_text(encoding="utf-8")
LESSON = GUIDE[GUIDE.index("## A house in ten minutes") : GUIDE.index("## The folder")]
MISTAKES = GUIDE[GUIDE.index("## Mistakes and how they are told") :]
FILE = re.compile(r"\*\*\d\. `(brands/\S+)`\.\*\*(?:(?!\*\*).)*?```\w+\n(.*?)```", re.DOTALL)
TOML, LOGO = dict(FILE.findall(LESSON)).values()
NEEDLESS = {"origins", "frequencies"}
"""What the guide's example says although no house must."""

ANA = api.ANA["email"]


def follow_the_guide(folder):
    """Add the house as the guide says, to a copy of the demonstration group; give the house's own folder."""
    root = folder.parent
    house = root / re.search(r"^mkdir (\S+)$", LESSON, re.MULTILINE)[1]
    house.mkdir()
    for path, text in FILE.findall(LESSON):
        (root / path).write_text(text, encoding="utf-8")
    list_it(house.parent / "group.toml")
    return house


def list_it(group):
    entry = re.search(r"Add `(\S+)` to `brands`", LESSON)[1]
    text = group.read_text(encoding="utf-8")
    group.write_text(re.sub(r"^(brands = \[[^\]]*)", rf"\1, {entry}", text, flags=re.MULTILINE), encoding="utf-8")


def mistakes(folder):
    try:
        check(folder)
    except BrandError as error:
        return error.mistakes
    return ()


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(environments.BRANDS, tmp_path / "brands"))


@pytest.fixture
def house(folder):
    """Give the folder of the new house, with the guide followed to its end."""
    return follow_the_guide(folder)


@pytest.fixture
def env(tmp_path, folder, house, database_urls):
    """Give an environment on the group with the new house in it, deployed as operators are told to."""
    settings = environments.settings_for(tmp_path, brands_dir=folder)
    with environments.rolled_back(settings, database_urls.application, load(folder)) as environment:
        with environment.database.transaction() as session:
            items.sync(session)
        yield environment


def test_the_guide_adds_exactly_one_house_at_the_end(folder):
    before = list(load(folder).brands)
    added = follow_the_guide(folder).name
    assert list(load(folder).brands) == [*before, added]


def test_the_check_for_a_brand_team_passes(folder, house):
    told = CliRunner().invoke(command, ["check", str(folder)])
    assert (told.exit_code, house.name.title() in told.output, "no mistakes" in told.output) == (0, True, True)


def test_its_topics_become_items(env, house):
    with env.database.transaction() as session:
        rows = session.scalars(select(Item).where(Item.brand == house.name, Item.retired_at.is_(None)))
        found = {(row.key, row.channel) for row in rows}
    assert found == {("newsletter", "email"), ("restock", "email"), ("restock", "push")}


def test_its_form_speaks_in_its_own_voice_and_ticks_nothing(client, env, house):
    brand, page = env.group.brands[house.name], client.get(f"/{house.name}/")
    assert page.status_code == 200
    for words in (*(brand.say(key, "en") for key in ("opening", "invitation", "join")), brand.controller.name,
                  LOGO.strip()):  # fmt: skip
        assert words in page.text
    assert "Yes, send me “Nine degrees” by e-mail, about once a month." in re.sub(r"</?span[^>]*>", "", page.text)
    assert set(re.findall(r'name="items" value="([^"]+)"', page.text)) == {"newsletter:email", "restock:email"}
    assert not re.search(r"<input[^>]*\bchecked\b", page.text)


def test_it_wears_its_own_colours_alone_and_beside_the_others(client, env, house):
    theme = env.group.brands[house.name].theme
    own = client.get(re.search(r'href="(/brand/[^"]+)"', client.get(f"/{house.name}/").text)[1]).text
    beside = client.get(f"/brand/{env.group.slug}/theme.css").text
    for sheet in (own, beside):
        mine = sheet[sheet.index(f".theme-{house.name} {{") :]
        light, dark = mine.split("@media (prefers-color-scheme: dark)")[:2]
        assert (f"--accent: {theme.light.accent};" in light, f"--accent: {theme.dark.accent};" in dark) == (True, True)


def test_its_mail_comes_from_it(client, env, house, outbox):
    journeys.sign_up(client, ANA, site=house.name)
    assert outcome(env, outbox, mails_to(env, ANA)[-1]) == ("sent", None)
    mail, brand = outbox.parsed(), env.group.brands[house.name]
    assert mail["From"].addresses[0].addr_spec == brand.sender.address
    assert brand.say("confirm", "en") in mail.get_body(("plain",)).get_content()


def test_it_has_its_section_in_the_centre_of_all_houses(app, client, env, house):
    journeys.subscribe(client, env, ANA)
    folded = client.get("/luxe/preferences").text
    assert re.search(rf"<details[^>]*\btheme-{house.name}\b", folded)
    assert env.group.brands[house.name].say("promise", "en") in folded
    journeys.press(client, site="luxe", set=f"{house.name}:newsletter:email=on")
    assert re.search(rf"<section[^>]*\btheme-{house.name}\b", client.get("/luxe/preferences").text)
    assert journeys.decision(env, ANA, brand=house.name) == "granted"


def test_other_systems_ask_about_its_topics(app, client, env, house):
    headers = api.bearer(app.test_client(), env, house.name)

    def answer():
        found = api.decide(app.test_client(), headers, brand=house.name).json
        return found["allowed"], found["reason"]

    answers = [answer()]
    journeys.sign_up(client, ANA, site=house.name)
    answers.append(answer())
    client.post(journeys.confirmation_path(env, ANA, house.name))
    answers.append(answer())
    assert answers == [(False, "unknown_subject"), (False, "pending"), (True, "granted")]


def test_the_guide_shows_the_least_that_a_house_needs(folder, house):
    """Each line of the example is missed when it is gone, so the example misses none either."""
    file, lines = house / "brand.toml", TOML.splitlines(keepends=True)
    named = [(number, re.match(r"([\w-]+)", line)[1]) for number, line in enumerate(lines) if " = " in line]
    assert len(named) > 40
    not_missed = set()
    for number, key in named:
        file.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
        if not any(mistake.path == file for mistake in mistakes(folder)):
            not_missed.add(key)
    assert not_missed == NEEDLESS


def test_mistakes_are_told_with_file_and_line_as_the_guide_prints_them(folder, house):
    planted = TOML
    for right, wrong in (('muted = "#526478"', 'muted = "#7A8CA0"'), ("\npromise.en", "\npromises.en"),
                         ('["email", "push"]', '["push", "push"]')):  # fmt: skip
        assert right in planted
        planted = planted.replace(right, wrong)
    (house / "brand.toml").write_text(planted, encoding="utf-8")
    told = CliRunner().invoke(command, ["check", str(folder)])
    printed = re.search(r"```\n(.*?)```", MISTAKES, re.DOTALL)[1]
    assert (told.exit_code, told.output.replace(str(folder), "brands")) == (1, printed)


def test_a_house_that_leaves_keeps_its_published_texts(folder):
    """As the guide says: out of `brands`, and without its brand.toml."""
    group = folder / "luxe" / "group.toml"
    group.write_text(group.read_text(encoding="utf-8").replace('"kestrel-row", ', ""), encoding="utf-8")
    (folder / "luxe" / "kestrel-row" / "brand.toml").unlink()
    assert not mistakes(folder)
    shutil.rmtree(folder / "luxe" / "kestrel-row")
    assert {"bring it back" in mistake.message for mistake in mistakes(folder)} == {True}
