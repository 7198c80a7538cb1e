"""Responders: the rule of the study, by hand, and every problem of the tests told."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from amygene.io.problems import InputError
from amygene.preclinical.behaviour import read_tests, shares, stratified

STEPS = {"FLX": ("SIT1", "SIT2"), "KET": ("SIT2", "SIT3")}


def test_rule(tmp_path):
    path = tmp_path / "b.tsv"
    rows = ["animal\ttest\twith_target\twithout_target"]
    for animal, ratios in {
        "a": [0.5, 0.62, 0.9],
        "b": [0.5, 0.63, None],
        "c": [1.0, 1.25, 1.0],
        "d": [0.0, 0.2, 0],
    }.items():
        rows += [f"{animal}\tSIT{i}\t{r * 50}\t50" for i, r in enumerate(ratios, start=1) if r is not None]
    path.write_text("\n".join(rows) + "\n")
    table = stratified(*read_tests(path), STEPS, 25).set_index("animal")
    assert table["susceptible"].tolist() == ["yes", "yes", "no", "yes"]
    # 24 and 26 per cent; exactly 25 is not more than 25
    assert table["FLX"].tolist() == ["non-responder", "responder", "non-responder", "responder"]
    assert table["FLX_change"].tolist() == pytest.approx([24, 26, 25, np.inf])
    assert table["KET"].tolist() == ["responder", "", "non-responder", "non-responder"]


def test_ratios_as_they_are(tmp_path):
    path = tmp_path / "b.csv"
    path.write_text("animal,test,ratio\na,SIT1,0.4\na,SIT2,n/a\n")
    ratios, given = read_tests(path)
    assert given is None
    assert ratios.loc["a", "SIT1"] == 0.4
    assert np.isnan(ratios.loc["a", "SIT2"])


def test_problems(tmp_path):
    path = tmp_path / "b.tsv"
    path.write_text("animal\ttest\n")
    with pytest.raises(InputError, match=r"no column ratio \(or with_target and without_target\)"):
        read_tests(path)
    path.write_text("animal\ttest\twith_target\twithout_target\na\t1\tlong\t5\na\t1\t-3\t5\nb\t1\t3\t0\n")
    with pytest.raises(InputError) as error:
        read_tests(path)
    for words in ("found 'long'", "a below 0", "without_target is 0 for b", "a in 1 stands twice"):
        assert words in str(error.value)
    path.write_text("animal\ttest\tratio\na\tSIT1\t1\n")
    with pytest.raises(InputError, match="no animal has test SIT2"):
        stratified(*read_tests(path), {"FLX": ("SIT1", "SIT2")}, 25)


def test_shares_are_clopper_pearson():
    table = pd.DataFrame({"FLX": ["responder"] * 13 + ["non-responder"] * 7 + [""] * 3, "KET": ["responder"] * 23})
    found = shares(table, STEPS)
    assert found["share"].tolist() == [0.65, 1]
    for row in found.itertuples():
        low, high = proportion_confint(row.n_responders, row.n_animals, method="beta")
        assert (row.share_low, row.share_high) == pytest.approx((low, high))


def test_only_the_treated_count(tmp_path):
    path = tmp_path / "b.tsv"
    rows = ["animal\ttest\ttreatment\tratio"]
    for animal, second in (("a", "FLX"), ("b", "water"), ("c", "FLX")):
        rows += [f"{animal}\tSIT1\t\t0.5", f"{animal}\tSIT2\t{second}\t{0.5 if animal == 'c' else 1.0}"]
    path.write_text("\n".join(rows) + "\n")
    table = stratified(*read_tests(path), {"FLX": ("SIT1", "SIT2")}, 25)
    assert table["FLX"].tolist() == ["responder", "", "non-responder"]
    assert np.isnan(table["FLX_change"][1])
