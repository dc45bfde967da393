"""The files of `parley import`: those it reads, as they are said to be, and the one it writes."""

from __future__ import annotations

from app.flows import import_consents
from tests import journeys
from tests.services.test_import_command import ANA, BEA, CAMILLE, NO, YES, at, table


def test_a_no_that_a_file_tells_stays_one_whatever_its_rows_are_said_to_mean(import_list, committing_env):
    import_list(table((ANA, NO, at(1)), (BEA, "", at(1))), *CAMILLE, "--means", "grant")
    assert [journeys.decision(committing_env, who) for who in (ANA, BEA)] == ["refused", "granted"]


def test_names_of_columns_may_be_written_large(import_list, committing_env, tmp_path):
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('names = ["Email"]\nunsaid = "grant"\n[columns]\nemail = "EMAIL"\n')
    import_list(f"{ANA}\n", *CAMILLE, "--mapping", str(mapping), "--as-of", "2024-01-01")
    assert journeys.decision(committing_env, ANA) == "granted"


def test_rejects_are_never_written_over_the_file_itself(parley, tmp_path):
    file, link = tmp_path / "list.csv", tmp_path / "link.csv"
    file.write_text(table(("x", YES, at(1))))
    link.hardlink_to(file)
    for name in (file, link, tmp_path / "." / "list.csv", tmp_path / "none" / "x.csv", "/dev/null"):
        result = parley("import", str(file), *CAMILLE, "--rejects", str(name))
        assert result.exit_code == 2, result.output
    assert file.read_text() == table(("x", YES, at(1)))


def test_rejects_are_for_their_owner_alone_and_whole(import_list, tmp_path):
    rejects = tmp_path / "rejects.csv"
    rejects.write_text("of before")
    rejects.chmod(0o644)
    import_list(table(("x", YES, at(1))), *CAMILLE, "--rejects", str(rejects))
    assert rejects.stat().st_mode & 0o777 == 0o600
    assert rejects.read_text().startswith("line,reason")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_fault_that_nobody_foresaw_is_told_in_words(parley, tmp_path, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError(ANA)

    monkeypatch.setattr(import_consents, "take", fail)
    file = tmp_path / "list.csv"
    file.write_text(table((ANA, YES, at(1))))
    result = parley("import", str(file), *CAMILLE)
    assert result.exit_code == 1
    assert "Error: A fault of ours at line 1 or soon after it (ZeroDivisionError" in result.output
    assert ANA not in result.output
