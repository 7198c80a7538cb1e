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

from fixtures.project import CHECKOUT, RESOURCES, Project
from fixtures.real_data import real_data

pytestmark = pytest.mark.slow

DEMO = yaml.safe_load((CHECKOUT / "config/demo-response.yaml").read_text())
SCHEMA = yaml.safe_load((CHECKOUT / "config/schemas/config.schema.yaml").read_text())
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
    """First-episode psychosis: 55 patients before and 37 after three months of antipsychotic or placebo, 332 regions
    (Schaefer and Tian), changes of BPRS and SOFAS in standard deviations (github izachp/psychosis-FC-prediction,
    Apache-2.0). Regions of low signal are left out."""
    source = real_data("fep")
    project = Project.make(tmp_path_factory.mktemp("trial") / "project", RESOURCES)
    arms = {}
    for arm in ("medication", "placebo"):
        people = {
            line.split("\t")[0]
            for kind in ("bprs", "sofas")
            for line in (source / f"{kind}_change_scores_{arm}.txt").read_text().splitlines()[1:]
        }
        arms[arm] = project.folder / f"{arm}.tsv"
        arms[arm].write_text("\n".join(["participant_id", *sorted(people)]) + "\n")
    low = [
        int(line.split()[1]) for line in (source / "low_signal_regions.txt").read_text().splitlines() if line.strip()
    ]
    command = [
        sys.executable, "scripts/table_cohort.py", "cohort", "--regions=332", "--prefix=t",
        f"--session=baseline={source}/fep_stages_328_ses-1.npz", f"--session=month3={source}/fep_stages_328_ses-2.npz",
        *(f"--outcome={kind}={source}/{kind}_change_scores.txt" for kind in ("bprs", "sofas")),
        *(f"--group={arm}={file}" for arm, file in arms.items()), "--leave-out", *map(str, low),
    ]  # fmt: skip
    subprocess.run(command, cwd=project.folder, check=True, env={"PYTHONPATH": "scripts", "PATH": "/usr/bin:/bin"})
    tian = [
        "aHIP",
        "pHIP",
        "lAMY",
        "mAMY",
        "THA-DP",
        "THA-VP",
        "THA-VA",
        "THA-DA",
        "NAc-shell",
        "NAc-core",
        "pGP",
        "aGP",
        "aPUT",
        "pPUT",
        "aCAU",
        "pCAU",
    ]
    names = [f"Schaefer{i:03d}" for i in range(1, 301)] + [f"{t}-{side}" for side in ("rh", "lh") for t in tian]
    rows = [f"{n}\t{'cortex' if i < 300 else 'subcortex'}" for i, n in enumerate(names) if i + 1 not in low]
    (project.folder / "labels.tsv").write_text("\n".join(["region\tstructure", *rows]) + "\n")
    config = {
        "study": "trial",
        "stages": ["response", "report"],
        "cohort": {
            "format": "table",
            "participants": "cohort/participants.tsv",
            "session_table": "cohort/sessions.tsv",
            "outcome_table": "cohort/outcomes.tsv",
            "timepoints": ["baseline", "month3", "t4", "t5"],
        },
        "atlas": {"name": "SchaeferTian", "labels": "labels.tsv"},
        "seeds": [{"name": "lAMY", "regions": ["lAMY-rh"]}, {"name": "mAMY", "regions": ["mAMY-rh"]}],
        "response": {
            "outcomes": {"BPRS": {"instrument": "bprs"}},
            "changes": {"arms": {"groups": {"variable": "group", "levels": ["placebo", "medication"]}}},
            "associations": {"bprs": {"outcome": "BPRS", "measure": "value"}},
        },
        "permutations": {"response": 200},
    }
    project.make_targets("--configfile", project.write_config(config))
    return project


def test_a_real_trial_equals_the_arithmetic_of_its_arrays(trial):
    """One edge from the arrays as they were shared: change by arm, and baseline against the outcome."""
    source, folder = real_data("fep"), trial.results("trial")
    z = {}
    for session, file in (("baseline", "fep_stages_328_ses-1.npz"), ("month3", "fep_stages_328_ses-2.npz")):
        with np.load(source / file) as archive:
            # lateral amygdala, right: 303rd; nucleus accumbens, shell, right: 309th
            pairs = archive["ts"][:, [302, 308]].astype(float)
            z[session] = {
                str(p): np.arctanh(np.corrcoef(pair)[0, 1]) for p, pair in zip(archive["ids"], pairs, strict=True)
            }
    people = read(trial.folder / "cohort", "participants.tsv").set_index("participant_id")["group"]
    both = [p for p in z["month3"] if people[p] in ("placebo", "medication")]
    change = pd.Series({p: z["month3"][p] - z["baseline"][p] for p in both})
    arm = people[both]
    t = stats.ttest_ind(change[arm == "medication"], change[arm == "placebo"]).statistic
    found = read(folder / "response", "change-arms_seed-lAMY_atlas-SchaeferTian_effects.tsv")
    row = found.query("model_term == 'group x time' and region == 'NAc-shell-rh'").iloc[0]
    assert row["t"] == pytest.approx(t, rel=1e-6)
    assert row["df2"] == len(both) - 2
    outcome = pd.read_csv(source / "bprs_change_scores.txt", sep="\t").query("timepoint == 5")
    outcome = outcome[outcome["BIDS_ID"].isin(z["baseline"])]
    r = stats.pearsonr([z["baseline"][p] for p in outcome["BIDS_ID"]], outcome["outcome"])
    found = read(folder / "response", "association-bprs_seed-lAMY_atlas-SchaeferTian_correlations.tsv")
    row = found.query("timepoint == 't5' and kind == 'pearson' and region == 'NAc-shell-rh'").iloc[0]
    assert [row["r"], row["p_parametric"], row["n"]] == pytest.approx([r.statistic, r.pvalue, len(outcome)], rel=1e-5)
    assert (folder / "report/index.html").is_file()
