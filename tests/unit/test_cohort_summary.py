"""Demographics against scipy's own tests and numbers that R prints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amygene.cohort.summary import COLUMNS, demographics


def people(role, **columns):
    frame = pd.DataFrame({"contrast-c": role, **columns})
    frame["participant_id"] = [f"s{i}" for i in frame.index]
    return frame


def counted(case, control):
    """A frame with these numbers of people per level in cases and controls."""
    levels = [chr(97 + i) for i in range(len(case))]
    role = ["case"] * sum(case) + ["control"] * sum(control)
    return people(role, x=list(np.repeat(levels, case)) + list(np.repeat(levels, control)))


@pytest.fixture
def cohort():
    rng = np.random.default_rng(4)
    n = 60
    return people(
        ["case" if i % 3 else "control" for i in range(n)],
        age=rng.normal(40, 10, n),
        sex=rng.choice(["M", "F"], n),
        site=rng.choice(["B", "A"], n),
    )


def test_numbers_are_compared_by_welch_s_test_and_hedges_g(cohort):
    row = demographics(cohort, ["c"], ["age"]).iloc[0]
    case, control = (cohort.loc[cohort["contrast-c"] == role, "age"] for role in ("case", "control"))
    expected = stats.ttest_ind(case, control, equal_var=False)
    assert (row["test"], row["n_case"], row["n_control"]) == ("Welch t", 40, 20)
    np.testing.assert_allclose(
        row[["statistic", "df", "p"]].astype(float), [expected.statistic, expected.df, expected.pvalue]
    )
    np.testing.assert_allclose(
        row[["case_mean", "case_sd", "control_mean", "control_sd"]].astype(float),
        [case.mean(), case.std(ddof=1), control.mean(), control.std(ddof=1)],
    )
    pooled = np.sqrt((39 * case.var() + 19 * control.var()) / 58)
    correction = 1 - 3 / (4 * 58 - 1)  # Hedges's approximation, good to 1e-5 here
    assert row["effect"] == "Hedges g"
    assert row["effect_size"] == pytest.approx((case.mean() - control.mean()) / pooled * correction, abs=1e-4)


def test_welch_s_test_is_that_of_r():
    # R 4.2.2: t.test(a, b)[c("statistic", "parameter", "p.value")]
    a = [27.5, 21, 19, 23.6, 17, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19, 21.7, 21.4]
    b = [27.1, 22, 20.8, 23.4, 23.4, 23.5, 25.8, 22, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4]
    row = demographics(people(["case"] * 15 + ["control"] * 15, age=a + b), ["c"], ["age"]).iloc[0]
    np.testing.assert_allclose(
        row[["statistic", "df", "p"]].astype(float), [-2.85295487017, 27.8873039884, 0.00807193817219]
    )


@pytest.mark.parametrize(
    ("case", "control", "test", "statistic", "p"),
    [
        ((20, 10), (12, 22), "chi-squared", 5.08235294118, 0.0241705471745),
        ((10, 20, 30), (25, 15, 5), "chi-squared", 23.3333333333, 8.57493910267e-06),
        ((7, 2), (1, 5), "Fisher exact", np.nan, 0.0405594405594),
    ],
)
def test_tests_of_categories_are_those_of_r(case, control, test, statistic, p):
    # R 4.2.2: chisq.test(matrix(c(case, control), 2, byrow = TRUE)), the last one fisher.test
    row = demographics(counted(case, control), ["c"], ["x"]).iloc[0]
    assert row["test"] == test
    np.testing.assert_allclose(row[["statistic", "p"]].astype(float), [statistic, p], rtol=1e-9)


def test_a_2_by_2_table_gets_yates_s_correction():
    # by hand: n (|ad - bc| - n/2)^2 / (product of the margins)
    a, b, c, d = 20, 10, 12, 22
    n = a + b + c + d
    expected = n * (abs(a * d - b * c) - n / 2) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))
    row = demographics(counted((a, b), (c, d)), ["c"], ["x"]).iloc[0]
    assert (row["test"], row["df"]) == ("chi-squared", 1)
    assert row["statistic"] == pytest.approx(expected)
    assert row["p"] == pytest.approx(stats.chi2.sf(expected, 1))
    # Cramer's V is of the statistic without the correction: here it is phi
    phi = abs(a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    assert (row["effect"], row["effect_size"]) == ("Cramer V", pytest.approx(phi))


def test_a_2_by_2_table_with_small_expected_counts_gets_fisher_s_test():
    # R: fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value is 0.4857143 (Fisher's lady tasting tea)
    row = demographics(counted((3, 1), (1, 3)), ["c"], ["x"]).iloc[0]
    assert row["test"] == "Fisher exact"
    assert row["p"] == pytest.approx(34 / 70)
    assert np.isnan(row["statistic"])


def test_the_expected_count_decides_not_the_observed_one():
    # observed counts of 4, expected ones of 8
    assert demographics(counted((4, 12), (12, 4)), ["c"], ["x"])["test"][0] == "chi-squared"


def test_larger_tables_get_pearson_s_test_without_correction():
    case, control = (10, 20, 30), (25, 15, 5)
    table = np.array([case, control])
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    chi2 = ((table - expected) ** 2 / expected).sum()
    rows = demographics(counted(case, control), ["c"], ["x"])
    assert rows["level"].tolist() == ["a", "b", "c"]
    assert rows["case_count"].tolist() == list(case)
    assert rows["control_count"].tolist() == list(control)
    first = rows.iloc[0]
    np.testing.assert_allclose(first[["statistic", "df"]].astype(float), [chi2, 2])
    assert first["p"] == pytest.approx(stats.chi2.sf(chi2, 2))
    assert first["effect_size"] == pytest.approx(np.sqrt(chi2 / table.sum()))
    # the test stands once
    assert rows["test"].isna().tolist() == [False, True, True]


def test_a_level_of_one_group_only_counts_as_zero_in_the_other():
    rows = demographics(counted((5, 0), (3, 4)), ["c"], ["x"])
    assert rows["case_count"].tolist() == [5, 0]


def test_missing_values_are_left_out_and_counted_out():
    frame = people(["case"] * 4 + ["control"] * 4, age=[1, 2, np.nan, 4, 5, 6, 7, 9], sex=[*"MFM", None, *"MFFF"])
    rows = demographics(frame, ["c"], ["age", "sex"])
    assert rows[["n_case", "n_control"]].iloc[0].tolist() == [3, 4]
    assert rows[["n_case", "n_control"]].iloc[1].tolist() == [3, 4]


def test_every_site_is_described_and_site_itself_only_as_a_whole(cohort):
    rows = demographics(cohort, ["c"], ["age", "site"])
    assert rows["site"].drop_duplicates().tolist() == ["all", "A", "B"]
    assert set(rows.loc[rows["variable"] == "site", "site"]) == {"all"}
    here = cohort[cohort["site"] == "B"]
    row = rows[(rows["site"] == "B") & (rows["variable"] == "age")].iloc[0]
    assert row["case_mean"] == pytest.approx(here.loc[here["contrast-c"] == "case", "age"].mean())


def test_people_of_another_contrast_are_not_counted(cohort):
    cohort["contrast-d"] = [None] * 50 + ["case", "control"] * 5
    rows = demographics(cohort, ["c", "d"], ["age"])
    assert rows.loc[(rows["contrast"] == "d") & (rows["site"] == "all"), ["n_case", "n_control"]].iloc[0].tolist() == [
        5,
        5,
    ]


@pytest.mark.parametrize(
    "frame",
    [
        people(["case", "control", "control"], age=[1.0, 2.0, 3.0]),
        people(["case"] * 3, age=[1.0, 2.0, 3.0]),
        people(["case", "case", "control", "control"], age=[5.0, 5.0, 5.0, 5.0]),
        people(["case", "case", "control", "control"], age=["a", "a", "a", "a"]),
        people(["case", "case"], age=["a", "b"]),
    ],
    ids=["one case", "no controls", "no variance", "one level", "one group"],
)
def test_what_cannot_be_tested_has_no_test(frame):
    rows = demographics(frame, ["c"], ["age"])
    assert rows[["test", "statistic", "p", "effect_size"]].isna().all(axis=None)


def test_the_columns_are_always_the_same(cohort):
    assert list(demographics(cohort, ["c"], ["age"])) == list(demographics(cohort, [], [])) == COLUMNS
