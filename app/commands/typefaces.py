"""Making the houses' web fonts: on demand, and before a newcomer's first start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from app.branding.fonts import Typefaces, cuts
from app.branding.loader import BrandError, load
from app.branding.models import Site, SiteGroup
from app.config import Settings

WITHOUT_TOOLS = 'The font tools are not installed (pip install "parley[fonts]"); pages are set in the system\'s faces.'


def make(folder: Path, sites: Sequence[Site]) -> Typefaces:
    """Make what is missing in `folder`. Raises `click.ClickException` without the tools or with too heavy faces."""
    # Font tools take half a second to import, and are an extra; no other command should want them.
    try:
        from app.branding import foundry  # noqa: PLC0415
    except ImportError as problem:
        raise click.ClickException(WITHOUT_TOOLS) from problem
    try:
        return foundry.build(folder, sites)
    except foundry.TooHeavy as problem:
        raise click.ClickException(str(problem)) from problem


def prepare(settings: Settings) -> None:
    """Make what is missing before a server starts; what can't be made is told, and no reason not to start."""
    try:
        make(settings.fonts_path, sites_of(load(settings.brands_dir)))
    except BrandError:
        return  # the server is about to say what is wrong with the folder
    except click.ClickException as problem:
        click.echo(problem.message, err=True)
    except OSError as problem:
        click.echo(f"No web fonts could be made in {settings.fonts_path}: {problem.strerror}.", err=True)


def sites_of(group: SiteGroup) -> list[Site]:
    """Give the group and its houses."""
    return [group, *group.brands.values()]


def summary(site: Site, faces: Typefaces) -> str:
    """Tell in a line which faces a site's pages are set in, and what they weigh."""
    found = faces.of(site.theme)
    names = [f"{face.cut.family} {face.cut.weight}{' italic' * face.cut.is_italic}" for face in found]
    missing = dict.fromkeys(cut.family for cut in cuts(site.theme) if cut.key not in faces.faces)
    names += [f"{family} as the reader's system has it" for family in missing]
    return f"{site.name}: {', '.join(names)}; {sum(face.size for face in found) / 1000:.1f} KB"
