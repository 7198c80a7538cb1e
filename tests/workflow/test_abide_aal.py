"""Real subjects from files to held-out sites, every number computed once more here from the files.

100 subjects of ABIDE I (CC BY-NC-SA 3.0) at three sites, series in AAL's 116 regions as DPABI writes them, and a sheet
as people write it: unequal lengths, regions without signal, -9999 for unknown, a site of cases only. Nothing in the
data is edited; the config is what the README shows.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.io import loadmat
from statsmodels.stats.multitest import multipletests

from fixtures.project import RESOURCES, Project
from fixtures.real_data import real_data

pytestmark = pytest.mark.slow

STUDY = "abideaal"
SEEDS = {"LAMY": 40, "RAMY": 41}
CONTRASTS = {"plain": ["age", "sex"], "site": ["age", "sex", "site"]}
#: asked about in the cohort only: some people's IQ is -9999
UNKNOWN = {"iq": ["fiq"]}
TABLES = ("group/{}_stat-t_roi.tsv", "sites/{}_loso.tsv", "sites/{}_forest.tsv")
CLAIMS = "evidence/contrast-site_atlas-AAL116_claims.tsv"
PERMUTATIONS = 1000
CONFIG = {
    "study": STUDY,
    "stages": ["cohort", "connectivity", "group", "sites"],
    "atlas": "AAL116",
    "seeds": list(SEEDS),
    "contrasts": {
        name: {"case": "ASD", "control": "HC", "covariates": c} for name, c in {**CONTRASTS, **UNKNOWN}.items()
    },
    "permutations": {"group": PERMUTATIONS, "sites": 200},
}
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


@pytest.fixture(scope="module")
def data() -> Path:
    return real_data("abide-aal")


@pytest.fixture(scope="module")
def project(data, tmp_path_factory) -> Project:
    project = Project.make(tmp_path_factory.mktemp("abide-aal") / "project", RESOURCES)
    cohort = {"format": "table", "participants": str(data / "participants.tsv")}
    maps = [f"contrast-{contrast}_seed-{seed}_atlas-AAL116" for contrast in CONTRASTS for seed in SEEDS]
    targets = [f"results/{STUDY}/{table.format(name)}" for name in maps for table in TABLES]
    targets.append(f"results/{STUDY}/{CLAIMS}")
    config = project.write_config(CONFIG | {"cohort": cohort})
    project.make_targets("connectivity", *targets, "--configfile", config)
    return project


@pytest.fixture(scope="module")
def sheet(data) -> pd.DataFrame:
    return pd.read_csv(data / "participants.tsv", sep="\t", index_col="participant_id")


@pytest.fixture(scope="module")
def truth(data, sheet) -> dict[str, pd.DataFrame]:
    """Seed -> Fisher z of every subject with every region, region by region with numpy."""
    names = pd.read_csv(data / "aal116_labels.csv")["name"].tolist()
    z = {seed: pd.DataFrame(index=sheet.index, columns=names, dtype=float) for seed in SEEDS}
    for participant, file in sheet["timeseries"].items():
        series = loadmat(data / file)["ROISignals"].astype(float)
        for seed, own in SEEDS.items():
            for j, name in enumerate(names):
                if j != own and np.ptp(series[:, j]) > 0:
                    r = np.corrcoef(series[:, own], series[:, j])[0, 1]
                    z[seed].loc[participant, name] = np.arctanh(np.clip(r, -(1 - 1e-7), 1 - 1e-7))
    return {seed: z[seed].drop(columns=names[own]) for seed, own in SEEDS.items()}


def read(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.results(STUDY) / name, sep="\t", na_values="n/a", keep_default_na=False)


def t_map(z: pd.DataFrame, sheet: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """statsmodels' least squares, region by region on its complete cases; missing where the groups cannot be told."""
    people = sheet.loc[z.index]
    design = pd.get_dummies(people[covariates], drop_first=True, dtype=float)
    design.insert(0, "case", (people["group"] == "ASD").astype(float))
    design = sm.add_constant(design, has_constant="add")
    rows = {}
    for region in z:
        known = z[region].notna()
        x = design[known]
        x = x.loc[:, (x != 0).any()]
        if x["case"].nunique() < 2:
            continue
        fit = sm.OLS(z.loc[known, region], x).fit()
        rows[region] = {
            "n_case": int(x["case"].sum()),
            "n_control": int((1 - x["case"]).sum()),
            "beta": fit.params["case"],
            "se": fit.bse["case"],
            "t": fit.tvalues["case"],
            "df": fit.df_resid,
            "p_parametric": fit.pvalues["case"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").reindex(z.columns)


@pytest.mark.parametrize("seed", SEEDS)
def test_fisher_z_is_that_of_numpy_and_missing_where_a_region_has_no_signal(project, truth, seed):
    found = pd.read_parquet(
        project.results(STUDY) / f"connectivity/seed-{seed}_atlas-AAL116_stat-fisherz_group.parquet"
    )
    expected = truth[seed]
    assert found.index.tolist() == expected.index.tolist()
    assert found.columns.tolist() == expected.columns.tolist()
    np.testing.assert_allclose(found, expected, **CLOSE)
    silent = expected.isna().sum(axis=1)
    assert (silent > 0).sum() == 13
    assert silent.max() == 11
    qc = read(project, "connectivity/qc.tsv").set_index("participant_id")
    assert (qc["n_constant"] == silent).all()
    assert (qc[f"n_missing_{seed}"] == silent).all()
    assert sorted(qc["n_timepoints"].unique()) == [77, 195, 205]


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_group_map_is_that_of_statsmodels(project, sheet, truth, seed, contrast):
    found = read(project, f"group/contrast-{contrast}_seed-{seed}_atlas-AAL116_stat-t_roi.tsv").set_index("region")
    expected = t_map(truth[seed], sheet, CONTRASTS[contrast])
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_allclose(found[expected.columns], expected, **CLOSE)
    # every region keeps its own subjects
    assert found["n_case"].nunique() > 3
    assert found["df"].nunique() > 3
    assert found["n_case"].max() + found["n_control"].max() == 100
    np.testing.assert_allclose(found["q"], multipletests(found["p"], method="fdr_bh")[1], **CLOSE)
    assert (found["p"] >= 1 / (1 + PERMUTATIONS) - 1e-9).all()
    assert (found["p_fwe"] >= found["p"]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_permutation_p_agrees_with_the_parametric_one(project, seed):
    # with site in the model; without it, permuting within sites asks another question than t does
    found = read(project, f"group/contrast-site_seed-{seed}_atlas-AAL116_stat-t_roi.tsv")
    error = np.sqrt(found["p_parametric"] * (1 - found["p_parametric"]) / PERMUTATIONS)
    # 4 Monte-Carlo errors, and what real data differ from normal ones
    assert ((found["p"] - found["p_parametric"]).abs() < 4 * error + 0.02).all()


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_leaving_sites_out_gives_the_correlations_of_statsmodels_maps(project, sheet, truth, seed, contrast):
    found = read(project, f"sites/contrast-{contrast}_seed-{seed}_atlas-AAL116_loso.tsv").set_index("site")
    assert found.index.tolist() == ["OHSU", "OLIN", "PITT"]
    z, covariates = truth[seed], CONTRASTS[contrast]
    full = t_map(z, sheet, covariates)["t"]
    for site, row in found.iterrows():
        here = sheet["site"] == site
        rest = t_map(z[~here], sheet, covariates)["t"]
        assert row["r_with_full"] == pytest.approx(rest.corr(full), abs=1e-6)
        assert row["n_case"] == (sheet.loc[here, "group"] == "ASD").sum()
        assert row["n_control"] == (sheet.loc[here, "group"] == "HC").sum()
        if site != "OHSU":
            alone = t_map(z[here], sheet, ["age", "sex"])["t"]
            assert row["r_heldout_rest"] == pytest.approx(alone.corr(rest), abs=1e-6)
            assert 0 < row["p_heldout_rest"] <= 1
    # its cases count in the rest of the others, its own column says why it is not tested
    assert found.loc["OHSU", "n_control"] == 0
    assert found.loc["OHSU", "note"] == "one group only: cannot be tested alone"
    assert found.loc["OHSU", ["r_heldout_rest", "p_heldout_rest"]].isna().all()
    assert found.loc[["OLIN", "PITT"], "note"].isna().all()
    assert (found["r_null_low"] < found["r_null_high"]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_forest_has_the_estimates_of_every_site(project, sheet, truth, seed):
    found = read(project, f"sites/contrast-site_seed-{seed}_atlas-AAL116_forest.tsv").set_index("region")
    for site, rows in found.groupby("site"):
        if site in ("OLIN", "PITT"):
            expected = t_map(truth[seed][sheet["site"] == site], sheet, ["age", "sex"])
            columns = ["n_case", "n_control", "beta", "se", "t", "df"]
            np.testing.assert_allclose(rows[columns], expected[columns], **CLOSE)
    assert found.loc[found["site"] == "OHSU", ["beta", "se", "t"]].isna().all(axis=None)


def test_only_a_contrast_that_uses_an_unknown_value_loses_its_people(project, sheet):
    people = read(project, "cohort/participants.tsv").set_index("participant_id")
    assert len(people) == 100
    assert people[[f"contrast-{name}" for name in CONTRASTS]].notna().all(axis=None)
    excluded = read(project, "cohort/excluded.tsv").set_index("participant_id")
    assert excluded[["contrast", "step", "reason"]].to_dict("index") == {
        participant: {"contrast": "iq", "step": "contrast", "reason": "fiq is missing, a covariate of iq"}
        for participant in ("sub-50125", "sub-50132")
    }
    assert people.loc[excluded.index, "fiq"].isna().all()
    summary = read(project, "cohort/summary.tsv").set_index(["contrast", "site", "variable"]).sort_index()
    for group, word in (("ASD", "case"), ("HC", "control")):
        mine = sheet[sheet["group"] == group]
        age, iq = summary.loc[("plain", "all", "age")], summary.loc[("iq", "all", "fiq")]
        assert age[f"{word}_mean"].item() == pytest.approx(mine["age"].mean())
        assert iq[f"{word}_mean"].item() == pytest.approx(mine.loc[mine["fiq"] > 0, "fiq"].mean())
        assert iq[f"n_{word}"].item() == (mine["fiq"] > 0).sum()


def test_numbers_can_be_traced_to_the_files(project, data):
    sidecar = json.loads((project.results(STUDY) / "cohort/participants.json").read_text())
    assert list(sidecar["sources"]) == [str(data / "participants.tsv")]
    files = read(project, "cohort/files.tsv")
    assert len(files) == 100
    assert all(str(data) in file for file in files["file"])
    group = json.loads(
        (project.results(STUDY) / "group/contrast-site_seed-LAMY_atlas-AAL116_stat-t_roi.json").read_text()
    )
    assert group["settings"]["covariates"] == ["age", "sex", "site"]
    assert group["settings"]["site_effects"] == "covariate"


def test_published_findings_against_the_map(project, truth, sheet):
    """Findings of the review about the amygdala: mean t over their regions, from this file's own t."""
    claims = read(project, CLAIMS)
    assert len(claims) == 66
    assert claims["reason"].notna().equals(~claims["testable"])
    t = {seed: t_map(truth[seed], sheet, CONTRASTS["site"])["t"] for seed in SEEDS}
    testable = claims[claims["testable"]].set_index("study")
    assert set(testable.index) == {"Lui 2011", "Siegel 2021", "Vasavada 2021"}
    for _, row in testable.iterrows():
        edges = [edge.split(" – ") for edge in row["connections"].split("; ")]
        expected = np.mean([t[seed][region] for seed, region in edges])
        assert row["mean_t"] == pytest.approx(expected, **{"rel": 1e-6, "abs": 1e-6})
        assert row["agrees"] == ((expected > 0) == (row["direction"] == "higher"))
        assert 0 < row["p_claim"] <= 1
    # the executive network on both sides, from the right amygdala
    edges = testable.loc["Vasavada 2021", "connections"].split("; ")
    assert len(edges) == 9
    assert "RAMY – Frontal_Mid_L" in edges
    assert (claims["n_case"].dropna() == (sheet["group"] == "ASD").sum()).all()
