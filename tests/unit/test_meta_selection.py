"""Which foci an analysis takes, merging of samples, refusal."""

import numpy as np
import pandas as pd
import pytest

from amygene.io.problems import InputError
from amygene.meta.selection import categories, check_rules, merge, refusal, select


@pytest.fixture
def foci():
    return pd.DataFrame(
        {
            "experiment": ["A1", "A1", "A2", "B", "C", "D"],
            "sample": ["A", "A", "A", "B", "C", "D"],
            "n_subjects": [20.0, 20.0, 15.0, 12.0, 30.0, 9.0],
            "x": [1.0, 2, 3, 4, 5, 6],
            "y": [0.0] * 6,
            "z": [0.0] * 6,
            "used": [True] * 5 + [False],
            "contrast": ["up", "up", "down", "up", "up", "up"],
            "drug": ["SSRI", "SSRI", "SSRI", "ketamine", None, "SSRI"],
            "weeks": ["4", "4", "8", "6", "12", "1"],
        }
    )


def test_rules(foci):
    def taken(*rules):
        return select(foci, *rules)["x"].tolist()

    assert taken({}) == [1, 2, 3, 4, 5]
    assert taken({"contrast": "up"}) == [1, 2, 4, 5]
    assert taken({"contrast": ["up", "down"]}) == [1, 2, 3, 4, 5]
    assert taken({"contrast": "up"}, {"drug": {"not_in": ["ketamine"]}}) == [1, 2]
    assert taken({"weeks": {"min": 6, "max": 8}}) == [3, 4]
    assert taken({"weeks": 12}) == [5]


def test_samples_are_merged_in_order(foci):
    found = merge(select(foci))
    assert found.names == ("A", "B", "C")
    # 20 and 15: the mean of the experiments, not of the foci, rounded down
    assert found.n_subjects.tolist() == [17, 12, 30]
    assert found.starts.tolist() == [0, 3, 4, 5]
    assert found.xyz[:, 0].tolist() == [1, 2, 3, 4, 5]


def test_scattered_rows_of_a_sample_come_together(foci):
    found = merge(select(foci.iloc[[0, 3, 2, 4, 1]]))
    assert found.names == ("A", "B", "C")
    assert found.xyz[:, 0].tolist() == [1, 3, 2, 4, 5]


def test_one_left_out(foci):
    rest = merge(select(foci)).without(0)
    assert rest.names == ("B", "C")
    assert rest.starts.tolist() == [0, 1, 2]
    assert rest.xyz[:, 0].tolist() == [4, 5]


@pytest.mark.parametrize(("n", "made"), [(0, False), (11, False), (12, True), (30, True)])
def test_refusal(n, made):
    assert (refusal(n) is None) == made
    if not made:
        assert f"{n} experiment" in refusal(n)


def test_categories(foci):
    foci.loc[1, "drug"] = "SNRI"
    found = categories(select(foci), "drug")
    assert found.to_dict() == {"A": "SNRI+SSRI", "B": "ketamine", "C": "n/a"}


def test_all_problems_of_rules_at_once(foci):
    rules = {"comparisons.a": {"kontrast": "up"}, "subgroups.b": {"drug": ["SSRI", "lithium"], "contrast": {"min": 3}}}
    with pytest.raises(InputError) as error:
        check_rules(foci, rules, ["place"])
    text = str(error.value)
    assert "meta.comparisons.a: the foci have no column 'kontrast'" in text
    assert "meta.subgroups.b.drug: no focus has 'lithium'" in text
    assert "meta.subgroups.b.contrast: min and max need numbers" in text
    assert "meta.contributions: the foci have no column 'place'" in text
    check_rules(foci, {"comparisons.a": {"weeks": [4, 8]}}, ["drug"])


def test_whole_numbers_are_text_alike(foci):
    foci["weeks"] = foci["weeks"].astype(float)
    assert np.array_equal(select(foci, {"weeks": ["4"]})["x"], [1, 2])


def test_a_comparison_of_nothing(foci):
    with pytest.raises(InputError, match=r"meta\.comparisons\.a: no focus meets these rules"):
        check_rules(foci, {"comparisons.a": {"contrast": "down", "drug": "ketamine"}})
    check_rules(foci, {"subgroups.a": {"contrast": "down", "drug": "ketamine"}})
