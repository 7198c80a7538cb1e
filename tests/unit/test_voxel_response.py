"""Maps before and after treatment: closed forms, R's aov, exact enumeration, planted truth and false positives."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import ndimage, stats

from amygene.problems import InputError
from amygene.response import members, voxel_plan
from amygene.response.voxel_designs import association_sample, change_sample
from amygene.stats.design import Design
from amygene.stats.lattice import Lattice
from amygene.stats.repeated_measures import GROUP, INTERACTION, TIME, Term, of_groups
from amygene.stats.repeated_measures import Design as Repeated
from amygene.stats.tfce import Scanner
from amygene.voxel_comparison import VoxelComparison
from amygene.voxel_draws import STATISTICS, draw_shard, gather_draws
from amygene.voxel_group import MAP_MEANING, observe, write_maps
from amygene.voxel_labels import VoxelLabels
from amygene.voxel_tables import cluster_table, describe_voxels, effect_meaning

REFERENCE = Path(__file__).parents[1] / "reference"
SESSIONS = ["pre", "post"]
MODEL = {
    "timepoints": SESSIONS,
    "groups": {"variable": "group", "levels": ["P", "V"]},
    "where": {},
    "covariates": [],
    "covariates_by_time": [],
    "categorical": ["site"],
    "exchange_within": None,
}
ASSOCIATION = {
    "outcome": "HAMD",
    "measure": "reduction",
    "connectivity": "baseline",
    "covariates": ["age"],
    "where": {},
    "exchange_within": None,
}
#: level -> how often 200 studies may find something at .05: 99.9 % of the binomial distribution
FOUND = tuple(stats.binom.ppf([0.0005, 0.9995], 200, 0.05))


class Study:
    """Maps of participants at two sessions as the connectivity stage leaves them, and the tables of the cohort."""

    def __init__(self, folder, n=26, shape=(7, 8, 6), seed=0, missing=(3, 8)):
        rng = np.random.default_rng(seed)
        self.mask = np.zeros(shape, dtype=bool)
        self.mask[1:-1, 1:-1, 1:-1] = True
        ids = [f"s{i:02d}" for i in range(n)]
        self.participants = pd.DataFrame(
            {
                "participant_id": ids,
                "group": np.where(rng.permutation(n) % 2, "P", "V"),
                "site": np.where(np.arange(n) % 3, "A", "B"),
                "age": rng.normal(40, 9, n).round(1),
            }
        )
        rows = [
            (p, t, t, f"{p}_ses-{t}", round(float(rng.gamma(2, 0.05)), 4))
            for i, p in enumerate(ids)
            for t in SESSIONS[: 1 if i in missing else 2]
        ]
        self.sessions = pd.DataFrame(rows, columns=["participant_id", "session", "timepoint", "unit", "mean_fd"])
        rate = rng.uniform(0, 1, n)
        self.outcomes = pd.DataFrame(
            {"participant_id": ids, "outcome": "HAMD", "timepoint": "post", "reduction": rate}
        ).assign(responder=(rate > 0.5).astype(float))
        own = rng.normal(size=(n, self.mask.sum()))
        self.maps = {}
        for session in SESSIONS:
            maps = (own + rng.normal(size=own.shape)).astype(np.float32)
            maps[[i for i in missing if session == "post"]] = np.nan
            self.maps[session] = maps
        self.people = ids
        self.path = folder / "maps.npy"

    @property
    def has_map(self):
        known = {s: ~np.isnan(maps[:, 0]) for s, maps in self.maps.items()}
        return {s: {p for p, here in zip(self.people, kept, strict=True) if here} for s, kept in known.items()}

    def change(self, effect, level=None, **changed):
        measured = members.measure(self.sessions, self.participants, self.outcomes, "x", **MODEL | changed)
        return change_sample(measured, self.has_map, "x", effect=effect, level=level, sessions=SESSIONS)

    def association(self, used=("pre",), **changed):
        return association_sample(
            *(self.sessions, self.participants, self.outcomes, self.has_map, "x"),
            timepoint="post",
            order=SESSIONS,
            used=list(used),
            settings=ASSOCIATION | changed,
            categorical=["site"],
        )

    def comparison(self, sample):
        rows = np.array([self.people.index(p) for p in sample.people])
        sessions = [(self.maps[s], weight) for s, weight in sample.weights.items()]
        maps, analysed = write_maps(sessions, rows, self.mask, np.array([], dtype=int), self.path)
        sites = np.zeros(len(rows), dtype=int)
        return VoxelComparison(maps, sample.design, sites, "covariate", sample.exchange, sample.effect), analysed


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def repeated(study, **changed):
    """The measurements of those with both sessions, as the repeated measures take them."""
    complete = study.sessions.groupby("participant_id")["unit"].transform("size") == 2
    measured = members.measure(study.sessions[complete], study.participants, study.outcomes, "x", **MODEL | changed)
    at = {(p, s): study.maps[s][i] for i, p in enumerate(study.people) for s in SESSIONS}
    keys = zip(measured.frame["participant_id"], measured.frame["session"], strict=True)
    return np.array([at[key] for key in keys], dtype=float), measured


@pytest.mark.parametrize(
    "covariates", [{}, {"covariates": ["mean_fd"], "covariates_by_time": ["age"]}, {"covariates": ["site", "mean_fd"]}]
)
def test_in_2_x_2_the_f_of_the_repeated_measures_is_the_squared_t_of_maps(study, covariates):
    y, measured = repeated(study, **covariates)
    for effect, term in (("interaction", INTERACTION), ("group", GROUP)):
        comparison, _ = study.comparison(study.change(effect, **covariates))
        found, expected = comparison.estimates(), Term(y, measured.design, term).fit()
        assert found["t"].to_numpy() ** 2 == pytest.approx(expected.f, rel=1e-4, abs=1e-6)
        assert found["beta"].to_numpy() == pytest.approx(expected.beta, rel=1e-3, abs=1e-5)
        assert (found["df"] == expected.df2).all()


def test_t_of_change_is_that_of_scipy(study):
    comparison, _ = study.comparison(study.change("interaction"))
    people = study.participants.set_index("participant_id")
    both = [p for p in study.people if p in study.has_map["post"]]
    change = {p: study.maps["post"][i].astype(float) - study.maps["pre"][i] for i, p in enumerate(study.people)}
    of = {g: np.array([change[p] for p in both if people.loc[p, "group"] == g]) for g in "PV"}
    t = comparison.estimates()["t"].to_numpy()
    assert t == pytest.approx(stats.ttest_ind(of["V"], of["P"]).statistic, rel=1e-5, abs=1e-6)
    for level in "PV":
        sample = study.change("time", level)
        assert sample.counts == {level: len(of[level])}
        comparison, _ = study.comparison(sample)
        expected = stats.ttest_1samp(of[level], 0)
        assert comparison.estimates()["t"].to_numpy() == pytest.approx(expected.statistic, rel=1e-5, abs=1e-6)
        # the repeated measures of the group alone, which R's aov agrees with
        y, measured = repeated(study)
        own = of_groups(measured.design, [measured.levels.index(level)])
        f = Term(y[own], measured.design.subset(own), TIME).fit().f
        assert comparison.estimates()["t"].to_numpy() ** 2 == pytest.approx(f, rel=1e-4, abs=1e-6)


def test_f_of_group_and_interaction_are_those_of_r(tmp_path):
    """R's aov(y ~ group * time + Error(participant)) of the first and the last time; five outcomes stand for voxels."""
    table = pd.read_csv(REFERENCE / "repeated_input.csv").sort_values(["participant", "time"])
    table = table[table.groupby("participant")["time"].transform("size") == 3].query("time != 1")
    expected = pd.read_csv(REFERENCE / "repeated_aov.csv").query("model == 'two'").set_index(["outcome", "term"])["f"]
    frame = table[["participant", "time", "group"]].rename(columns={"participant": "participant_id"})
    frame["timepoint"] = frame["time"].map({0: "pre", 2: "post"})
    frame = frame.reset_index(drop=True)
    codes, ids = pd.factorize(frame["participant_id"])
    none = np.empty((len(frame), 0))
    design = Repeated(
        codes, frame["time"].to_numpy() // 2, frame["group"].to_numpy(), none, none, np.zeros(len(ids), dtype=int)
    )
    measured = members.Measured(frame, design, ["a", "b"], SESSIONS, frame)
    values = [f"y{k}" for k in range(1, 6)]
    y = {t: table.query("time == 2 * @i")[values].to_numpy() for i, t in enumerate(SESSIONS)}
    for effect, term in (("interaction", "group x time"), ("group", "group")):
        sample = change_sample(
            measured, {session: set(ids) for session in SESSIONS}, "x", effect=effect, level=None, sessions=SESSIONS
        )
        maps = sum(weight * y[session] for session, weight in sample.weights.items())
        comparison = VoxelComparison(maps.T, sample.design, np.zeros(len(ids), dtype=int), "covariate")
        assert comparison.estimates()["t"].to_numpy() ** 2 == pytest.approx(
            [expected[v, term] for v in values], rel=1e-6
        )


def test_change_within_a_group_is_that_at_unchanged_motion_and_mean_age(study):
    sample = study.change("time", "V", covariates=["mean_fd"], covariates_by_time=["age"])
    comparison, _ = study.comparison(sample)
    people = study.participants.set_index("participant_id").loc[sample.people]
    fd = study.sessions.pivot(index="participant_id", columns="timepoint", values="mean_fd").loc[sample.people]
    design = np.column_stack([np.ones(len(people)), people["age"] - people["age"].mean(), fd["post"] - fd["pre"]])
    fits = [sm.OLS(y.astype(float), design).fit() for y in comparison.maps]
    found = comparison.estimates()
    assert found["t"].to_numpy() == pytest.approx([f.tvalues[0] for f in fits], rel=1e-5)
    assert found["beta"].to_numpy() == pytest.approx([f.params[0] for f in fits], rel=1e-5)


def test_association_is_the_partial_correlation(study):
    for used, connectivity in ((("pre",), "baseline"), (("pre", "post"), "change")):
        sample = study.association(used, connectivity=connectivity)
        comparison, _ = study.comparison(sample)
        people = study.participants.set_index("participant_id").loc[sample.people]
        rate = study.outcomes.set_index("participant_id").loc[sample.people, "reduction"].to_numpy()
        age = sm.add_constant(people["age"].to_numpy())
        found = comparison.estimates()
        for voxel in range(0, len(comparison.maps), 17):
            y = comparison.maps[voxel].astype(float)
            left = [sm.OLS(v, age).fit().resid for v in (y, rate)]
            assert found["r"][voxel] == pytest.approx(stats.pearsonr(*left).statistic, abs=1e-6)
            both = sm.OLS(y, np.column_stack([rate, age])).fit()
            assert found["t"][voxel] == pytest.approx(both.tvalues[0], rel=1e-5)
            assert found["beta"][voxel] == pytest.approx(both.params[0] * rate.std(), rel=1e-5)
        low, high = found["r_ci_low"], found["r_ci_high"]
        n, reach = len(rate), stats.norm.ppf(0.975)
        assert (np.arctanh(high) - np.arctanh(low)).to_numpy() == pytest.approx(
            2 * reach / np.sqrt(n - 1 - 3), rel=1e-9
        )
        # responders and others: t of the two groups
    status = study.association(measure="responder", covariates=[])
    comparison, _ = study.comparison(status)
    groups = status.design.case > 0
    expected = stats.ttest_ind(comparison.maps[:, groups], comparison.maps[:, ~groups], axis=1).statistic
    assert comparison.estimates()["t"].to_numpy() == pytest.approx(expected, rel=1e-5)


def test_who_takes_part_and_whose_map_is_what(study):
    study.maps["pre"][5] = np.nan
    everybody = [p for i, p in enumerate(study.people) if i not in (3, 5, 8)]
    comparison, analysed = study.comparison(study.change("interaction"))
    assert study.change("interaction").people == everybody == study.change("group").people
    rows = [study.people.index(p) for p in everybody]
    assert np.array_equal(analysed, study.mask)
    expected = study.maps["post"][rows].astype(float) - study.maps["pre"][rows]
    assert pytest.approx(expected, abs=1e-6) == np.asarray(comparison.maps).T
    comparison, _ = study.comparison(study.change("group"))
    expected = (study.maps["post"][rows].astype(float) + study.maps["pre"][rows]) / 2
    assert pytest.approx(expected, abs=1e-6) == np.asarray(comparison.maps).T
    people = study.participants.set_index("participant_id").loc[everybody]
    assert np.array_equal(comparison.design.case, people["group"] == "V")
    # exchanged within sites, if asked
    strata = study.change("interaction", exchange_within="site").design.strata
    assert np.array_equal(strata, people["site"] == "B")
    # baseline connectivity asks for no later map
    assert study.association().people == [p for p in study.people if p != "s05"]


def test_what_cannot_be_tested_is_told(study):
    for session in SESSIONS:
        study.maps[session][(study.participants["group"] == "V").to_numpy()] = np.nan
    with pytest.raises(InputError, match=r"changes\.x: too few participants with maps at pre and post in group V"):
        study.change("interaction")
    study.maps["pre"][:] = np.nan
    with pytest.raises(InputError, match=r"associations\.x: 0 participants have connectivity"):
        study.association()


def test_nobody_to_exchange_is_told(tmp_path):
    study = Study(tmp_path)
    study.participants["pair"] = study.participants["group"] + "x"
    with pytest.raises(InputError, match=r"changes\.x\.exchange_within: in each of the 2 strata"):
        study.change("interaction", exchange_within="pair")
    study.participants["pair"] = study.people
    with pytest.raises(InputError, match=r"associations\.x\.exchange_within"):
        study.association(exchange_within="pair")
    study.participants["twin"] = study.outcomes["reduction"]
    with pytest.raises(InputError, match="covariates determine what is tested"):
        study.association(covariates=["twin"])


def small(seed, exchange, n):
    """A small smooth volume, and a comparison with few possible draws."""
    rng = np.random.default_rng(seed)
    shape = (4, 5, 4)
    maps = ndimage.gaussian_filter(rng.standard_normal((n, *shape)), (0, 0.8, 0.8, 0.8)).reshape(n, -1)
    maps[:, :12] += 0.25
    if exchange == "signs":
        design = Design(np.ones(n), np.empty((n, 0)), np.array([]), np.zeros(n, dtype=int))
    else:
        design = Design(rng.standard_normal(n), np.ones((n, 1)), np.array(["intercept"]), np.zeros(n, dtype=int))
    sites = np.zeros(n, dtype=int)
    effect = "g" if exchange == "signs" else "r"
    return VoxelComparison(maps.T.astype(np.float32), design, sites, "covariate", exchange, effect), shape


def every_draw(comparison, exchange):
    """t-maps of all draws by another program: all signs, or all orders of the outcome."""
    y = comparison.maps.astype(float)
    n = y.shape[1]
    if exchange == "signs":
        return [stats.ttest_1samp(y * signs, 0, axis=1).statistic for signs in product([-1, 1], repeat=n)]
    found = []
    for order in permutations(range(n)):
        r = np.array([np.corrcoef(comparison.design.case[list(order)], voxel)[0, 1] for voxel in y])
        found.append(r * np.sqrt((n - 2) / (1 - r**2)))
    return found


@pytest.mark.parametrize(("exchange", "n"), [("signs", 8), ("places", 5)])
def test_draws_are_those_of_exact_enumeration(exchange, n):
    comparison, shape = small(3, exchange, n)
    lattice = Lattice(np.ones(shape, dtype=bool), 18)
    threshold = 1.5
    t = comparison.estimates()["t"].to_numpy()
    observed = {"t": t, "largest": np.array(Scanner(lattice, threshold).maxima(t))}
    m = 5000
    draws = gather_draws([[draw_shard(comparison, lattice, threshold, observed, 1, 0, m)]], "plain")
    maps = np.array(every_draw(comparison, exchange))
    assert len(maps) == {"signs": 256, "places": 120}[exchange]
    scanner = Scanner(lattice, threshold)
    exact = np.array([scanner.maxima(np.ascontiguousarray(one)) for one in maps])
    for k, name in enumerate(STATISTICS):
        truth = np.mean(exact[:, k] >= observed["largest"][k] * (1 - 1e-5))
        p = draws.p_family(name, observed["largest"][k : k + 1])[0]
        assert abs(p - truth) < 4 * np.sqrt(truth * (1 - truth) / m) + 1 / m
        # nothing is drawn that cannot be
        assert all(np.isclose(exact[:, k], value, rtol=1e-4).any() for value in np.unique(draws.maxima[:40, k]))
    per_voxel = (np.abs(maps) >= np.abs(t) * (1 - 1e-9)).mean(axis=0)
    assert draws.p_voxel() == pytest.approx(per_voxel, abs=4 * 0.5 / np.sqrt(m))


def one_study(kind, rng, n=16, shape=(6, 6, 5)):
    """Change or baseline maps without any effect: smooth noise, two groups of unlike size, a covariate that matters."""
    noise = ndimage.gaussian_filter(rng.standard_normal((n, *shape)), (0, 0.8, 0.8, 0.8)).reshape(n, -1)
    age = rng.standard_normal(n)
    maps = noise + 0.3 * age[:, None] * noise.std()
    sites = np.zeros(n, dtype=int)
    if kind == "time":
        design = Design(np.ones(n), (age - age.mean())[:, None], np.array(["age"]), sites)
        return VoxelComparison(maps.T.astype(np.float32), design, sites, "covariate", "signs")
    tested = (np.arange(n) < 6).astype(float) if kind == "interaction" else rng.uniform(size=n) + 0.3 * age
    design = Design(tested, np.column_stack([np.ones(n), age]), np.array(["intercept", "age"]), sites)
    return VoxelComparison(
        maps.T.astype(np.float32), design, sites, "covariate", "places", "r" if kind != "interaction" else "g"
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["interaction", "time", "association"])
def test_the_false_positive_rate_holds(kind):
    rng = np.random.default_rng(11)
    lattice = Lattice(np.ones((6, 6, 5), dtype=bool), 18)
    positive = np.zeros(len(STATISTICS))
    for i in range(200):
        comparison = one_study(kind, rng)
        found = observe(comparison, lattice.mask, 18, 0.05)
        drawn = draw_shard(comparison, lattice, float(found["threshold"]), found, i, 0, 99)
        draws = gather_draws([[drawn]], "plain")
        for k, name in enumerate(STATISTICS):
            positive[k] += draws.p_family(name, found["largest"][k : k + 1])[0] <= 0.05
    assert ((FOUND[0] <= positive) & (positive <= FOUND[1])).all(), dict(zip(STATISTICS, positive, strict=True))


def test_a_planted_association_is_in_the_table_with_its_correlation(tmp_path):
    study = Study(tmp_path, n=40, missing=())
    place = np.zeros(study.mask.shape, dtype=bool)
    place[2:5, 2:5, 2:4] = True
    rate = study.outcomes["reduction"].to_numpy()
    study.maps["pre"][:, place[study.mask]] += (6 * (rate - 0.5))[:, None].astype(np.float32)
    comparison, analysed = study.comparison(study.association())
    lattice = Lattice(analysed, 18)
    found = observe(comparison, analysed, 18, 0.001)
    threshold = float(found["threshold"])
    draws = gather_draws([[draw_shard(comparison, lattice, threshold, found, 1, 0, 300)]], "plain")
    result = describe_voxels(comparison, lattice, threshold, draws, None)
    labels = {"atlas": VoxelLabels(np.zeros(len(comparison.maps), dtype=int), ["everywhere"])}
    table = cluster_table(comparison, lattice, np.eye(4), threshold, result, labels, 8, 3)
    best = table.iloc[0]
    assert best["p_size"] < 0.05
    assert best["p_mass"] < 0.05
    assert best["p_fwe"] < 0.05
    assert best["cluster_p_tfce"] < 0.05
    assert place[tuple(best[["x", "y", "z"]].to_numpy(dtype=int))]
    assert {"r", "r_ci_low", "cluster_r", "cluster_r_ci_high"} <= set(table)
    assert not {"g", "cluster_g"} & set(table)
    assert best["cluster_r"] > 0.5
    assert best["r_ci_low"] > 0
    assert set(result.maps) == {stat for stat in MAP_MEANING if not stat.startswith("g") and "equiv" not in stat}
    assert set(effect_meaning("r", "x")) == {"r"}


CHANGES = {"arms": {"groups": {"variable": "arm", "levels": ["a", "b"]}}}


def planned(**response):
    return {"changes": CHANGES, "associations": {}} | response


def test_names_of_analyses():
    asked = {"hamd": {"outcome": "HAMD", "measure": "reduction", "connectivity": "change"}}
    found = voxel_plan.analyses(
        CHANGES | {"all": {"groups": None}, "by": {"groups": {"outcome": "HAMD", "measure": "responder"}}},
        asked,
        ["pre", "week2", "week6"],
        ["pre", "week2"],
    )
    assert list(found) == [
        *(f"change-arms_effect-{effect}" for effect in ("interaction", "group", "timeA", "timeB")),
        "change-all_effect-time",
        *(f"change-by_effect-{effect}" for effect in ("interaction", "group", "timeNonResponder", "timeResponder")),
        "association-hamd_timepoint-week2",
        "association-hamd_timepoint-week6",
    ]
    # the change up to the last scans before the outcome
    assert found["association-hamd_timepoint-week6"]["sessions"] == ["pre", "week2"]
    assert found["change-by_effect-timeResponder"]["level"] == "responder"
    words = {"title", "colours", "tested", "positive", "lead", "more", "less", "none", "absent"}
    assert all(set(one["words"]) == words for one in found.values())


@pytest.mark.parametrize(
    ("response", "timepoints", "scanned", "words"),
    [
        (planned(), ["pre", "w2", "w6"], ["pre", "w2", "w6"], "maps are compared between two timepoints, found 3"),
        (planned(), ["pre", "w2"], ["w2", "pre"], "do not hold the sessions with images (w2, pre) in their order"),
        (planned(), ["pre", "w2"], ["pre"], "needs images of several sessions, found one"),
        (planned(), ["pre", "w_2"], ["pre", "w_2"], "'w_2' becomes part of file names"),
        (
            planned(changes={"x": {"groups": {"variable": "g", "levels": ["a", "b", "c"]}}}),
            *(["pre", "w2"],) * 2,
            "maps of two groups are compared, found 3 (a, b, c)",
        ),
        (
            planned(changes={"x": {"groups": {"variable": "g", "levels": ["a+", "a-"]}}}),
            *(["pre", "w2"],) * 2,
            "rename one",
        ),
        (
            planned(changes={"x": {"groups": None, "timepoints": ["pre", "w6"]}}),
            ["pre", "w2", "w6"],
            ["pre", "w2"],
            "nobody has images at w6",
        ),
        (
            planned(associations={"h": {"outcome": "H", "connectivity": "change", "timepoints": ["w1"]}}),
            ["pre", "w1", "w2"],
            ["pre", "w2"],
            "nobody has images after the baseline up to w1",
        ),
    ],
)
def test_what_maps_cannot_answer_is_refused(response, timepoints, scanned, words):
    assert words in "\n".join(voxel_plan.problems(response, timepoints, scanned))


def test_two_of_three_timepoints_are_no_problem():
    two = planned(changes={"arms": CHANGES["arms"] | {"timepoints": ["pre", "w6"]}})
    assert voxel_plan.problems(two, ["pre", "w2", "w6"], ["pre", "w2", "w6"]) == []
