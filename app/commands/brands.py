"""`parley brands`: what a brand team's CI runs, and what makes a text final."""

from pathlib import Path

import click

from app.branding import documents
from app.branding.loader import BrandError, check, find_group, load
from app.commands import preview, typefaces

folder_argument = click.argument(
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PARLEY_BRANDS_DIR",
    default=Path("brands"),
)


@click.group()
def brands() -> None:
    """Check the brand folder, and publish its texts."""


@brands.command("check")
@folder_argument
def check_command(folder: Path) -> None:
    """Print each mistake as file:line: message and fail, or a summary."""
    try:
        group = check(folder)
    except BrandError as error:
        click.echo(str(error))
        raise SystemExit(1) from error
    topics = sum(len(brand.topics) for brand in group.brands.values())
    names = ", ".join(brand.name for brand in group.brands.values())
    click.echo(f"{group.name}: {len(group.brands)} brands ({names}), {topics} topics, no mistakes")


@brands.command()
@folder_argument
def publish(folder: Path) -> None:
    """Make the texts that are new final: from now on only a new version can say something else."""
    load(folder)
    new = documents.publish(find_group(folder))
    for path in new:
        click.echo(f"published {path}")
    if not new:
        click.echo("nothing new to publish")


@brands.command("build")
@folder_argument
@click.option(
    "--instance", type=click.Path(path_type=Path, file_okay=False), envvar="PARLEY_INSTANCE", default=Path("instance"),
    show_default=True, help="Folder of the installation whose server is to find them.",
)  # fmt: skip
def build_command(folder: Path, instance: Path) -> None:
    """Make the houses' web fonts of the open typefaces that are installed; a server takes them when it starts."""
    sites = typefaces.sites_of(load(folder))
    faces = typefaces.make(instance / "fonts", sites)
    for site in sites:
        click.echo(typefaces.summary(site, faces))


@brands.command("preview")
@folder_argument
@click.option("--port", type=click.IntRange(1, 65535), default=8001, show_default=True, help="Port to listen on.")
def preview_command(folder: Path, port: int) -> None:
    """Show every form, page and mail of the folder on contact sheets; edit, save, reload. Nothing is mailed."""
    preview.run(folder, port)
