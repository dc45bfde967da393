"""Web fonts: light, with all our letters, and gone without a trace where nothing can make them."""

import io
import json
import re
import shutil
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from fontTools.ttLib import TTFont

from app.branding import foundry
from app.branding.fonts import DISPLAY, MANIFEST, Cut, Typefaces, cuts, first_family, with_stand_ins
from app.branding.loader import load
from app.branding.theme import stylesheet
from app.commands import typefaces
from app.commands.brands import brands as command
from tests import environments

GROUP = load(environments.BRANDS)
SITES = [GROUP, *GROUP.brands.values()]
SHEET = Path(__file__).parents[2] / "app/static/css/parley.css"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with all faces; making them takes seconds."""
    folder = tmp_path_factory.mktemp("fonts")
    foundry.build(folder, SITES)
    return folder


@pytest.fixture
def faces(folder):
    return Typefaces.read(folder)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.slug)
def test_a_house_has_three_faces_of_at_most_40_kilobytes(site, faces, folder):
    found = faces.of(site.theme)
    assert [face.cut for face in found] == list(cuts(site.theme))
    assert len(found) == 3
    assert sum((folder / face.file).stat().st_size for face in found) == foundry.require_light(site, faces)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.slug)
def test_every_face_has_our_letters_and_takes_one_height_on_every_system(site, faces, folder):
    for face in faces.of(site.theme):
        with TTFont(folder / face.file) as font:
            letters, lines, os2 = font.getBestCmap(), font["hhea"], font["OS/2"]
            assert [letter for letter in "éßœ€ïÀçÜ“”’–…" if ord(letter) not in letters] == []
            assert ord("Ж") not in letters
            told = {(lines.ascent, lines.descent), (os2.sTypoAscender, os2.sTypoDescender),
                    (os2.usWinAscent, -os2.usWinDescent)}  # fmt: skip
            assert len(told) == 1


def test_small_capitals_and_figures_in_columns_stay_where_the_shape_wants_them():
    small, _ = foundry.pack(Cut("Source Serif Pro", features=("smcp",)))
    plain, _ = foundry.pack(Cut("Source Serif Pro"))
    with TTFont(io.BytesIO(small)) as font:
        assert "smcp" in {each.FeatureTag for each in font["GSUB"].table.FeatureList.FeatureRecord}
    assert len(small) > len(plain)


def test_a_face_is_the_same_bytes_each_time():
    cut = Cut("Fjalla One", is_capitals=True)
    assert foundry.pack(cut) == foundry.pack(cut)


def test_stand_ins_take_the_room_of_the_face(faces):
    for face in {face.digest: face for site in SITES for face in faces.of(site.theme)}.values():
        assert face.stand_ins
        for each in face.stand_ins:
            assert 60 < each.size < 120
            # What ascends and descends is told of the stretched face; unstretched it is the height of ours.
            assert 1.1 < (each.ascent + each.descent + each.gap) * each.size / 10_000 < 1.5
    lato, bold = faces.faces["Lato/400"], faces.faces["Lato/700"]
    assert [each.name for each in lato.stand_ins] == ["Lato by Arial", "Lato by Roboto", "Lato by DejaVu"]
    assert lato.stand_ins[0].size > bold.stand_ins[0].size, "bold faces of Arial are wider than those of Lato"


def test_the_stylesheet_declares_the_faces_and_puts_stand_ins_behind_them(faces):
    css = stylesheet(GROUP.brands["camille"], faces)
    serif = faces.of(GROUP.brands["camille"].theme)[0]
    assert f'src: url("../fonts/{serif.digest}.woff2") format("woff2"); font-display: swap;' in css
    assert 'local("Times New Roman")' in css
    assert re.search(r"size-adjust: [\d.]+%; ascent-override: [\d.]+%; descent-override: [\d.]+%", css)
    assert '--display: "Source Serif Pro", "Source Serif Pro by Times", "Source Serif Pro by DejaVu", ' in css
    assert css == stylesheet(GROUP.brands["camille"], faces)


def test_the_stylesheet_of_the_group_declares_its_own_faces_alone(faces):
    css = stylesheet(GROUP, faces)
    declared = set(re.findall(r'font-family: "([^"]+)"; font-style: \w+; font-weight: [\d ]+; src: url', css))
    assert declared == {first_family(GROUP.theme.display), first_family(GROUP.theme.text)}
    assert 'Caladea, Cambria, "Hoefler Text"' in css


def test_without_faces_the_stacks_are_as_the_brand_wrote_them():
    css = stylesheet(GROUP.brands["camille"])
    assert f"--display: {GROUP.brands['camille'].theme.display};" in css
    assert "@font-face" not in css


def test_the_weights_are_those_of_the_sheet():
    sheet = SHEET.read_text(encoding="utf-8")
    weights = dict(re.findall(r"^\.shape-(\w+) \{[^}]*--head-weight: (\d+)", sheet, re.MULTILINE))
    assert {shape: int(weight) for shape, weight in weights.items()} == {
        shape: wanted["weight"] for shape, wanted in DISPLAY.items()
    }


def test_one_family_for_headings_and_text_has_two_faces():
    theme = GROUP.theme.model_copy(update={"display": "Lato, sans-serif", "text": "Lato, sans-serif"})
    assert [cut.weight for cut in cuts(theme)] == [400, 700]
    assert with_stand_ins("serif", []) == "serif"


def test_making_again_makes_nothing_and_a_lost_file_is_made_again(folder, faces):
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert foundry.build(folder, SITES) == faces
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    lost = folder / faces.faces["Lato/400"].file
    lost.unlink()
    assert "Lato/400" not in Typefaces.read(folder).faces
    foundry.build(folder, SITES)
    assert lost.is_file()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")], "no drafts are left behind"


def test_faces_made_by_another_recipe_are_made_again(folder, faces):
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "recipe": "old"}))
    assert foundry.build(folder, SITES).recipe == faces.recipe


def test_too_heavy_faces_are_refused(folder, monkeypatch):
    monkeypatch.setattr(foundry, "HEAVIEST_BYTES", 20_000)
    told = r"Folie Douze: its faces weigh \d+ bytes together; 20000 is the most"
    with pytest.raises(foundry.TooHeavy, match=told):
        foundry.build(folder / "again", [GROUP.brands["folie-douze"]])
    assert not (folder / "again" / MANIFEST).exists()
    with pytest.raises(click.ClickException, match=told):
        typefaces.make(folder / "again", [GROUP.brands["folie-douze"]])


@pytest.mark.parametrize("family", ["Comic Sans MS", "serif", ""])
def test_an_unknown_family_is_rejected(family):
    with pytest.raises(foundry.UnknownFamily, match="no open typeface"):
        foundry.source(Cut(family))


def test_a_family_that_is_not_installed_is_left_to_the_readers_system(tmp_path, monkeypatch):
    away = replace(foundry.FAMILIES["Fjalla One"], package="font_nobody_has")
    monkeypatch.setitem(foundry.FAMILIES, "Fjalla One", away)
    with pytest.raises(PackageNotFoundError):
        version("font_nobody_has")
    folie = GROUP.brands["folie-douze"]
    made = foundry.build(tmp_path, [folie])
    assert [face.cut.family for face in made.of(folie.theme)] == ["Lato", "Lato"]
    assert "Fjalla One as the reader's system has it" in typefaces.summary(folie, made)
    assert f"--display: {folie.theme.display};" in stylesheet(folie, made)


@pytest.mark.parametrize(
    "spoilt", ["", "{", "[]", "{}", '{"recipe": "", "faces": {"a": {}}}', '{"recipe": 1, "faces": 7}']
)
def test_a_spoilt_manifest_is_as_good_as_none(tmp_path, spoilt):
    (tmp_path / MANIFEST).write_text(spoilt)
    assert Typefaces.read(tmp_path) == Typefaces()


def test_only_what_is_a_digest_of_ours_leads_to_a_file(faces, folder):
    ours = faces.faces["Lato/400"].digest
    assert faces.path(ours) == folder / f"{ours}.woff2"
    for other in ("0" * 32, "../secrets", ours.upper(), f"{ours}\n", ""):
        assert faces.path(other) is None
    assert Typefaces().path(ours) is None


def test_the_command_tells_what_each_house_is_set_in(tmp_path, folder):
    shutil.copytree(folder, tmp_path / "fonts")
    told = CliRunner().invoke(command, ["build", str(environments.BRANDS), "--instance", str(tmp_path)])
    assert told.exit_code == 0
    assert len(told.output.splitlines()) == len(SITES)
    assert "Maison Brume: Caladea 400 italic, Lato 400, Lato 700; " in told.output
    assert Typefaces.read(tmp_path / "fonts").faces


def test_without_the_font_tools_the_command_fails_and_the_start_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "app.branding.foundry", None)
    monkeypatch.delattr("app.branding.foundry", raising=False)
    told = CliRunner().invoke(command, ["build", str(environments.BRANDS), "--instance", str(tmp_path)])
    assert told.exit_code == 1
    assert "font tools are not installed" in told.output
    typefaces.prepare(environments.settings_for(tmp_path))
    assert "font tools are not installed" in capsys.readouterr().err
    assert Typefaces.read(tmp_path / "fonts") == Typefaces()


def test_a_start_makes_what_is_missing_and_minds_neither_mistakes_nor_a_full_disk(tmp_path, monkeypatch, capsys):
    settings = environments.settings_for(tmp_path)
    typefaces.prepare(settings)
    assert Typefaces.read(settings.fonts_path).of(GROUP.theme)
    typefaces.prepare(environments.settings_for(tmp_path, brands_dir=tmp_path / "nowhere"))
    assert capsys.readouterr().err == "", "the server tells of mistakes in the folder"
    (tmp_path / "file").touch()
    typefaces.prepare(environments.settings_for(tmp_path / "file"))
    assert "No web fonts could be made in" in capsys.readouterr().err
