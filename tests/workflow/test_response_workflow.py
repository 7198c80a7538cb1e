"""The stage response, end to end: the treated demo and its truth, sheets with everything wrong, a real trial."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from amygene.settings import read_schema
from fixtures.project import CHECKOUT, RESOURCES, Project
from fixtures.real_data import real_data

pytestmark = pytest.mark.slow

DEMO = yaml.safe_load((CHECKOUT / "config/demo-response.yaml").read_text())
SCHEMA = read_schema(CHECKOUT / "config/schemas/config.schema.yaml")
PLANTED = SCHEMA["properties"]["cohort"]["properties"]["simulated"]["properties"]


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, sep="\t", na_values="n/a", keep_default_na=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Project:
    project = Project.make(tmp_path_factory.mktemp("response") / "project", RESOURCES)
    project.make_targets("--configfile", "config/demo-response.yaml")
    return project


@pytest.fixture(scope="module")
def tables(demo) -> Path:
    return demo.results("demo-response") / "response"


def test_the_planted_change_is_found(tables):
    found = read(tables, "change-responders_seed-RAMY_atlas-DK83_effects.tsv").query("model_term == 'group x time'")
    top = found.sort_values("p_parametric").head(3)
    assert set(top["region"]) == set(PLANTED["change_regions"]["default"])
    assert (top["p_fwe"] < 0.01).all()
    assert (top["beta"] > 0).all()
    # each side of the brain has its amygdala; the other one's connections were left alone
    others = read(tables, "change-responders_seed-LAMY_atlas-DK83_effects.tsv").query("model_term == 'group x time'")
    others = others[others["region"] != "R_amygdala"]
    assert (others["q"] > 0.05).all()
    assert (others["p"] < 0.05).mean() < 0.15


def test_the_planted_association_is_found(tables):
    found = read(tables, "association-hamd_seed-RAMY_atlas-DK83_correlations.tsv")
    for _, own in found.groupby(["kind", "adjusted_for"]):
        best = own.loc[own["p_parametric"].idxmin()]
        assert best["region"] == PLANTED["outcome_region"]["default"]
        assert best["p_fwe"] < 0.05
        assert best["r"] > 0
        rest = own[own["region"] != best["region"]]
        assert (rest["p_fwe"] > 0.05).all()


def test_outcomes_are_those_of_the_sheet(demo):
    cohort = demo.results("demo-response") / "cohort"
    derived = read(cohort, "outcomes.tsv").set_index("participant_id")
    sheet = read(cohort, "simulated/outcomes.tsv").pivot(index="participant_id", columns="timepoint", values="hamd")
    sheet = sheet.astype(float).loc[derived.index]
    assert derived["reduction"].to_numpy() == pytest.approx((1 - sheet["post"] / sheet["pre"]).to_numpy())
    assert (derived["responder"] == (derived["reduction"] >= 0.5)).all()
    assert (derived["remission"] == (sheet["post"] <= 7)).all()


def test_change_is_the_t_of_change_scores(demo, tables):
    """Written down once more from the series' connectivity, without covariates by time: a model of its own."""
    config = DEMO | {"study": "plain", "stages": ["response"]}
    config["response"] = {
        "outcomes": DEMO["response"]["outcomes"],
        "changes": {"plain": {"groups": {"outcome": "HAMD", "timepoint": "post"}, "where": {"group": "MDD"}}},
    }
    config["permutations"] = {"response": 100}
    demo.make_targets("--configfile", demo.write_config(config))
    folder = demo.results("plain")
    z = pd.read_parquet(folder / "connectivity/sessions_seed-RAMY_atlas-DK83_stat-fisherz_group.parquet")
    z = z.set_index(z.columns[0]) if z.index.dtype != object else z
    sessions = read(folder / "cohort", "sessions.tsv").pivot(index="participant_id", columns="timepoint", values="unit")
    both = sessions.dropna()
    change = pd.DataFrame(z.loc[both["post"]].to_numpy() - z.loc[both["pre"]].to_numpy(), both.index, z.columns)
    status = read(folder / "cohort", "outcomes.tsv").set_index("participant_id")["responder"]
    change = change.loc[change.index.isin(status.index)]
    groups = status.loc[change.index].to_numpy() == 1
    found = read(folder / "response", "change-plain_seed-RAMY_atlas-DK83_effects.tsv")
    found = found.query("model_term == 'group x time'").set_index("region")
    for region in z.columns:
        a, b = (change.loc[side, region].dropna() for side in (groups, ~groups))
        assert found.loc[region, "f"] == pytest.approx(stats.ttest_ind(a, b).statistic ** 2, rel=1e-8)


def test_prediction_and_the_published_way(tables):
    found = read(tables, "prediction-hamd_atlas-DK83_performance.tsv")
    assert set(found["guard"]) == {"passed"}
    assert {"covariates", "all edges", "selected edges"} == set(found["features"])
    one = read(tables, "prediction-hamd_atlas-DK83_replicate.tsv").iloc[0]
    # the optimistic way exceeds every honest one, and does so on noise
    assert one["auc"] > found["auc"].max()
    assert one["noise_mean"] > 0.6
    noise = read(tables, "prediction-hamd_atlas-DK83_noise.tsv")["auc"]
    assert one["noise_95"] == pytest.approx(np.percentile(noise, 95))


def test_normalisation_says_nothing_of_what_did_not_differ(tables):
    found = read(tables, "normalisation-MDDvsHC_seed-RAMY_atlas-DK83_controls.tsv")
    first, later = (found[found["timepoint"] == t].set_index("region") for t in ("pre", "post"))
    assert (later.loc[first["q"] >= 0.05, "verdict"] == "no difference at baseline").all()


def test_the_report_has_the_section(demo):
    page = (demo.results("demo-response") / "report/index.html").read_text()
    assert "Treatment response" in page
    assert "optimistic, for comparison only" in page
    methods = (demo.results("demo-response") / "report/methods.md").read_text()
    assert "Multi-level block permutation" in methods
    assert "{" not in methods


def test_numbers_do_not_depend_on_cores_and_jobs(demo, tables):
    config = DEMO | {
        "study": "dealt",
        "jobs": {"subjects_per_job": 20, "folds_per_job": 4, "relabelings_per_shard": 20},
    }
    config["stages"] = ["response"]
    demo.make_targets("--configfile", demo.write_config(config), cores=1)
    other = demo.results("dealt") / "response"
    names = sorted(file.name for file in tables.glob("*.tsv"))
    assert len(names) > 15
    assert [name for name in names if (other / name).read_bytes() != (tables / name).read_bytes()] == []


def test_everything_that_is_wrong_comes_in_one_message(demo):
    """Sheets of sessions and outcomes together with the participants'; then the series of a session."""
    source = demo.results("demo-response") / "cohort/simulated"
    folder = demo.folder / "bad"
    shutil.copytree(source / "ROISignals", folder / "ROISignals")
    sheets = {name: read(source, f"{name}.tsv").astype(str) for name in ("participants", "sessions", "outcomes")}
    sheets["participants"] = sheets["participants"].drop(columns="timeseries")
    config = DEMO | {"study": "bad"}
    config["cohort"] = {
        "format": "table",
        "participants": "bad/participants.tsv",
        "session_table": "bad/sessions.tsv",
        "outcome_table": "bad/outcomes.tsv",
        "timepoints": ["pre", "post"],
    }

    def run(**changed):
        for name, sheet in (sheets | changed).items():
            sheet.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
        return demo.run("cohort", "--configfile", demo.write_config(config))

    wrong = {name: sheet.copy() for name, sheet in sheets.items()}
    wrong["participants"].loc[0, "sex"] = "Q"
    wrong["sessions"].loc[1, "session"] = "later"
    wrong["outcomes"].loc[0, "hamd"] = "much"
    wrong["outcomes"].loc[1, "participant_id"] = "sub-9999"
    done = run(**wrong)
    assert done.returncode == 1
    text = (demo.results("bad") / "logs/cohort.log").read_text()
    for words in ("'Q' (sub-0001)", "timepoint 'later'", "'much' (sub-0001 at pre)", "sub-9999 stand in no row"):
        assert words in text, words
    # a file of a later session
    late = sheets["sessions"].query("session == 'post'").iloc[0]
    (folder / late["timeseries"]).write_bytes(b"no series")
    assert run().returncode == 1
    text = (demo.results("bad") / "logs/cohort_sessions.log").read_text()
    assert f"{late['participant_id']}_ses-post: " in text
    config["cohort"]["faulty"] = "exclude"
    demo.make_targets("cohort", "--configfile", demo.write_config(config))
    out = read(demo.results("bad") / "cohort", "excluded_sessions.tsv")
    assert out["participant_id"].tolist() == [late["participant_id"]]
    assert out["step"].tolist() == ["series"]


@pytest.fixture(scope="module")
def trial(tmp_path_factory) -> Project:
    """config/first-episode-psychosis.yaml with few draws and seeds; input made of arrays, else as its header says."""
    source = real_data("fep")
    project = Project.make(tmp_path_factory.mktemp("trial") / "project", RESOURCES)
    command = [
        sys.executable, "scripts/table_cohort.py", "data/fep-cohort", "--regions=332", "--timepoint=month6=4",
        "--timepoint=month12=5", *(f"--session={time}={source}/{file}" for time, file in SERIES.items()),
        *(f"--outcome={kind}={source}/{kind}_change_scores.txt" for kind in ("bprs", "sofas")),
        *(f"--group={arm}={source}/sofas_change_scores_{arm}.txt" for arm in ("placebo", "medication")),
        "--leave-out", *(line.split()[1] for line in (source / "low_signal_regions.txt").read_text().splitlines()),
    ]  # fmt: skip
    subprocess.run(command, cwd=project.folder, check=True, env={"PYTHONPATH": "scripts", "PATH": "/usr/bin:/bin"})
    config = yaml.safe_load((CHECKOUT / "config/first-episode-psychosis.yaml").read_text())
    config["seeds"] = [seed for seed in config["seeds"] if seed["name"] in ("RlatAMY", "LmedAMY", "LAMY")]
    project.make_targets("--configfile", project.write_config(config | {"permutations": {"response": 200}}))
    return project


SERIES = {"baseline": "fep_stages_328_ses-1.npz", "month3": "fep_stages_328_ses-2.npz"}


def edge(first: int, second: int, time: str) -> dict[str, float]:
    """Fisher z of two regions, by their numbers, of every participant of a session, from the arrays as shared."""
    with np.load(real_data("fep") / SERIES[time]) as archive:
        pairs = archive["ts"][:, [first - 1, second - 1]].astype(float)
        return {str(p): np.arctanh(np.corrcoef(pair)[0, 1]) for p, pair in zip(archive["ids"], pairs, strict=True)}


def scores(name: str, timepoint: int) -> pd.Series:
    table = pd.read_csv(real_data("fep") / f"{name}_change_scores.txt", sep="\t").query("timepoint == @timepoint")
    return table.set_index("BIDS_ID")["outcome"]


def trial_arms() -> pd.Series:
    """Who was in which arm: 1 with medication, 0 with placebo."""
    files = {0: "sofas_change_scores_placebo.txt", 1: "sofas_change_scores_medication.txt"}
    found = {arm: pd.read_csv(real_data("fep") / file, sep="\t")["BIDS_ID"] for arm, file in files.items()}
    return pd.concat([pd.Series(arm, index=people) for arm, people in found.items()])


def test_labels_of_the_trial_lie_where_its_left_out_regions_are_said_to_be():
    """The order of the regions is inferred; homologues of both sides must go together as nothing else."""
    labels = read(CHECKOUT / "config", "schaefer300-tian2.tsv").set_index("region")["index"]
    said = dict(line.split() for line in (real_data("fep") / "low_signal_regions.txt").read_text().splitlines())
    assert sorted(set(range(1, 333)) - set(labels)) == sorted(map(int, said.values()))
    with np.load(real_data("fep") / SERIES["baseline"]) as archive:
        z = np.mean([np.arctanh(np.corrcoef(series[300:])[:16, 16:]) for series in archive["ts"].astype(float)], axis=0)
    tian = [region for region in labels.index if region.endswith("-rh")]
    left = np.array([labels[region.replace("-rh", "-lh")] - 317 for region in tian])
    right = labels[tian].to_numpy() - 301
    assert (z[np.ix_(right, left)].argmax(axis=1) == np.arange(len(tian))).all()


def test_a_real_trial_equals_the_arithmetic_of_its_arrays(trial):
    """One edge from the arrays as they were shared: change by arm, and baseline against the outcome."""
    folder, arms = trial.results("first-episode-psychosis") / "response", trial_arms()
    # lateral amygdala, right: 303rd; nucleus accumbens, shell, right: 309th
    first, later = (pd.Series(edge(303, 309, time)) for time in SERIES)
    change = (later - first).dropna()
    t = stats.ttest_ind(*(change[arms[change.index] == arm] for arm in (1, 0))).statistic
    found = read(folder, "change-arms_seed-RlatAMY_atlas-Schaefer300Tian2_effects.tsv")
    row = found.query("model_term == 'group x time' and region == 'NAc-shell-rh'").iloc[0]
    assert row["t"] == pytest.approx(t, rel=1e-6)
    assert row["df2"] == len(change) - 2
    # who lacks the arm lacks the covariate, and is in no correlation
    outcome = scores("bprs", 5)
    outcome = outcome[outcome.index.isin(first.index) & outcome.index.isin(arms.index)]
    r = stats.pearsonr(first[outcome.index], outcome)
    found = read(folder, "association-bprs_seed-RlatAMY_atlas-Schaefer300Tian2_correlations.tsv")
    row = found.query(
        "timepoint == 'month12' and kind == 'pearson' and adjusted_for == 'nothing' and region == 'NAc-shell-rh'"
    ).iloc[0]
    assert [row["r"], row["p_parametric"], row["n"]] == pytest.approx([r.statistic, r.pvalue, len(outcome)], rel=1e-5)


def test_a_partial_correlation_of_ranks_is_that_of_its_three_correlations(trial):
    """Medial amygdala, left, and its hippocampus: rho given the arm, by the formula of three Spearman correlations."""
    folder, arms = trial.results("first-episode-psychosis") / "response", trial_arms()
    z, outcome = pd.Series(edge(320, 317, "baseline")), scores("sofas", 4)
    people = outcome.index.intersection(arms.index).intersection(z.index)
    x, y, arm = z[people], outcome[people], arms[people]
    xy, xa, ya = (stats.spearmanr(a, b).statistic for a, b in ((x, y), (x, arm), (y, arm)))
    expected = (xy - xa * ya) / np.sqrt((1 - xa**2) * (1 - ya**2))
    found = read(folder, "association-sofas_seed-LmedAMY_atlas-Schaefer300Tian2_correlations.tsv")
    row = found.query(
        "timepoint == 'month6' and kind == 'spearman' and adjusted_for == 'group' and region == 'aHIP-lh'"
    )
    assert row["r"].item() == pytest.approx(expected, rel=1e-6)
    assert row["n"].item() == len(people) == 49


def test_a_seed_of_two_regions_is_the_mean_of_their_series(trial):
    """Whole amygdala, left, with the caudate."""
    with np.load(real_data("fep") / SERIES["baseline"]) as archive:
        first = archive["ts"][0].astype(float)
    expected = np.arctanh(np.corrcoef(first[[318, 319]].mean(axis=0), first[330])[0, 1])
    name = "connectivity/sessions_seed-LAMY_atlas-Schaefer300Tian2_stat-fisherz_group.parquet"
    z = pd.read_parquet(trial.results("first-episode-psychosis") / name)
    assert z.loc["sub-001_ses-baseline", "aCAU-lh"] == pytest.approx(expected, rel=1e-5)
    assert z.columns.intersection(["lAMY-lh", "mAMY-lh"]).empty


def test_the_report_of_a_trial_calls_its_outcome_a_change(trial):
    page = (trial.results("first-episode-psychosis") / "report/index.html").read_text()
    assert "Change of BPRS since baseline (SD; more is worse) against Fisher z at baseline of LAMY" in page
    assert "reduction rate" not in page
