"""The sources keep the rules; and each rule goes red on a deliberately broken variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import rules

ROOT = Path(__file__).parents[2]
FOLDERS = ("app", "migrations", "tests", "benchmarks", "scripts")


def sources(*folders: str) -> dict[str, str]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


@pytest.mark.parametrize(
    ("rule", "folders"),
    [
        (rules.commits_only_in_db, ["app"]),
        (rules.time_only_from_the_clock, ["app"]),
        (rules.gets_call_no_flow, ["app"]),
        (rules.ground_services_stand_alone, ["app"]),
        (rules.files_stay_short, FOLDERS),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_sources_keep_the_rule(rule, folders):
    found = sources(*folders)
    assert len(found) > 10
    assert [complaint for path, source in found.items() for complaint in rule(path, source)] == []


@pytest.mark.parametrize(
    ("path", "is_broken"),
    [("app/services/consents.py", True), ("app/db.py", False)],
)
def test_a_commit_outside_the_database_module_is_found(path, is_broken):
    source = "def save(session):\n    session.commit()\n"
    assert bool(rules.commits_only_in_db(path, source)) is is_broken


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, UTC\nnow = datetime.now(UTC)\n",
        "import datetime\nnow = datetime.datetime.now()\n",
        "import datetime as dt\nnow = dt.datetime.utcnow()\n",
        "from datetime import datetime as moment\nnow = moment.utcnow()\n",
        "from datetime import date\ntoday = date.today()\n",
        "import time\nnow = time.time()\n",
        "from time import time\nnow = time()\n",
        "from dataclasses import field\nimport time\nmade = field(default_factory=time.time)\n",
    ],
)
def test_a_clock_of_ones_own_is_found(source):
    assert rules.time_only_from_the_clock("app/services/tokens.py", source)
    assert not rules.time_only_from_the_clock("app/kit/clock.py", source)


def test_a_stopwatch_is_no_clock():
    source = "import time\nfrom app.kit import clock\nstarted = time.monotonic()\nnow = clock.now()\n"
    assert not rules.time_only_from_the_clock("app/services/tokens.py", source)


@pytest.mark.parametrize(
    "source",
    [
        "from app.flows import confirm\n@bp.get('/x')\ndef show():\n    return confirm.confirm()\n",
        "from app.flows.confirm import confirm\n@bp.route('/x')\ndef show():\n    return confirm()\n",
        "from app.flows.confirm import confirm as yes\n@bp.route('/x', methods=['GET'])\ndef x():\n    return yes()\n",
        "import app.flows.confirm\n@bp.get('/x')\n@guarded\ndef show():\n    return app.flows.confirm.confirm()\n",
        "from app import flows\n@bp.get('/x')\nasync def show():\n    return flows.confirm.confirm()\n",
    ],
)
def test_a_get_that_confirms_is_found(source):
    assert rules.gets_call_no_flow("app/web/confirm.py", source)


@pytest.mark.parametrize(
    "source",
    [
        "from app.flows.confirm import confirm\n@bp.post('/x')\ndef do():\n    return confirm()\n",
        "from app import flows\n@bp.route('/x', methods=['GET', 'POST'])\ndef x():\n    return flows.confirm.x()\n",
        "from app.services.opt_in import find\n@bp.get('/x')\ndef show():\n    return find()\n",
    ],
)
def test_a_post_may_call_a_flow_and_a_get_a_service(source):
    assert not rules.gets_call_no_flow("app/web/confirm.py", source)


def test_a_ledger_that_knows_accounts_is_found():
    source = "from app.services import accounts, folding\n"
    assert len(rules.ground_services_stand_alone("app/services/ledger.py", source)) == 1
    assert not rules.ground_services_stand_alone("app/services/consents.py", source)


def test_a_long_file_is_found():
    assert rules.files_stay_short("app/long.py", "x = 1\n" * 321)
    assert not rules.files_stay_short("app/long.py", "x = 1\n" * 320)
