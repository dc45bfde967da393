"""`parley check-in`: ask people whether what they agreed to is still right, or count who would be asked."""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from app.commands.composing import composed
from app.courier import check_ins as courier
from app.environment import Environment
from app.services import check_ins as service
from app.services.check_in_rulings import Ruling
from app.services.check_ins import Step

LEFT_OUT = {
    Ruling.ACTED: "acted since",
    Ruling.NOTHING: "nothing that is agreed to and could be sent now",
    Ruling.ASKED: "were asked within that time",
    Ruling.UNVERIFIED: "address not confirmed",
    Ruling.SUPPRESSED: "must not be mailed",
    Ruling.RESTRICTED: "data held still",
    Ruling.ERASED: "erased",
}
STEPS = {
    Step.REMIND: "reminded",
    Step.EXPIRE: "let run out",
    Step.ANSWERED: "had answered",
    Step.CALL_OFF: "called off, as the mail may not have reached them",
    Step.WAIT: "put off, as the mail has not left yet",
}


@click.command(name="check-in")
@click.option("--dry-run", is_flag=True, help="Count, and change nothing.")
@click.option(
    "--at-most",
    type=click.IntRange(0),
    metavar="N",
    help="Ask at most N people; `mails_a_day` of the group without it.",
)
def check_in(at_most: int | None, *, dry_run: bool) -> None:
    """Do now what the courier does each night about people who did nothing for long.

    It asks who is due, reminds, and lets run out what nobody answered for. Interrupted, it may be run again: nobody is
    asked twice.
    """
    with composed() as environment:
        if environment.group.check_in is None:
            click.echo("The group has no [check_in] in its group.toml: nobody is asked.")
            return
        if dry_run:
            _rehearse(environment)
            return
        started = time.monotonic()
        with _progress() as progress:
            task = progress.add_task("", total=None)
            counted = courier.run(environment, at_most, lambda some: progress.advance(task, some))
    _report(counted, time.monotonic() - started)


def _rehearse(environment: Environment) -> None:
    with _progress() as progress:
        task = progress.add_task("", total=None)
        rulings, steps = courier.rehearse(environment, lambda some: progress.advance(task, some))
    with environment.database.transaction() as session:
        waiting = service.waiting(session)
    click.echo(f"{rulings.get(Ruling.DUE, 0):>12,}  would be asked")
    click.echo(f"{waiting:>12,}  have time to answer")
    for step, words in STEPS.items():
        click.echo(f"{steps.get(step, 0):>12,}  would be {words}" if step is not Step.ANSWERED
                   else f"{steps.get(step, 0):>12,}  {words}")  # fmt: skip
    click.echo("Left out:")
    for ruling, words in LEFT_OUT.items():
        click.echo(f"{rulings.get(ruling, 0):>12,}  {words}")


def _report(counted: Mapping[str, int], seconds: float) -> None:
    click.echo(f"{counted.get(courier.ASKED, 0):>12,}  asked")
    for step, words in STEPS.items():
        click.echo(f"{counted.get(step, 0):>12,}  {words}")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"In {seconds:,.1f} s, with {megabytes:,.0f} MB of memory at most.")


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} accounts"))
    return Progress(*columns, console=Console(stderr=True), transient=True)
