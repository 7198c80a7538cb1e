"""Maps before and after treatment: closed forms, R's aov, exact enumeration, planted truth and false positives."""

from __future__ import annotations

import copy
import re
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import ndimage, stats

from amygene.group.voxels import MAP_MEANING, observe, write_maps
from amygene.imaging.labels import VoxelLabels
from amygene.io.problems import InputError
from amygene.models.cluster_tables import cluster_table, describe_voxels, effect_meaning
from amygene.models.draws import STATISTICS, Largest, draw_shard, gather_draws
from amygene.models.site_effects import COVARIATE
from amygene.models.voxel_comparison import VoxelComparison
from amygene.response import members, voxel_plan
from amygene.response.voxel_designs import change_sample, sample_of
from amygene.stats.design import Design
from amygene.stats.lattice import Lattice
from amygene.stats.permutation import BLOCK
from amygene.stats.repeated_measures import GROUP, INTERACTION, TIME, Term, of_groups
from amygene.stats.repeated_measures import Design as Repeated
from amygene.stats.tfce import Scanner

REFERENCE = Path(__file__).parents[1] / "reference"
SESSIONS = ["pre", "post"]
#: numbers of participants without a scan
MISSING = {"post": (3, 8)}
CHANGE, MEAN = {"pre": -1.0, "post": 1.0}, {"pre": 0.5, "post": 0.5}
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

    def __init__(self, folder, n=26, shape=(7, 8, 6), seed=0, sessions=SESSIONS, missing=MISSING):
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
            for t in sessions
            if i not in missing.get(t, ())
        ]
        self.sessions = pd.DataFrame(rows, columns=["participant_id", "session", "timepoint", "unit", "mean_fd"])
        rate = rng.uniform(0, 1, n)
        self.outcomes = pd.DataFrame(
            {"participant_id": ids, "outcome": "HAMD", "timepoint": "post", "reduction": rate}
        ).assign(responder=(rate > 0.5).astype(float))
        own = rng.normal(size=(n, self.mask.sum()))
        self.maps = {}
        for session in sessions:
            maps = (own + rng.normal(size=own.shape)).astype(np.float32)
            maps[list(missing.get(session, ()))] = np.nan
            self.maps[session] = maps
        self.people = ids
        self.path = folder / "maps.npy"

    @property
    def has_map(self):
        known = {s: ~np.isnan(maps[:, 0]) for s, maps in self.maps.items()}
        return {s: {p for p, here in zip(self.people, kept, strict=True) if here} for s, kept in known.items()}

    def change(self, effect, level=None, weights=None, **changed):
        weights = weights or (MEAN if effect == "group" else CHANGE)
        model = MODEL | {"timepoints": list(weights)} | changed
        measured = members.measure(self.sessions, self.participants, self.outcomes, "x", **model)
        levels = measured.levels if level is None else [level]
        return change_sample(measured, self.has_map, "x", effect=effect, levels=levels, weights=weights)

    def association(self, used=("pre",), **changed):
        analysis = {"kind": "association", "name": "x", "timepoint": "post", "sessions": list(used)}
        model = {"order": SESSIONS, "settings": ASSOCIATION | changed, "categorical": ["site"]}
        return sample_of(analysis, model, self.sessions, self.participants, self.outcomes, self.has_map)

    def comparison(self, sample):
        rows = np.array([self.people.index(p) for p in sample.people])
        sessions = [(self.maps[s], weights) for s, weights in sample.weights.items()]
        maps, analysed = write_maps(sessions, rows, self.mask, np.array([], dtype=int), self.path)
        sites = np.zeros(len(rows), dtype=int)
        return VoxelComparison(maps, sample.design, sites, COVARIATE, sample.exchange, sample.effect), analysed


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
        weights = MEAN if effect == "group" else CHANGE
        has_map = {session: set(ids) for session in SESSIONS}
        sample = change_sample(measured, has_map, "x", effect=effect, levels=["a", "b"], weights=weights)
        maps = sum(weights[:, None] * y[session] for session, weights in sample.weights.items())
        comparison = VoxelComparison(maps.T, sample.design, np.zeros(len(ids), dtype=int), COVARIATE)
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


CONTROLS = {"variable": "group", "case": "P", "control": "V", "covariates": [], "exchange_within": None, "margin": 0.9}


def against_controls(study, timepoint, **changed):
    analysis = {"kind": "normalisation", "name": "PvsV", "timepoint": timepoint}
    model = {"baseline": "pre", "settings": CONTROLS | changed, "categorical": ["site"]}
    return sample_of(analysis, model, study.sessions, study.participants, study.outcomes, study.has_map)


def test_a_change_is_measured_and_then_sampled(study):
    model = MODEL | {"timepoints": list(SESSIONS)}
    analysis = {"kind": "change", "name": "x", "effect": "time", "levels": ["V"], "weights": CHANGE}
    found = sample_of(analysis, model, study.sessions, study.participants, study.outcomes, study.has_map)
    expected = study.change("time", "V", CHANGE)
    assert found.people == expected.people
    assert found.effect == expected.effect
    np.testing.assert_array_equal(found.design.case, expected.design.case)
    with pytest.raises(InputError, match=r"response\.changes\.x"):
        sample_of(analysis, model | {"covariates": ["iq"]}, study.sessions, study.participants, study.outcomes, {})


def test_patients_at_a_time_against_controls_who_were_seen_once(study):
    """Controls without a later map count with the first one; t by statsmodels, equivalence by its definition."""
    group = study.participants.set_index("participant_id")["group"]
    late = [p for p in study.people if group[p] == "V"][::2]
    study.maps["post"][[study.people.index(p) for p in late]] = np.nan
    sample = against_controls(study, "post", covariates=["mean_fd", "age"])
    people = study.participants.set_index("participant_id").loc[sample.people]
    came = study.has_map["post"]
    assert set(sample.people) == set(study.people) - {p for p in study.people if group[p] == "P" and p not in came}
    used = np.array(["post" if p in came else "pre" for p in sample.people])
    assert set(used[people["group"] == "V"]) == {"pre", "post"}
    row = {p: i for i, p in enumerate(study.people)}
    outcome = np.array([study.maps[t][row[p]].astype(float) for p, t in zip(sample.people, used, strict=True)])
    fd = study.sessions.set_index(["participant_id", "timepoint"])["mean_fd"]
    # sheets may hold sessions that have no map
    moved = [fd[p, t] for p, t in zip(sample.people, used, strict=True)]
    case = (people["group"] == "P").to_numpy(dtype=float)
    design = np.column_stack([case, np.ones(len(case)), moved, people["age"]])
    comparison, _ = study.comparison(sample)
    fits = [sm.OLS(y, design).fit() for y in outcome.T]
    found = comparison.estimates()
    assert found["t"].to_numpy() == pytest.approx([f.tvalues[0] for f in fits], rel=1e-4, abs=1e-5)
    assert sample.counts == {"case": int(case.sum()), "control": int((1 - case).sum())}
    # p that the difference is 0.9 standard deviations at least: t beyond the noncentral t at either edge
    scale = np.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    df, t = fits[0].df_resid, found["t"].to_numpy()
    p = np.maximum(stats.nct.cdf(t, df, 0.9 / scale), stats.nct.sf(t, df, -0.9 / scale))
    assert comparison.equivalence(0.9) == pytest.approx(p, rel=1e-6)
    assert comparison.scale() == pytest.approx(scale)


def test_patients_against_controls_at_baseline_are_a_two_sample_t(study):
    sample = against_controls(study, "pre")
    case = study.participants["group"].to_numpy() == "P"
    expected = stats.ttest_ind(study.maps["pre"][case].astype(float), study.maps["pre"][~case].astype(float))
    comparison, _ = study.comparison(sample)
    assert comparison.estimates()["t"].to_numpy() == pytest.approx(expected.statistic, rel=1e-5, abs=1e-6)


def test_too_few_patients_with_a_map_are_told_with_the_time(study):
    patients = np.flatnonzero(study.participants["group"] == "P")
    study.maps["post"][patients[2:]] = np.nan
    with pytest.raises(InputError, match=r"response\.normalisation\.PvsV: .*patients at post"):
        against_controls(study, "post")


LONG = ["pre", "post", "w6"]
DAYS = [0.0, 14.0, 42.0]


@pytest.fixture
def long(tmp_path):
    """Three sessions; two participants lack the second one, two others the third, one the first."""
    return Study(tmp_path, sessions=LONG, missing={"pre": (11,), "post": (3, 8), "w6": (5, 20)})


def planned_weights(time, effect="interaction"):
    change = {"x": {"groups": MODEL["groups"], "days": DAYS}}
    found = voxel_plan.analyses(change, {}, {}, LONG, LONG)
    return found[f"change-x_effect-{effect}" + (f"_times-{time}" if time else "")]["weights"]


def test_the_trend_is_that_of_every_participants_slope(long):
    """Slopes by numpy's least squares, tested by statsmodels with motion's own slope beside."""
    whole = [p for i, p in enumerate(long.people) if i not in (11, 3, 8, 5, 20)]
    rows = [long.people.index(p) for p in whole]
    people = long.participants.set_index("participant_id").loc[whole]
    fd = long.sessions.pivot(index="participant_id", columns="timepoint", values="mean_fd").loc[whole, LONG].to_numpy()
    y = np.stack([long.maps[session][rows].astype(float) for session in LONG])
    slopes = np.polyfit(DAYS, y.reshape(3, -1), 1)[0].reshape(len(whole), -1)
    moved, age = np.polyfit(DAYS, fd.T, 1)[0], people["age"].to_numpy()
    last = (people["group"] == "V").to_numpy()
    asked = {"covariates": ["mean_fd"], "covariates_by_time": ["age"]}
    sample = long.change("interaction", weights=planned_weights("course"), **asked)
    assert sample.people == whole
    columns = np.column_stack([last, np.ones(len(whole)), age, moved]).astype(float)
    check(long, sample, slopes, columns)
    sample = long.change("time", "V", weights=planned_weights("course", "timeV"), **asked)
    columns = np.column_stack([np.ones(len(whole)), age - age[last].mean(), moved])[last]
    check(long, sample, slopes[last], columns)
    # the main effect of group: means of all sessions
    sample = long.change("group", weights=planned_weights(None, "group"), **asked)
    columns = np.column_stack([last, np.ones(len(whole)), age, fd.mean(axis=1)]).astype(float)
    check(long, sample, y.mean(axis=0), columns)


def check(study, sample, outcome, columns):
    comparison, _ = study.comparison(sample)
    found = comparison.estimates()
    fits = [sm.OLS(one, columns).fit() for one in outcome.T]
    # of slopes by the day, motion's unit matters not
    assert found["t"].to_numpy() == pytest.approx([f.tvalues[0] for f in fits], rel=1e-4, abs=1e-5)
    assert found["beta"].to_numpy() == pytest.approx([f.params[0] for f in fits], rel=1e-4, abs=1e-7)
    assert (found["df"] == fits[0].df_resid).all()


@pytest.mark.parametrize(("effect", "level"), [("interaction", None), ("time", "P")])
@pytest.mark.parametrize("pair", list(combinations(LONG, 2)))
def test_a_pair_of_sessions_is_the_study_of_these_two_to_the_byte(long, tmp_path, pair, effect, level):
    asked = {"covariates": ["mean_fd", "site"], "covariates_by_time": ["age"], "exchange_within": "site"}
    weights = planned_weights(f"{pair[0]}To{pair[1]}", effect if level is None else f"{effect}{level}")
    sample = long.change(effect, level, weights, **asked)
    # the same people in a study that never saw the third session
    other = copy.copy(long)
    other.sessions = long.sessions[long.sessions["timepoint"].isin(pair)].reset_index(drop=True)
    other.maps = {session: long.maps[session] for session in pair}
    other.path = tmp_path / "other.npy"
    twin = other.change(effect, level, {pair[0]: -1.0, pair[1]: 1.0}, **asked)
    absent = {i for session in pair for i in {"pre": (11,), "post": (3, 8), "w6": (5, 20)}[session]}
    both = [p for i, p in enumerate(long.people) if i not in absent]
    assert len(both) == 26 - len(absent)
    groups = long.participants.set_index("participant_id")["group"]
    assert sample.people == [p for p in both if level is None or groups[p] == level]
    comparison, _ = long.comparison(sample)
    twins, _ = other.comparison(twin)
    t, expected = comparison.estimates()["t"].to_numpy(), twins.estimates()["t"].to_numpy()
    assert t.tobytes() == expected.tobytes()
    draws = [np.empty((BLOCK, len(t))) for _ in range(2)]
    for one, drawn in zip((comparison, twins), draws, strict=True):
        one.draws(2.0, t).draw(one.moves(1, np.arange(BLOCK)), drawn)
    assert draws[0].tobytes() == draws[1].tobytes()


def test_three_groups_are_compared_two_by_two(long):
    long.participants["arm"] = np.array(["a", "b", "c"])[np.arange(26) % 3]
    levels = {"variable": "arm", "levels": ["a", "c"]}
    sample = long.change("interaction", weights=CHANGE, groups=levels)
    arms = long.participants.set_index("participant_id")["arm"]
    assert set(arms[sample.people]) == {"a", "c"}
    assert sample.design.case.tolist() == (arms[sample.people] == "c").astype(float).tolist()
    # change within one of them
    levels = {"variable": "arm", "levels": ["a", "b", "c"]}
    within = long.change("time", "b", CHANGE, groups=levels)
    assert set(arms[within.people]) == {"b"}
    assert within.counts == {"b": len(within.people)}


def test_too_few_with_all_sessions_are_told(long):
    long.maps["w6"][(long.participants["group"] == "V").to_numpy()] = np.nan
    n = int((long.participants["group"].drop([11, 3, 8, 5, 20]) == "P").sum())
    words = f"too few participants with maps at pre, post and w6 in group V (P: {n}, V: 0)"
    with pytest.raises(InputError, match=re.escape(words)):
        long.change("interaction", weights=planned_weights("course"))
    assert len(long.change("interaction", weights=CHANGE).people) == 23


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
    return VoxelComparison(maps.T.astype(np.float32), design, sites, COVARIATE, exchange, effect), shape


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
        return VoxelComparison(maps.T.astype(np.float32), design, sites, COVARIATE, "signs")
    tested = (np.arange(n) < 6).astype(float) if kind == "interaction" else rng.uniform(size=n) + 0.3 * age
    design = Design(tested, np.column_stack([np.ones(n), age]), np.array(["intercept", "age"]), sites)
    return VoxelComparison(
        maps.T.astype(np.float32), design, sites, COVARIATE, "places", "r" if kind != "interaction" else "g"
    )


def three_sessions(rng, missing, planted=0.0, n=18, shape=(6, 6, 5)):
    """Comparisons of all tests of change of one group seen three times: session effects of smooth noise, correlated
    within participants; a planted rise from session to session in a corner.
    """
    noise = ndimage.gaussian_filter(rng.standard_normal((4, n, *shape)), (0, 0, 0.8, 0.8, 0.8)).reshape(4, n, -1)
    noise /= noise.std()
    y = {session: noise[3] + noise[k] for k, session in enumerate(LONG)}
    corner = np.zeros(shape, dtype=bool)
    corner[:3, :3, :3] = True
    for k, session in enumerate(LONG):
        y[session] = y[session] + planted * k * corner.ravel()
    has_map = {s: np.setdiff1d(np.arange(n), missing.get(s, ())) for s in LONG}
    tests = voxel_plan.analyses({"x": {"groups": None, "days": DAYS}}, {}, {}, LONG, LONG).values()
    found = []
    for test in tests:
        who = sorted(set.intersection(*(set(has_map[s]) for s in test["weights"])))
        maps = np.sum([weight * y[s][who] for s, weight in test["weights"].items()], axis=0)
        sites = np.zeros(len(who), dtype=int)
        design = Design(np.ones(len(who)), np.empty((len(who), 0)), np.array([]), sites)
        found.append(VoxelComparison(maps.T.astype(np.float32), design, sites, COVARIATE, "signs"))
    return found


def smallest_over_tests(comparisons, lattice, seed, n_draws, method="plain"):
    """Of every statistic the smallest family-wise p of any test."""
    observed = [observe(one, lattice.mask, 18, 0.05) for one in comparisons]
    shards = [
        draw_shard(one, lattice, float(found["threshold"]), found, seed, 0, n_draws)
        for one, found in zip(comparisons, observed, strict=True)
    ]
    tests = [
        Largest.of_seeds([found["largest"]], [[shard["maxima"]]]) for found, shard in zip(observed, shards, strict=True)
    ]
    p = []
    for found, shard in zip(observed, shards, strict=True):
        draws = gather_draws([[shard]], method, tests=tests)
        p.append([draws.p_family(name, found["largest"][k : k + 1])[0] for k, name in enumerate(STATISTICS)])
    return np.array(p)


@pytest.mark.slow
@pytest.mark.parametrize("missing", [{}, {"pre": (2,), "post": (4, 5), "w6": (9,)}])
def test_the_family_of_pairs_and_trend_holds_its_false_positive_rate(missing):
    """Everybody seen at all times: exact. Sessions missing: every test has draws of its own, p may be too large."""
    rng = np.random.default_rng(17)
    lattice = Lattice(np.ones((6, 6, 5), dtype=bool), 18)
    positive, alone = np.zeros(len(STATISTICS)), 0
    for i in range(200):
        comparisons = three_sessions(rng, missing)
        p = smallest_over_tests(comparisons, lattice, i, 99)
        positive += p.min(axis=0) <= 0.05
        t = [stats.ttest_1samp(one.maps[0], 0).pvalue for one in comparisons]
        alone += min(t) <= 0.05
    assert (positive <= FOUND[1]).all(), dict(zip(STATISTICS, positive, strict=True))
    if not missing:
        assert (positive >= FOUND[0]).all(), dict(zip(STATISTICS, positive, strict=True))
    # the four tests uncorrected, in one voxel: what the family is there for
    assert alone > FOUND[1]


@pytest.mark.slow
def test_a_planted_course_is_found_over_the_family():
    rng = np.random.default_rng(18)
    lattice = Lattice(np.ones((6, 6, 5), dtype=bool), 18)
    found = np.zeros((4, len(STATISTICS)))
    for i in range(20):
        p = smallest_over_tests(three_sessions(rng, {"post": (4,)}, planted=1.0), lattice, i, 199)
        found += p <= 0.05
    # the change from the first session to the last, and the trend; a corner is small for a cluster's size
    assert (found[[1, 3]][:, [0, 2, 3]] >= 18).all(), found


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
    study = Study(tmp_path, n=40, missing={})
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
    return {"changes": CHANGES, "associations": {}, "normalisation": {}} | response


def test_names_of_analyses():
    asked = {"hamd": {"outcome": "HAMD", "measure": "reduction", "connectivity": "change"}}
    found = voxel_plan.analyses(
        CHANGES | {"all": {"groups": None}, "by": {"groups": {"outcome": "HAMD", "measure": "responder"}}},
        asked,
        {"PvsV": {"case": "P", "control": "V", "margin": 0.5}},
        ["pre", "week2", "week6"],
        ["pre", "week2"],
    )
    assert list(found) == [
        *(f"change-arms_effect-{effect}" for effect in ("interaction", "group", "timeA", "timeB")),
        "change-all_effect-time",
        *(f"change-by_effect-{effect}" for effect in ("interaction", "group", "timeNonResponder", "timeResponder")),
        "association-hamd_timepoint-week2",
        "association-hamd_timepoint-week6",
        "normalisation-PvsV_timepoint-pre",
        "normalisation-PvsV_timepoint-week2",
    ]
    assert found["normalisation-PvsV_timepoint-pre"]["sessions"] == ["pre"]
    # controls who lack the later session count at baseline
    assert found["normalisation-PvsV_timepoint-week2"]["sessions"] == ["week2", "pre"]
    # the change up to the last scans before the outcome
    assert found["association-hamd_timepoint-week6"]["sessions"] == ["pre", "week2"]
    assert found["change-by_effect-timeResponder"]["levels"] == ["responder"]
    assert all(one["family"] == [name] for name, one in found.items())
    words = {"title", "colours", "tested", "positive", "lead", "more", "less", "none", "absent"}
    assert all(set(one["words"]) == words for one in found.values())


@pytest.mark.parametrize(
    ("response", "timepoints", "scanned", "words"),
    [
        (planned(), ["pre", "w2"], ["w2", "pre"], "do not hold the sessions with images (w2, pre) in their order"),
        (planned(), ["pre", "w2"], ["pre"], "needs images of several sessions, found one"),
        (planned(), ["pre", "w_2"], ["pre", "w_2"], "'w_2' becomes part of file names"),
        (
            planned(changes={"x": {"groups": None, "days": [0, 9]}}),
            *(["pre", "w2", "w6"],) * 2,
            "config key response.changes.x.days: found [0, 9]; name when each of its 3 sessions is, ascending",
        ),
        (
            planned(changes={"x": {"groups": None, "timepoints": ["pre", "w6"], "days": [9, 9]}}),
            *(["pre", "w2", "w6"],) * 2,
            "found [9, 9]",
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
            planned(normalisation={"x": {"case": "P", "control": "V", "timepoints": ["pre", "w6"]}}),
            ["pre", "w2", "w6"],
            ["pre", "w2"],
            "config key response.normalisation.x.timepoints: nobody has images at w6; found pre, w2",
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


THREE = ["pre", "w2", "w6"]


def test_more_sessions_and_groups_are_no_problem_and_are_compared_two_by_two():
    several = {"x": {"groups": {"variable": "arm", "levels": ["a", "b 2", "c"]}, "days": [0, 14, 42]}}
    assert voxel_plan.problems(planned(changes=several), THREE, THREE) == []
    found = voxel_plan.analyses(several, {}, {}, THREE, THREE)
    pairs = ["B2vsA", "CvsA", "CvsB2"]
    times = ["preTow2", "preTow6", "w2Tow6", "course"]
    families = [
        [f"change-x_effect-interaction_groups-{pair}_times-{time}" for pair in pairs for time in times],
        [f"change-x_effect-group_groups-{pair}" for pair in pairs],
        *([f"change-x_effect-time{level}_times-{time}" for time in times] for level in ("A", "B2", "C")),
    ]
    assert list(found) == [name for family in families for name in family]
    assert all(found[name]["family"] == family for family in families for name in family)
    assert found[families[0][8]]["levels"] == ["b 2", "c"]
    assert found[families[0][8]]["weights"] == {"pre": -1, "w2": 1}
    assert found[families[1][0]]["weights"] == dict.fromkeys(THREE, 1 / 3)
    # the slope of a line that was put in, by least squares
    slope = list(found[families[2][3]]["weights"].values())
    assert np.dot(slope, [5, 5 + 14 * 0.3, 5 + 42 * 0.3]) == pytest.approx(0.3)
    assert slope == pytest.approx(np.linalg.pinv(np.column_stack([[0, 14, 42], np.ones(3)]))[0])
    assert len({one["words"]["title"] for one in found.values()}) == len(found)


def test_names_are_as_before_where_one_pair_is_asked():
    plain = voxel_plan.analyses(CHANGES, {}, {}, THREE, ["pre", "w6"])
    named = {"arms": CHANGES["arms"] | {"timepoints": ["pre", "w6"], "days": [0, 42]}}
    assert voxel_plan.analyses(named, {}, {}, THREE, THREE) == plain
    assert voxel_plan.problems(planned(changes=named), THREE, THREE) == []


def test_a_trend_that_is_a_pairs_change_is_not_tested_twice():
    times = {"x": {"groups": None}}
    names = [f"change-x_effect-time_times-{time}" for time in ("preTow2", "preTow6", "w2Tow6")]
    assert list(voxel_plan.analyses(times, {}, {}, THREE, THREE)) == names
    tenths = {"x": {"groups": None, "days": [0, 0.1, 0.2]}}
    assert list(voxel_plan.analyses(tenths, {}, {}, THREE, THREE)) == names
    four = [*THREE, "w9"]
    assert list(voxel_plan.analyses(times, {}, {}, four, four))[-1] == "change-x_effect-time_times-course"
