"""Makes web fonts of the open typefaces that are installed as packages (the extra `fonts`).

Each is cut down to the letters of our languages with Latin script and packed as WOFF2. Nothing of the typefaces is in
this repository. Import it late: font tools are heavy, and only those who make faces have them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from app.branding.fonts import MANIFEST, Cut, Face, StandIn, Typefaces, cuts
from app.branding.models import Site

HEAVIEST_BYTES = 40_000
"""Most that all faces of a house may weigh together."""

LETTERS = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "ÀÂÄÆÇÈÉÊËÎÏÔÖÙÛÜŸŒßẞàâäæçèéêëîïôöùûüÿœÁÍÑÓÚÅØáíñóúåø"  # French and German, and names from next door
    + "¡¿«»“”‘’‚„‹›–—‐‑…·•€£©®°×−→\u00a0\u2009\u202f"
)
FEATURES = ("kern", "liga")

USE_TYPO_METRICS = 1 << 7


class UnknownFamily(Exception):
    """No open typeface of this name is installed, or none that we know how to find."""


class TooHeavy(Exception):
    """The faces of a house weigh more than its pages can carry."""


@dataclass(frozen=True, slots=True)
class Family:
    """Where the files of a typeface lie: in the folder `files` of a package, `{stem}-{style}.{suffix}`."""

    package: str
    stem: str
    styles: dict[int, str]
    """By weight."""
    suffix: str = "ttf"
    italics: dict[int, str] | None = None
    is_serif: bool = False

    def path(self, cut: Cut) -> Path | None:
        """Find the file nearest in weight to `cut`; there is none unless the package is installed."""
        spec = find_spec(self.package)
        styles = (self.italics or self.styles) if cut.is_italic else self.styles
        name = f"{self.stem}-{styles[min(styles, key=lambda weight: abs(weight - cut.weight))]}.{self.suffix}"
        folders = spec.submodule_search_locations if spec else None
        return next((path for folder in folders or () if (path := Path(folder) / "files" / name).is_file()), None)


FAMILIES = {
    "Caladea": Family("font_caladea", "Caladea", {400: "Regular", 700: "Bold"}, italics={400: "Italic"}, is_serif=True),
    "Fjalla One": Family("font_fjallaone", "FjallaOne", {400: "Regular"}),
    "Hanken Grotesk": Family(
        "font_hanken_grotesk", "HankenGrotesk", {300: "Light", 400: "Regular", 600: "SemiBold", 700: "Bold"}, "otf"
    ),
    "Lato": Family("font_lato", "Lato", {300: "Light", 400: "Regular", 700: "Bold"}, italics={400: "Italic"}),
    "Manrope": Family("font_manrope", "Manrope", {300: "Light", 400: "Regular", 600: "SemiBold", 700: "Bold"}),
    "Red Hat Display": Family(
        "font_rhd", "RedHatDisplay", {400: "Regular", 500: "Medium", 600: "SemiBold", 700: "Bold"},
        italics={400: "Italic"},
    ),
    "Source Serif Pro": Family(
        "font_source_serif_pro", "SourceSerifPro", {300: "Light", 400: "Regular", 600: "Semibold", 700: "Bold"},
        italics={400: "It"}, is_serif=True,
    ),
}  # fmt: skip

SAMPLE = (
    "Letters from the atelier when there is something worth saying and a quiet word before each season "
    "Une seule lettre par saison et jamais le dimanche pour vous dire ce que nous cousons "
    "Neue Briefe aus der Werkstatt wenn es etwas zu sagen gibt und sonst lassen wir Sie in Ruhe"
)
"""What widths are measured on."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Faces of one width that many systems have, as `local()` finds them, and the mean advance of SAMPLE in ems.

    Measured on the font files of DejaVu and Roboto. Arial and its kin have the advances of Helvetica, and Times New
    Roman those of Times, which Adobe publishes (AFM, core 14 fonts).
    """

    name: str
    sources: tuple[str, ...]
    mixed: float
    capitals: float


SANS = (
    Reference("Arial", ("Arial", "Helvetica", "Liberation Sans", "Arimo"), 0.4534, 0.5988),
    Reference("Roboto", ("Roboto", "Roboto-Regular"), 0.4513, 0.5487),
    Reference("DejaVu", ("DejaVu Sans",), 0.5143, 0.6032),
)
SANS_BOLD = (
    Reference("Arial", ("Arial Bold", "Arial-BoldMT", "Helvetica-Bold", "Liberation Sans Bold"), 0.4865, 0.6042),
    Reference("Roboto", ("Roboto Bold", "Roboto-Bold"), 0.4572, 0.5550),
    Reference("DejaVu", ("DejaVu Sans Bold",), 0.5800, 0.6708),
)
SERIF = (
    Reference("Times", ("Times New Roman", "TimesNewRomanPSMT", "Liberation Serif", "Tinos"), 0.4057, 0.5750),
    Reference("DejaVu", ("DejaVu Serif",), 0.5206, 0.6657),
)
SERIF_ITALIC = (
    Reference("Times", ("Times New Roman Italic", "TimesNewRomanPS-ItalicMT", "Times Italic"), 0.4072, 0.5476),
    Reference("DejaVu", ("DejaVu Serif Italic",), 0.5206, 0.6657),
)


def build(folder: Path, sites: Sequence[Site]) -> Typefaces:
    """Make what `folder` lacks of the sites' faces, and give them all. Cheap when nothing is missing.

    Families that are unknown or not installed are left to the reader's system. Several processes may build at once:
    a file appears whole under its digest, the manifest last. Raises `TooHeavy`.
    """
    wanted = {cut.key: cut for site in sites for cut in cuts(site.theme) if _is_there(cut)}
    recipe, kept = _recipe(wanted.values()), Typefaces.read(folder)
    if kept.recipe == recipe and kept.faces.keys() == wanted.keys():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    made = Typefaces(folder, recipe, {key: _make(cut, folder) for key, cut in wanted.items()})
    for site in sites:
        require_light(site, made)
    _write(folder / MANIFEST, made.manifest().encode())
    return made


def require_light(site: Site, faces: Typefaces) -> int:
    """Give the bytes of a site's faces together. Raises `TooHeavy`."""
    weight = sum(face.size for face in faces.of(site.theme))
    if weight > HEAVIEST_BYTES:
        raise TooHeavy(f"{site.name}: its faces weigh {weight} bytes together; {HEAVIEST_BYTES} is the most")
    return weight


def source(cut: Cut) -> Path:
    """Find the font file of a cut. Raises `UnknownFamily`."""
    family = FAMILIES.get(cut.family)
    found = family.path(cut) if family else None
    if found is None:
        raise UnknownFamily(f"no open typeface {cut.family!r} is installed")
    return found


def pack(cut: Cut) -> tuple[bytes, tuple[StandIn, ...]]:
    """Cut a face down to our letters: give its WOFF2 file, the same bytes each time, and its stand-ins."""
    with TTFont(source(cut), recalcTimestamp=False) as font:
        options = Options(
            hinting=False, notdef_outline=True, name_IDs=[1, 2], layout_features=[*FEATURES, *cut.features],
            recalc_timestamp=False,
        )  # fmt: skip
        options.drop_tables += ["FFTM", "DSIG"]
        subsetter = Subsetter(options)
        subsetter.populate(text=LETTERS)
        subsetter.subset(font)
        _agree_on_lines(font)
        font.flavor = "woff2"
        file = io.BytesIO()
        font.save(file)
        return file.getvalue(), tuple(_stand_in(cut, font, each) for each in _references(cut))


def _is_there(cut: Cut) -> bool:
    try:
        return bool(source(cut))
    except UnknownFamily:
        return False


def _recipe(wanted: Iterable[Cut]) -> str:
    """Name everything that the files depend on."""
    parts = [Path(__file__).read_text(encoding="utf-8"), version("fonttools"), version("brotli")]
    parts += [f"{cut.key} {version(FAMILIES[cut.family].package)}" for cut in wanted]
    return sha256("\n".join(parts).encode()).hexdigest()


def _make(cut: Cut, folder: Path) -> Face:
    file, stand_ins = pack(cut)
    face = Face(cut, sha256(file).hexdigest()[:32], len(file), stand_ins)
    _write(folder / face.file, file)
    return face


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _agree_on_lines(font: TTFont) -> None:
    """Give all systems the same height of lines; a font file may tell three, of which each takes its own."""
    high, low, gap = font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap
    os2 = font["OS/2"]
    os2.sTypoAscender, os2.sTypoDescender, os2.sTypoLineGap = high, low, gap
    os2.usWinAscent, os2.usWinDescent = high, -low
    os2.version = max(os2.version, 4)
    os2.fsSelection |= USE_TYPO_METRICS


def _references(cut: Cut) -> tuple[Reference, ...]:
    if FAMILIES[cut.family].is_serif:
        return SERIF_ITALIC if cut.is_italic else SERIF
    return SANS_BOLD if cut.weight >= 600 else SANS


def _stand_in(cut: Cut, font: TTFont, reference: Reference) -> StandIn:
    letters, advances, em = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    sample = SAMPLE.upper() if cut.is_capitals else SAMPLE
    mean = fmean(advances[letters[ord(letter)]][0] for letter in sample) / em
    scale = mean / (reference.capitals if cut.is_capitals else reference.mixed)
    ascent, descent, gap = (
        round(100 * units / em / scale, 2)
        for units in (font["hhea"].ascent, -font["hhea"].descent, font["hhea"].lineGap)
    )
    return StandIn(f"{cut.family} by {reference.name}", reference.sources, round(100 * scale, 2), ascent, descent, gap)
