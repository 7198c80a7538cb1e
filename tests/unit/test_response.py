"""Analyses of treatment: who is in, tables against closed forms, planted truth and false positives, determinism."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from amygene.io.problems import InputError
from amygene.response import associations, changes, members, normalisation, predicted, replicate
from amygene.response.table_one import table_one
from amygene.stats.repeated_measures import GROUP, INTERACTION, TIME

REGIONS = ["r1", "r2", "r3", "r4"]
MODEL = {
    "timepoints": ["pre", "post"],
    "groups": {"variable": "group", "levels": ["P", "V"]},
    "where": {},
    "covariates": [],
    "covariates_by_time": [],
    "categorical": ["sex", "site"],
    "exchange_within": "site",
}
ASSOCIATION = {
    "outcome": "HAMD",
    "measure": "reduction",
    "connectivity": "baseline",
    "covariates": [],
    "where": {},
    "exchange_within": None,
}


class Study:
    """40 patients (two sessions but for four) in two arms, 20 controls with one; connectivity of four regions."""

    def __init__(self, seed=1, change=0.0, association=0.0, difference=0.0):
        rng = np.random.default_rng(seed)
        n = 60
        ids = [f"s{i:02d}" for i in range(n)]
        group = np.array(["P", "V"] * 20 + ["HC"] * 20)
        self.participants = pd.DataFrame(
            {
                "participant_id": ids,
                "group": group,
                "site": np.where(np.arange(n) % 4 < 2, "A", "B"),
                "sex": rng.choice(["M", "F"], n),
                "age": rng.normal(40, 10, n).round(1),
            }
        )
        base, rate = rng.normal(0, 1, (n, 4)), rng.uniform(0, 1, n)
        rate[:40] = np.clip(0.5 + 0.25 * (association * base[:40, 1] + rng.normal(0, 1, 40)), 0, 1)
        rows, z = [], {}
        for i, p in enumerate(ids):
            for t in ("pre", "post")[: 1 if i >= 40 or i % 10 == 9 else 2]:
                unit = f"{p}_ses-{t}"
                rows.append((p, t, t, unit, round(float(rng.gamma(2, 0.05)), 4)))
                noise = rng.normal(0, 0.5, 4)
                noise[0] += change * (group[i] == "V") * (t == "post")
                noise[2] += difference * (i < 40) * (t == "pre")
                z[unit] = base[i] + noise
        self.sessions = pd.DataFrame(rows, columns=["participant_id", "session", "timepoint", "unit", "mean_fd"])
        self.z = pd.DataFrame(z, index=REGIONS).T
        self.outcomes = pd.DataFrame(
            {
                "participant_id": ids[:40],
                "outcome": "HAMD",
                "timepoint": "post",
                "baseline": 20.0,
                "value": 20 * (1 - rate[:40]),
                "change": -20 * rate[:40],
                "reduction": rate[:40],
                "responder": (rate[:40] >= 0.5).astype(float),
                "remission": np.nan,
            }
        )

    def measure(self, **changed):
        return members.measure(self.sessions, self.participants, self.outcomes, "response.changes.x", **MODEL | changed)


def run(study, draws=200, **changed):
    measured = study.measure(**changed)
    return changes.effects(REGIONS, members.values_of(measured.frame["unit"], study.z), measured, 5, draws), measured


def test_effects_are_those_of_the_closed_forms():
    study = Study()
    table, measured = run(study)
    z = members.values_of(measured.frame["unit"], study.z)
    sizes = measured.frame.groupby("participant_id")["unit"].transform("size") == 2
    both = z[sizes]
    change, arm = both[1::2] - both[::2], measured.frame["group"][sizes].to_numpy()[::2]
    t = stats.ttest_ind(change[arm == "V"], change[arm == "P"])
    rows = table[table["model_term"] == INTERACTION]
    assert rows["t"].to_numpy() == pytest.approx(t.statistic, rel=1e-10)
    assert rows["p_parametric"].to_numpy() == pytest.approx(t.pvalue, rel=1e-9)
    assert rows["f"].to_numpy() == pytest.approx(t.statistic**2, rel=1e-10)
    assert set(rows["n_participants"]) == {36}
    assert set(table[table["model_term"] == GROUP]["n_participants"]) == {40}
    assert table["model_term"].unique().tolist() == [INTERACTION, TIME, GROUP]


def test_planted_change_is_found_in_its_region_alone():
    table, _ = run(Study(change=1.5), draws=400)
    found = table[table["model_term"] == INTERACTION].set_index("region")
    assert found.loc["r1", "p_fwe"] < 0.01
    assert found.loc["r1", "beta"] == pytest.approx(1.5, abs=0.6)
    assert found.loc["r1", "g_ci_low"] > 0
    assert (found.loc[["r2", "r3", "r4"], "p_fwe"] > 0.05).all()


def test_within_groups_are_paired_tests():
    study = Study(change=1.5)
    measured = study.measure()
    z = members.values_of(measured.frame["unit"], study.z)
    table = changes.within_groups(REGIONS, z, measured, 5, 200).set_index(["group", "region"])
    sizes = measured.frame.groupby("participant_id")["unit"].transform("size") == 2
    for arm in ("P", "V"):
        own = z[sizes & (measured.frame["group"] == arm)]
        t = stats.ttest_rel(own[1::2], own[::2]).statistic
        assert table.loc[arm, "t"].to_numpy() == pytest.approx(t, rel=1e-10)
    assert table.loc[("V", "r1"), "p"] < 0.02
    means = changes.trajectories(REGIONS, z, measured).set_index(["group", "timepoint", "region"])
    here = z[(measured.frame["group"] == "P") & (measured.frame["timepoint"] == "post")][:, 1]
    low, high = stats.t.interval(0.95, len(here) - 1, here.mean(), stats.sem(here))
    row = means.loc[("P", "post", "r2")]
    assert row[["n", "mean", "mean_ci_low", "mean_ci_high"]].tolist() == pytest.approx(
        [len(here), here.mean(), low, high]
    )


def test_numbers_do_not_depend_on_the_order_of_the_sheets():
    study = Study()
    table, _ = run(study)
    study.sessions, study.participants = (
        t.sample(frac=1, random_state=2) for t in (study.sessions, study.participants)
    )
    again, _ = run(study)
    pd.testing.assert_frame_equal(table, again, check_exact=True)


def test_three_groups_and_three_times_of_which_one_has_no_scans():
    study = Study()
    rng = np.random.default_rng(3)
    again = study.sessions[study.sessions["timepoint"] == "post"].assign(session="end", timepoint="end")
    again["unit"] = again["participant_id"] + "_ses-end"
    again = again[rng.random(len(again)) < 0.8]
    late = pd.DataFrame(rng.normal(size=(len(again), 4)), again["unit"], REGIONS)
    study.sessions, study.z = pd.concat([study.sessions, again]), pd.concat([study.z, late])
    study.participants.loc[:9, "group"] = "Q"
    group = again["participant_id"].map(study.participants.set_index("participant_id")["group"])
    study.z.loc[again["unit"][group == "Q"], "r2"] += 4
    model = {"timepoints": ["pre", "never", "post", "end"], "groups": {"variable": "group", "levels": ["P", "V", "Q"]}}
    table, measured = run(study, **model)
    assert measured.timepoints == ["pre", "post", "end"]
    own = table[table["model_term"] == INTERACTION].set_index("region")
    assert set(own["df1"]) == {4}
    assert own["g"].isna().all()
    assert (own["epsilon"] <= 1).all()
    assert own.loc["r2", "p_fwe"] < 0.02
    assert own.loc["r2", "p_mixed"] < 0.001
    z = members.values_of(measured.frame["unit"], study.z)
    within = changes.within_groups(REGIONS, z, measured, 5, 100)
    assert within.groupby(["group", "from", "to"]).ngroups == 9
    end = within.query("group == 'Q' and to == 'end' and region == 'r2'")
    assert (end["beta"] > 2).all()
    means = changes.trajectories(REGIONS, z, measured)
    here = measured.frame.query("group == 'Q' and timepoint == 'end'")["unit"]
    row = means.query("group == 'Q' and timepoint == 'end' and region == 'r2'").iloc[0]
    assert row["mean"] == pytest.approx(study.z.loc[here, "r2"].mean())


def test_groups_by_response_and_restriction():
    study = Study()
    measured = study.measure(
        groups={"outcome": "HAMD", "timepoint": "post", "measure": "responder"}, where={"group": ["V"]}
    )
    assert measured.levels == ["non-responder", "responder"]
    status = study.outcomes.set_index("participant_id")["responder"]
    expected = measured.frame["participant_id"].map(status).map({0: "non-responder", 1: "responder"})
    assert (measured.frame["group"] == expected).all()
    assert set(measured.frame["participant_id"]) <= set(study.participants.query("group == 'V'")["participant_id"])


def test_one_group_is_asked_about_time_only():
    table, measured = run(Study(), groups=None, where={"group": ["P", "V"]})
    assert measured.levels == ["all"]
    assert set(table["model_term"]) == {TIME}


def test_who_is_not_in_the_model_is_listed_with_the_reason():
    study = Study()
    study.sessions.loc[3, "mean_fd"] = np.nan
    measured = study.measure(covariates=["mean_fd"])
    out = measured.listed[~measured.listed["in_model"]]
    assert out["reason"].value_counts().to_dict() == {"in none of the groups": 20, "mean_fd is missing": 1}
    assert measured.listed["in_model"].sum() == len(measured.frame) == 75


def test_too_few_and_unknown_columns_are_problems():
    study = Study()
    with pytest.raises(InputError, match=r"too few participants with two sessions in group HC \(P: 20, HC: 0\)"):
        study.measure(groups={"variable": "group", "levels": ["P", "HC"]})
    with pytest.raises(InputError, match=r"response.changes.x: column 'dose' is in no sheet") as error:
        study.measure(covariates=["dose"], where={"arm": "x"})
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("connectivity", ["baseline", "change"])
def test_correlations_equal_scipy(connectivity):
    study = Study(association=1.0)
    settings = ASSOCIATION | {"connectivity": connectivity}
    table = associations.correlations(
        "x", study.z, study.sessions, study.participants, study.outcomes, timepoints=["post"],
        order=["pre", "post"],
        settings=settings, categorical=["sex"], seed=1, n_permutations=300,
    )  # fmt: skip
    rate = study.outcomes.set_index("participant_id")["reduction"]
    by = study.sessions.set_index(["participant_id", "timepoint"])["unit"].unstack()
    by = by.loc[rate.index] if connectivity == "baseline" else by.loc[rate.index].dropna()
    x = study.z.loc[by["pre"]].to_numpy()
    if connectivity == "change":
        x = study.z.loc[by["post"]].to_numpy() - x
    for kind, function in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        rows = table[table["kind"] == kind]
        expected = [function(x[:, j], rate[by.index])[0] for j in range(4)]
        assert rows["r"].to_numpy() == pytest.approx(expected, rel=1e-10)
        assert set(rows["n"]) == {len(by)}
    if connectivity == "baseline":
        found = table[table["kind"] == "pearson"].set_index("region")["p_fwe"]
        assert found["r2"] < 0.05
        assert (found[["r1", "r3", "r4"]] > 0.05).all()


def test_change_goes_up_to_the_last_scans_before_the_outcome():
    study = Study()
    study.outcomes["timepoint"] = "later"
    settings = ASSOCIATION | {"connectivity": "change"}
    found = associations.pairs(
        study.z, study.sessions, study.participants, study.outcomes, "later", ["pre", "post", "later"], settings
    )
    assert len(found.frame) == 36
    first = found.frame["participant_id"][0]
    expected = study.z.loc[f"{first}_ses-post"] - study.z.loc[f"{first}_ses-pre"]
    assert found.columns[0] == pytest.approx(expected.to_numpy())


def test_follow_ups_left_out_are_those_with_the_outcome():
    study = Study()

    def times():
        table = associations.correlations(
            "x", study.z, study.sessions, study.participants, study.outcomes, timepoints=None,
            order=["pre", "post", "never"], settings=ASSOCIATION, categorical=[], seed=1, n_permutations=100,
        )  # fmt: skip
        return table["timepoint"].unique().tolist()

    assert times() == ["post"]
    study.outcomes = study.outcomes[:0]
    with pytest.raises(InputError, match="nobody has HAMD after pre"):
        times()


def test_partial_correlations_stand_beside_the_others():
    study = Study(association=1.0)
    table = associations.correlations(
        "x", study.z, study.sessions, study.participants, study.outcomes, timepoints=["post"],
        order=["pre", "post"],
        settings=ASSOCIATION | {"covariates": ["age", "sex"]}, categorical=["sex"], seed=1, n_permutations=100,
    )  # fmt: skip
    assert table.groupby(["kind", "adjusted_for"]).size().to_dict() == {
        (kind, adjusted): 4 for kind in ("pearson", "spearman") for adjusted in ("nothing", "age + sex")
    }
    assert set(table.loc[table["adjusted_for"] == "age + sex", "df"]) == {36}


def test_association_needs_enough_and_an_outcome_that_varies():
    study = Study()

    def correlate(**changed):
        return associations.correlations(
            "x", study.z, study.sessions, study.participants, study.outcomes, timepoints=["post"],
            order=["pre", "post"],
        settings=ASSOCIATION | changed, categorical=[], seed=1, n_permutations=100,
        )  # fmt: skip

    study.outcomes = study.outcomes.assign(timepoint="week2")
    with pytest.raises(InputError, match="0 participants have connectivity"):
        correlate()
    study = Study()
    with pytest.raises(InputError, match="0 participants have connectivity"):
        correlate(where={"group": "HC"})
    with pytest.raises(InputError, match="is 20 in everybody"):
        correlate(measure="baseline")


def controls(study, **changed):
    settings = {
        "variable": "group", "case": "V", "control": "HC", "covariates": [], "exchange_within": None, "margin": 1.5,
    }  # fmt: skip
    return normalisation.against_controls(
        study.z, study.sessions, study.participants, "x", timepoints=["pre", "post"], settings=settings | changed,
        categorical=[], seed=1, n_permutations=300,
    )  # fmt: skip


def test_normalised_is_said_of_a_difference_that_is_gone_and_small():
    study = Study(difference=2.5)
    table = controls(study).set_index(["timepoint", "region"])
    by = study.sessions.set_index(["participant_id", "timepoint"])["unit"]
    ids = study.participants.set_index("group")["participant_id"]
    patients = [by[(p, "post")] for p in ids["V"] if (p, "post") in by.index]
    others = [by[(p, "pre")] for p in ids["HC"]]
    t = stats.ttest_ind(study.z.loc[patients], study.z.loc[others])
    assert table.loc["post", "t"].to_numpy() == pytest.approx(t.statistic, rel=1e-10)
    assert table.loc[("pre", "r3"), "verdict"] == "different"
    assert table.loc[("post", "r3"), "verdict"] == normalisation.NORMALISED
    assert table.loc[("post", "r1"), "verdict"] == normalisation.NEVER
    # a small margin cannot be shown by so few
    assert controls(study, margin=0.05).set_index(["timepoint", "region"]).loc[("post", "r3"), "verdict"] == "undecided"


def test_normalised_is_not_said_without_a_difference_at_baseline():
    assert set(controls(Study(), margin=3).query("timepoint == 'post'")["verdict"]) == {normalisation.NEVER}


def test_normalisation_tells_of_too_few():
    with pytest.raises(InputError, match=r"config key response.normalisation.x: group 'Z' \(case\) has 0 participants"):
        controls(Study(), case="Z")


def test_predicted_are_responders_against_the_others():
    study = Study()
    settings = {
        "outcome": "HAMD", "timepoint": "post", "measure": "responder", "where": {"group": ["P", "V"]},
        "clinical": ["age"],
    }  # fmt: skip
    study.participants.loc[2, "age"] = np.nan
    table = predicted.predicted(study.participants, study.outcomes, "x", settings).set_index("participant_id")
    assert len(table) == 39
    status = study.outcomes.set_index("participant_id")["responder"]
    assert (table["contrast-x"] == table.index.map(status).map({1.0: "case", 0.0: "control"})).all()
    assert set(table["baseline"]) == {20}


def test_the_published_way_is_good_on_noise_and_says_so():
    """39 patients and 160 edges of noise: the area of the same patients is far above .5, as it is when shuffled."""
    rng = np.random.default_rng(1)
    case = np.arange(39) % 2
    made = [replicate.cluster_roc(rng.normal(size=(39, 160)), case, 3, 100) for _ in range(10)]
    areas = np.array([one.auc for one in made])
    assert areas.min() > 0.65
    assert np.mean([one.noise.mean() for one in made]) == pytest.approx(areas.mean(), abs=0.04)
    # the observed area is as likely as any other to be among the largest
    assert np.mean([(one.noise >= one.auc).mean() for one in made]) == pytest.approx(0.5, abs=0.3)


def test_the_cluster_is_made_of_the_edges_that_differ():
    rng = np.random.default_rng(2)
    case = np.repeat([1.0, 0.0], 20)
    edges = rng.normal(size=(40, 30))
    edges[:20, 3] += 2.5
    edges[:20, 7] -= 2.5
    edges[5, 3] = np.nan
    found = replicate.cluster_roc(edges, case, 3, 50)
    assert found.chosen.tolist() == [3, 7]
    assert found.auc > found.noise.max()
    t = stats.ttest_ind(edges[:20, 7], edges[20:, 7])
    assert t.pvalue < replicate.CHOSEN_P


def test_the_published_way_in_one_row():
    """Edges are named among those that somebody has; p counts the studies of noise, the own one among them."""
    rng = np.random.default_rng(2)
    case = np.repeat([1.0, 0.0], [22, 18])
    edges = rng.normal(size=(40, 30))
    edges[:22, 4] += 2.5
    edges[:, 2] = np.nan
    found = replicate.cluster_roc(edges, case, 3, 50)
    row = replicate.replicate_row(found, [f"E{j}" for j in range(30) if j != 2], case).iloc[0]
    assert (row["n_case"], row["n_control"], row["n_edges"], row["edges"]) == (22, 18, 1, "E4")
    assert row["p_noise"] == pytest.approx(1 / 51)
    assert row["noise_mean"] < row["noise_95"] < row["auc_ci_low"] < row["auc"] < row["auc_ci_high"]


def test_table_one_equals_scipy():
    study = Study()
    measured = study.measure()
    table = table_one(measured, study.sessions, study.participants, study.outcomes, ["mean_fd"], ["sex", "site"])
    people = study.participants.iloc[:40]
    tests = table[table["group"] == "all"].set_index("variable")
    a, b = (people.loc[people["group"] == arm, "age"] for arm in ("P", "V"))
    welch = stats.ttest_ind(b, a, equal_var=False)
    assert tests.loc["age", ["statistic", "df", "p"]].tolist() == pytest.approx(
        [welch.statistic, welch.df, welch.pvalue]
    )
    counts = pd.crosstab(people["group"], people["sex"])
    chi = stats.chi2_contingency(counts)
    assert tests.loc["sex", "p"] == pytest.approx(chi.pvalue)
    assert tests.loc["sex", "effect_size"] == pytest.approx(stats.contingency.association(counts.to_numpy()))
    assert set(table["variable"]) == {"site", "sex", "age", "mean_fd", "HAMD at baseline"}
    # fd at the first session
    first = study.sessions.drop_duplicates("participant_id").set_index("participant_id")["mean_fd"]
    mean = table.query("variable == 'mean_fd' and group == 'P'")["mean"].iloc[0]
    assert mean == pytest.approx(first[people.loc[people["group"] == "P", "participant_id"]].mean())


def test_table_one_of_three_groups():
    """Welch's analysis of variance, as in statsmodels."""
    frame = pd.DataFrame({"participant_id": list("abcdefghijkl"), "group": list("xxxxyyyyzzzz")})
    values = [1.0, 2, 3, 4, 2, 4, 6, 9, 5, 6, 7, 9]
    people = frame.assign(age=values)
    measured = members.Measured(frame, None, ["x", "y", "z"], ["pre"], frame)
    sessions = frame.assign(session="1", timepoint="pre", unit="u")[["participant_id", "session", "timepoint", "unit"]]
    empty = pd.DataFrame(columns=["participant_id", "outcome", "baseline"])
    row = table_one(measured, sessions, people, empty, [], []).query("group == 'all'").iloc[0]
    assert row["test"] == "Welch F"
    groups = [np.array(values[k : k + 4]) for k in (0, 4, 8)]
    grand = np.mean(values)
    between = sum(4 * (g.mean() - grand) ** 2 for g in groups)
    assert row["effect_size"] == pytest.approx(between / np.sum((np.array(values) - grand) ** 2))
    expected = anova_oneway(groups, use_var="unequal")
    assert [row["statistic"], row["df"], row["p"]] == pytest.approx(
        [expected.statistic, expected.df_denom, expected.pvalue], rel=1e-10
    )


@pytest.mark.slow
def test_false_positive_rates_of_whole_analyses():
    """60 studies without effect: interaction, association and difference from controls at .05, and family-wise."""
    hits = {"change": [], "change family": [], "association": [], "association family": []}
    for seed in range(60):
        study = Study(seed)
        table, _ = run(study, draws=200, covariates=["age", "mean_fd"])
        own = table[table["model_term"] == INTERACTION]
        hits["change"] += (own["p"] <= 0.05).tolist()
        hits["change family"].append((own["p_fwe"] <= 0.05).any())
        found = associations.correlations(
            "x", study.z, study.sessions, study.participants, study.outcomes, timepoints=["post"],
            order=["pre", "post"],
        settings=ASSOCIATION | {"covariates": ["age"]}, categorical=[], seed=1, n_permutations=200,
        )  # fmt: skip
        own = found[(found["kind"] == "spearman") & (found["adjusted_for"] == "age")]
        hits["association"] += (own["p"] <= 0.05).tolist()
        hits["association family"].append((own["p_fwe"] <= 0.05).any())
    for name, found in hits.items():
        assert np.mean(found) == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / len(found))), name
