"""Treatment response in the report: words, flow of inclusion, pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.report import page
from amygene.report.figures import response as figures_response
from amygene.report.page import Shown
from amygene.report.references import cited
from amygene.report.sections import response

EFFECTS = pd.DataFrame(
    {
        "model_term": ["group x time"] * 3 + ["time"] * 3,
        "region": ["a", "b", "c"] * 2,
        "n_participants": 30.0,
        "f": [12.0, 1, np.nan, 2, 3, 4],
        "df1": 1.0,
        "df2": 28.0,
        "epsilon": 1.0,
        "p": [0.001, 0.3, np.nan, 0.2, 0.1, 0.05],
        "q": [0.002, 0.3, np.nan, 0.2, 0.2, 0.2],
        "p_fwe": [0.004, 0.5, np.nan, 0.4, 0.3, 0.2],
        "partial_eta2": 0.3,
        "g": [1.2, -0.3, np.nan, 0.2, 0.3, 0.4],
        "g_ci_low": 0.1,
        "g_ci_high": 1.9,
        "smallest_g": 1.05,
        "f_mixed": 11.0,
        "p_mixed": 0.002,
    }
)
WITHIN = pd.DataFrame(
    {
        "group": ["x", "x", "y"],
        "from": "pre",
        "to": "post",
        "region": ["a", "b", "a"],
        "n_participants": 15,
        "beta": 0.1,
    }
    | dict.fromkeys(["t", "df", "p", "p_fwe", "g", "g_ci_low", "g_ci_high"], 0.5)
    | {"q": [0.01, 0.6, 0.7]}
)
LISTED = pd.DataFrame(
    [
        ("p1", "pre", "x", True, None),
        ("p1", "post", "x", True, None),
        ("p2", "pre", "y", True, None),
        ("p2", "post", "y", False, "mean_fd is missing"),
        ("p3", "pre", None, False, "in none of the groups"),
    ],
    columns=["participant_id", "timepoint", "group", "in_model", "reason"],
)
PNG = Shown(b"png", "x.png")


def test_flow_counts_everybody_once():
    participants = pd.DataFrame({"participant_id": ["p1", "p2", "p3", "p4"]})
    excluded = pd.DataFrame(
        {"contrast": ["all", "all", "MDDvsHC"], "reason": ["age 12.3 is below 18", "age 90 is below 18; x", "y"]}
    )
    sessions = pd.DataFrame({"reason": ["mean_fd 0.41 is above 0.3"]})
    steps, groups = response.steps(participants, excluded, sessions, LISTED, ["y", "x"])
    assert steps == [
        ("6 participants", ["2 participants excluded:", "2 age is below 18"]),
        (
            "4 participants in the cohort",
            [
                "1 scan excluded:",
                "1 mean_fd is above 0.3",
                "2 participants not in this model:",
                "1 in none of the groups",
                "1 left out by the key where",
            ],
        ),
        ("2 participants in this model", []),
    ]
    assert list(groups) == ["y", "x"]
    assert groups["x"] == ["n = 1", "pre: 1", "post: 1", "more than one: 1"]
    figure = figures_response.flow(steps, groups)
    assert "\n".join(["y", *groups["y"]]) in [t.get_text() for t in figure.axes[0].texts]


def test_change_is_told_in_words():
    blocks, findings = response.change_part("drug", "RAMY", Shown(EFFECTS, "e.tsv"), Shown(WITHIN, "w.tsv"), PNG, PNG)
    assert page.gathered(findings) == [
        "drug, RAMY. Group x time: 1 of 2 regions at q < .05, 1 at family-wise p < .05; the strongest is a, "
        "F(1, 28) = 12.0, g = 1.20 (0.10 to 1.90), family-wise p = .004."
    ]
    told = " ".join(blocks[1]["sentences"])
    assert "g = 1.05 in one region with a power of 80 %" in told
    assert "x, pre to post: 1; y, pre to post: 0" in told
    assert [b["folded"] for b in blocks if b["kind"] == "table"][:2] == [
        "group x time, every region",
        "time, every region",
    ]


def test_no_change_is_said_with_what_would_have_been_found():
    table = EFFECTS.assign(q=0.3, p_fwe=0.4)
    _, findings = response.change_part("drug", "RAMY", Shown(table, "e.tsv"), Shown(WITHIN, "w.tsv"), PNG, PNG)
    told = findings[0]["text"]
    assert told.startswith("Group x time: no region at q < .05 or family-wise p < .05. The sample finds an effect of")
    assert "g = 1.05" in told


def test_a_column_that_says_nothing_of_two_times_is_left_out():
    def columns(table):
        blocks, _ = response.change_part("drug", "RAMY", Shown(table, "e.tsv"), Shown(WITHIN, "w.tsv"), PNG, PNG)
        return [c["name"] for c in next(b for b in blocks if b["kind"] == "table")["columns"]]

    assert "epsilon" not in columns(EFFECTS)
    assert "epsilon" in columns(EFFECTS.assign(epsilon=0.8))


def correlations(**changed):
    """Two follow-ups, both kinds, with and without age; 120 regions, of which nothing is found unless `changed`."""
    rows = [
        {"timepoint": t, "kind": k, "adjusted_for": a, "region": f"r{i}", "r": 0.001 * i, "p": 1 - 0.001 * i}
        for t in ("week2", "week6")
        for k in ("pearson", "spearman")
        for a in ("nothing", "age")
        for i in range(120)
    ]
    table = pd.DataFrame(rows).assign(n=40.0, r_ci_low=-0.2, r_ci_high=0.4, q=0.9, p_fwe=0.9, smallest_r=0.43)
    table["p_parametric"] = table["p"]
    for row, columns in changed.items():
        table.loc[int(row[1:]), list(columns)] = list(columns.values())
    return Shown(table, "c.tsv")


NAMES = ("Fisher z at baseline", "reduction rate of HAMD")


def test_association_is_told_by_kind_and_the_same_of_all_seeds_once():
    none = [
        finding
        for seed in ("RAMY", "LAMY")
        for finding in response.association_part("hamd", seed, correlations(), {}, NAMES)[1]
    ]
    found = correlations(_3={"q": 0.04}, _4={"q": 0.01, "p_fwe": 0.02, "p_parametric": 0.0001})
    blocks, some = response.association_part("hamd", "CMA", found, {}, NAMES)
    begun = (
        "Reduction rate of HAMD and Fisher z at baseline, regions at q < .05 (in brackets: at family-wise p < .05): "
    )
    assert page.gathered([none[0], *some, none[1], "Last."]) == [
        f"hamd, RAMY, LAMY. {begun}none at week2; none at week6.",
        f"hamd, CMA. {begun}2 (1) by Pearson, 0 (0) by Pearson given age, 0 (0) by Spearman, "
        "0 (0) by Spearman given age at week2; none at week6.",
        "Last.",
    ]
    told = " ".join(blocks[1]["sentences"])
    assert "Correlations below 0.43 at week2 (40 participants) and 0.43 at week6" in told
    assert "At week2 Pearson finds regions where Spearman finds none" in told
    # timepoints may be numbers, which a table that is read again has as such
    weeks = found.content["timepoint"].map({"week2": 2, "week6": 6})
    numbered = Shown(found.content.assign(timepoint=weeks), "c.tsv")
    again, _ = response.association_part("hamd", "CMA", numbered, {}, NAMES)
    assert "At 2 Pearson finds" in " ".join(again[1]["sentences"])
    short, folded = [b for b in blocks if b["kind"] == "table"]
    assert len(short["rows"]) == 8
    assert [cell["text"] for cell in short["rows"][0]["cells"]][:7] == [
        "week2",
        "pearson",
        "nothing",
        "2",
        "1",
        "40",
        "r4",
    ]
    assert [row["marked"] for row in short["rows"]] == [True] + [False] * 7
    # 25 of each of the eight with the smallest p (the last regions), and what was found
    assert len(folded["rows"]) == 8 * 25 + 2
    assert "The 202 of 960 rows" in folded["caption"]
    assert folded["folded"] == "every kind and adjustment, the strongest regions"


def test_what_values_and_ranks_find_is_no_warning():
    both = {"_3": {"q": 0.04}, "_243": {"p_fwe": 0.04}}
    blocks, _ = response.association_part("hamd", "RAMY", correlations(**both), {}, NAMES)
    assert "extreme" not in " ".join(blocks[1]["sentences"])


@pytest.mark.parametrize(
    ("measure", "words"),
    [("value", "BPRS (points)"), ("change", "change of BPRS (points)"), ("responder", "response by BPRS (points)")],
)
def test_an_outcome_is_called_by_its_label(measure, words):
    assert response.measured("BPRS (points)", measure) == words


def test_more_than_one_degree_of_freedom_has_eta_squared():
    table = EFFECTS.assign(df1=2.0, g=np.nan, smallest_g=np.nan)
    blocks, findings = response.change_part("drug", "RAMY", Shown(table, "e.tsv"), Shown(WITHIN, "w.tsv"), PNG, PNG)
    assert "F(2, 28) = 12.0, partial eta² = 0.30" in findings[0]["text"]
    assert "power" not in " ".join(blocks[1]["sentences"])
    figure = figures_response.forest(table[:3], "g")
    assert figure.axes[0].get_xlabel() == "partial eta squared"


def test_table_one_is_that_of_a_paper():
    long = pd.DataFrame(
        [
            ("age", None, "x", 10, 40.0, 5.0, None),
            ("age", None, "y", 9, 0.12, 0.03, None),
            ("sex", "F", "x", 10, None, None, 4),
            ("sex", "F", "y", 9, None, None, 3),
            ("sex", "M", "x", 10, None, None, 6),
            ("sex", "M", "y", 9, None, None, 6),
        ],
        columns=["variable", "level", "group", "n", "mean", "sd", "count"],
    ).to_dict("records")
    test = {"variable": "sex", "group": "all", "n": 19, "test": "chi-squared", "p": 0.7}
    columns = [*long[0], "test", "statistic", "df", "p", "effect", "effect_size"]
    table = response.table_one(pd.DataFrame([*long, test], columns=columns))
    assert table[["variable", "level", "x", "y"]].values.tolist() == [
        ["age", None, "40.0 (5.0)", "0.120 (0.030)"],
        ["sex", "F", "4 (40 %)", "3 (33 %)"],
        ["sex", "M", "6 (60 %)", "6 (67 %)"],
    ]
    assert table["test"].isna().tolist() == [True, False, True]


def test_normalisation_is_never_said_for_want_of_significance():
    table = pd.DataFrame(
        {"timepoint": ["pre", "pre", "post", "post"], "region": ["a", "b"] * 2, "g": 0.5}
        | dict.fromkeys(["n_case", "n_control", "t", "p", "p_fwe", "g_ci_low", "g_ci_high"], 1.0)
        | {"q": [0.01, 0.5, 0.3, 0.5], "p_equivalence": [1, 1, 0.4, 0.01]}
        | {"power_equivalence": 0.34, "smallest_g": 0.7, "n_case": 30.0, "n_control": 20.0}
        | {"verdict": ["different", "not different", "undecided", "no difference at baseline"]}
    )
    blocks, findings = response.normalisation_part("x", "RAMY", Shown(table, "c.tsv"), PNG, 0.5)
    assert "At pre 1 of 2 regions differ" in findings[0]
    assert "at post: 0 normalised, 0 still different, 1 undecided" in findings[0]
    assert "smaller than 0.5 standard deviations in 1 region (p" in findings[0]
    said = str(blocks)
    assert "At post the sample (30 patients, 20 controls) finds a difference of g = 0.70 in one region" in said
    assert "it shows equivalence within 0.5 standard deviations with a probability of 34 %" in said
    assert figures_response.against_controls(table, 0.5).axes


def test_clusters_are_told_by_their_verdict_and_none_is_told_too():
    table = pd.DataFrame(
        {"timepoint": ["pre", "pre", "post", "post"], "region": ["1 Precuneus_L", "2 at 4, 14, 36"] * 2}
        | dict.fromkeys(["t", "p", "p_fwe", "q", "g", "n_voxels"], 0.5)
        | {
            "n_case": 30.0,
            "n_control": 20.0,
            "power_equivalence": 0.8,
            "smallest_g": 0.7,
            "g_ci_low": 0,
            "g_ci_high": 1,
        }
        | {"formed_by": "height", "n_equivalent": 3, "p_equivalence": [1, 1, 0.4, 0.01]}
        | {"verdict": ["different", "different", "still different", "normalised"]}
    )
    blocks, findings = response.cluster_normalisation_part("x", "LLBA", Shown(table, "c.tsv"), PNG, 0.5)
    assert "At pre 2 clusters differ from controls (family-wise p < .05)" in findings[0]
    assert "Of these, at post: 1 normalised, 1 still different, 0 undecided." in findings[0]
    assert "in 1 cluster (p of equivalence" in findings[0]
    assert any(block["kind"] == "table" for block in blocks)
    drawn = figures_response.clusters_against_controls(table, 0.5)
    assert [label.get_text() for label in drawn.axes[0].get_yticklabels()] == ["2 at 4, 14, 36", "1 Precuneus_L"]
    _, findings = response.cluster_normalisation_part("x", "LLBA", Shown(table[:0], "c.tsv"), PNG, 0.5)
    assert "nothing that could have normalised" in findings[0]
    assert figures_response.clusters_against_controls(table[:0], 0.5).axes


def test_pictures_are_drawn_of_few_and_of_missing():
    means = pd.DataFrame(
        {
            "group": ["x", "x", "y", "y"],
            "timepoint": ["pre", "post"] * 2,
            "region": "a",
            "mean": [0.1, 0.2, 0.1, np.nan],
        }
    )
    means["mean_ci_low"], means["mean_ci_high"] = means["mean"] - 0.1, means["mean"] + 0.1
    figure = figures_response.trajectories(means, ["a"], {"a": "p = .01"})
    assert figure.axes[0].get_title(loc="left") == "a\np = .01"
    x = {"a": np.array([0.1, np.nan, 0.3, 0.2])}
    drawn = figures_response.scatter(x, np.arange(4.0), np.array([1, 0, 1, 0]), ("z", "HAMD"), {})
    assert len(drawn.axes[0].collections[0].get_offsets()) == 3
    assert figures_response.noise(np.linspace(0.5, 0.8, 50), 0.9).axes
    assert figures_response.strongest(EFFECTS[:3], 5) == ["a", "b"]


CONFIG = {
    "stages": ["response"],
    "permutations": {"response": 500},
    "prediction": {"folds": 5, "repeats": 3},
    "response": {
        "outcomes": {"HAMD": {"better": "lower", "floor": 0, "responder": 0.5, "remission": 7}},
        "changes": {
            "arms": {
                "groups": {"variable": "arm", "levels": ["a", "b"]},
                "covariates": ["mean_fd"],
                "covariates_by_time": ["age"],
            },
            "all": {"groups": None, "covariates": [], "covariates_by_time": []},
        },
        "associations": {
            "h": {"outcome": "HAMD", "measure": "reduction", "connectivity": "baseline", "covariates": ["dose"]}
        },
        "normalisation": {"n": {"case": "MDD", "control": "HC", "margin": 0.5}},
        "predictions": {"p": {}},
    },
}


def test_methods_say_what_was_asked():
    paragraphs, references = cited(response.methods(CONFIG, {}))
    text = " ".join(paragraphs)
    for words in (
        "response a reduction of at least 50 %",
        "arms (a and b; covariates mean_fd, age x time); all (one group)",
        "also given dose",
        "margin of 0.5 standard deviations",
        "5 folds, 3 repeats",
        "500 permutations",
    ):
        assert words in text, words
    assert len(references) == len(set(references)) >= 9
    assert response.methods(CONFIG | {"stages": ["group"]}, {}) == []


def test_methods_name_no_reduction_rate_where_none_is_used():
    outcomes = {"BPRS": {"label": "change of BPRS (SD)", "better": "lower", "floor": 0}}
    associations = {"b": CONFIG["response"]["associations"]["h"] | {"outcome": "BPRS", "measure": "value"}}
    asked = CONFIG["response"] | {"outcomes": outcomes, "associations": associations}
    paragraphs = response.methods(CONFIG | {"response": asked}, {})
    assert paragraphs[0] == "Outcomes. BPRS: change of BPRS (SD)."
    assert "BPRS with connectivity at baseline, also given dose" in " ".join(paragraphs)


@pytest.mark.parametrize("kind", ["outcomes", "changes", "associations", "normalisation", "predictions"])
def test_methods_are_silent_about_what_was_not_asked(kind):
    less = CONFIG | {"response": CONFIG["response"] | {kind: {}}}
    assert len(response.methods(less, {})) == len(response.methods(CONFIG, {})) - 1


def test_prediction_stands_against_the_clinical_baseline_and_the_published_way_is_labelled():
    shared = {"n": 40, "n_case": 20, "auc_ci_low": 0.4, "auc_ci_high": 0.8, "p_permutation": np.nan}
    rows = [
        {
            "model": "logistic",
            "features": "covariates",
            "auc": 0.6,
            "p_permutation_fwe": np.nan,
            "p_covariates": np.nan,
        },
        {"model": "ridge", "features": "all edges", "auc": 0.55, "p_permutation_fwe": 0.3, "p_covariates": 0.6},
        {"model": "ridge", "features": "selected edges", "auc": 0.65, "p_permutation_fwe": 0.2, "p_covariates": 0.4},
    ]
    table = pd.DataFrame([row | shared | {"auc_minus_covariates": row["auc"] - 0.6} for row in rows])
    replicate = pd.DataFrame([{"n_edges": 2, "auc": 0.9, "noise_mean": 0.75, "noise_95": 0.87, "p_noise": 0.03}])
    blocks, findings = response.prediction_part("h", Shown(table, "p.tsv"), PNG, PNG, replicate, PNG, "HAMD.")
    assert "(ridge, selected edges) has an area of 0.65" in findings[0]
    assert "the clinical baseline alone has 0.60" in findings[0]
    assert "(difference 0.05, p = .400, not corrected for taking the best)" in findings[0]
    assert "Connectivity is not shown to predict response (p = .200" in findings[0]
    assert "gives 0.90. With shuffled groups it gives 0.75 on average and up to 0.87" in findings[1]
    assert any(block["kind"] == "warning" for block in blocks)


def test_families_of_correlations_are_counted_with_what_chance_gives():
    one = pd.DataFrame(
        {"timepoint": "post", "kind": ["pearson", "pearson", "spearman"], "adjusted_for": "nothing"}
        | {"region": ["a", "b", "a"], "p_fwe": [0.01, 0.04, 0.2]}
    )
    # a family without any p could not be tested
    other = one.assign(p_fwe=[0.3, np.nan, np.nan])
    _, (said,) = response.families_part([one, other])
    assert "1 of 3 families of correlations" in said
    assert "where nothing goes with any outcome, 0.2 would on average" in said
