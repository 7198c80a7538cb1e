"""An edited method reruns what uses it, and an edited label or sentence the report."""

from __future__ import annotations

import pandas as pd
import pytest

from fixtures import small_study
from fixtures.project import Project, starts

pytestmark = pytest.mark.slow

STUDY = {
    "study": "chosen",
    "stages": ["cohort", "connectivity", "group", "sites", "prediction", "genes", "report"],
    "cohort": {"format": "simulated"},
    "atlas": "DK83",
    "seeds": ["LAMY"],
    "contrasts": {
        "plain": {"case": "MDD", "control": "HC", "covariates": ["age", "site"]},
        "moved": {"case": "MDD", "control": "HC", "covariates": ["age"], "site_effects": "combat"},
    },
    "expression": {"source": "DK83"},
    "genes": {"nulls": "variogram"},
    "prediction": {"harmonise": "none", "repeats": 1},
    "permutations": {"prediction": 20},
}
#: editing this changes what a module does
MORE = ("", "\n\ndef another(x):\n    return x\n")


@pytest.fixture(scope="module")
def chosen(tmp_path_factory) -> Project:
    """A study that Snakemake takes for done."""
    project = Project.make(tmp_path_factory.mktemp("chosen"))
    project.pretend(project.write_config(STUDY), folders={"ROISignals"})
    return project


def reran(project: Project, file: str, old: str, new: str, **changes: object) -> list:
    """The jobs of a dry run with a piece of text replaced, or one added to the end."""
    text = (project.folder / file).read_text(encoding="utf-8")
    assert old in text
    with project.edited(file, text.replace(old, new, 1) if old else text + new):
        return project.plan("--configfile", project.write_config(STUDY | changes))


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("nulls/variogram", {"genes_nulls", "genes_calibration"}),
        # structures of few regions, and a row of the calibration
        ("nulls/moran", {"genes_nulls", "genes_calibration"}),
        ("nulls/spin", set()),
        ("nulls/shuffled", set()),
        # the other contrast has it in the table of ways side by side only
        ("models/harmonisation", {"group_permute", "group_table", "group_harmonisation", "sites_leave_out"}),
        ("prediction/models", {"prediction_fit", "prediction_permute", "prediction_guard"}),
    ],
)
def test_an_edited_method_reruns_what_uses_it(chosen, module, rules):
    jobs = reran(chosen, f"scripts/amygene/{module}.py", *MORE)
    assert starts(jobs) <= rules
    assert rules <= {job.rule for job in jobs}
    if module == "models/harmonisation":
        plain = {job.rule for job in jobs if any("contrast-plain" in f for f in job.output)}
        assert plain & rules == {"group_harmonisation"}


@pytest.mark.parametrize(
    ("room", "old"),
    [
        ("nulls", "variogram-matching surrogates"),
        ("nulls", "surrogates whose variogram follows"),
        ("models", "random effects"),
        ("models", "Sites were not modelled."),
        ("prediction", "SVM, linear"),
        ("prediction", "ridge classifiers"),
    ],
)
def test_an_edited_label_or_sentence_reruns_the_report(chosen, room, old):
    jobs = {job.rule for job in reran(chosen, f"scripts/amygene/{room}/choices.py", old, "other words")}
    assert jobs
    assert {rule for rule in jobs if not rule.startswith("report")} <= {"all"}


def test_null_maps_that_were_not_chosen_rerun_nothing(tmp_path):
    project = Project.make(tmp_path)
    study = STUDY | {"stages": ["genes"], "contrasts": {}, "cohort": {"format": "none"}, "genes": {"nulls": "moran"}}
    study["maps"] = {"own": {"table": "map.tsv"}}
    (tmp_path / "map.tsv").touch()
    project.pretend(project.write_config(study))
    assert reran(project, "scripts/amygene/nulls/variogram.py", *MORE, **study) == []
    assert starts(reran(project, "scripts/amygene/nulls/moran.py", *MORE, **study)) == {
        "genes_nulls",
        "genes_calibration",
    }


@pytest.mark.parametrize(("nulls", "n_regions"), [("spin", 16), ("shuffled", 30)])
def test_the_calibration_is_that_of_the_null_maps_that_were_chosen(tmp_path, nulls, n_regions):
    project = Project.make(tmp_path)
    small_study.make_data(tmp_path / "data")
    config = small_study.config() | {"stages": ["genes", "report"], "cohort": {"format": "none"}, "contrasts": {}}
    config["genes"] = config["genes"] | {"nulls": nulls}
    project.make_targets("--configfile", project.write_config(config), cores=1)
    results = project.results(small_study.STUDY)
    table = pd.read_csv(results / "genes/atlas-Small30_calibration.tsv", sep="\t")
    assert table["null"].unique().tolist() == ["parametric", "shuffled", "moran, one matrix", f"{nulls}, stratified"]
    used = pd.read_csv(results / "genes/map-own_atlas-Small30_map.tsv", sep="\t")
    assert used["used"].sum() == n_regions
    said = (results / "report/index.html").read_text(encoding="utf-8")
    assert ("This is a replicate of published practice" in said) == (nulls == "shuffled")
