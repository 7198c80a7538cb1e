"""Who is in, who is out, and why: every reason is kept, and the first step that fails is the one that counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.cohort.selection import STEPS, Exclusions, apply_selection, assign_contrasts

SHEET = pd.DataFrame(
    {
        "participant_id": list("abcdef"),
        "group": ["MDD", "MDD", "HC", "HC", "BD", None],
        "site": ["1", "2", "1", "2", "1", "2"],
        "age": [18.0, 65.0, 17.9, np.nan, 30.0, 40.0],
        "hamd": [20.0, 13.0, np.nan, np.nan, np.nan, 14.0],
        "episode": ["yes", "no", None, None, "yes", "yes"],
    }
)


def contrast(covariates=(), variable="group", case="MDD", control="HC", exchange_within=None):
    return {
        "variable": variable,
        "case": case,
        "control": control,
        "covariates": list(covariates),
        "exchange_within": exchange_within,
    }


def reasons(rules, sheet=SHEET):
    exclusions = Exclusions()
    apply_selection(sheet, rules, exclusions)
    table = exclusions.table(sheet)
    assert (table["step"] == "selection").all()
    return dict(zip(table["participant_id"], table["reason"], strict=True))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ([18, 64], {"b": "age 65 is above 64", "c": "age 17.9 is below 18", "d": "age is missing"}),
        (
            [None, 20],
            {"b": "age 65 is above 20", "d": "age is missing", "e": "age 30 is above 20", "f": "age 40 is above 20"},
        ),
        ([18, None], {"c": "age 17.9 is below 18", "d": "age is missing"}),
        ({"min": 18, "max": 65}, {"c": "age 17.9 is below 18", "d": "age is missing"}),
        ({"not_in": [30]}, {"d": "age is missing", "e": "age 30 is in [30]"}),
    ],
)  # fmt: skip
def test_ends_of_a_range_are_in_and_whoever_is_unknown_is_out(rule, expected):
    assert reasons({"age": rule}) == expected


@pytest.mark.parametrize("sites", [["1"], [1]])
def test_a_list_of_values_holds_for_text_and_for_numbers(sites):
    assert set(reasons({"site": {"in": sites}})) == {"b", "d", "f"}


def test_a_number_is_compared_as_one_would_write_it():
    sheet = SHEET.assign(wave=[1.0, 2.0, 1.5, 1.0, 1.0, 1.0])
    assert reasons({"wave": {"in": [1, "1.5"]}}, sheet) == {"b": "wave 2 is not in [1, '1.5']"}


def test_a_rule_for_one_group_leaves_the_others_alone():
    assert reasons({"hamd": {"min": 14, "for": {"group": "MDD"}}}) == {"b": "hamd 13 is below 14"}
    assert reasons({"hamd": {"min": 14, "for": {"group": "MDD", "site": 1}}}) == {}
    assert reasons({"episode": {"in": ["yes"], "for": {"group": "MDD"}}}) == {"b": "episode no is not in ['yes']"}


def test_all_reasons_are_kept_and_the_first_step_counts():
    exclusions = Exclusions()
    exclusions.add(SHEET["participant_id"][:1], "contrast", "in neither group")
    exclusions.add(SHEET["participant_id"][:1], "series", "no such file")
    apply_selection(SHEET, {"age": [20, None]}, exclusions)
    first = exclusions.table(SHEET).iloc[0]
    assert first.to_dict() == {
        "participant_id": "a",
        "site": "1",
        "group": "MDD",
        "contrast": "all",
        "step": "series",
        "reason": "no such file; age 18 is below 20; in neither group",
    }
    assert STEPS == ("phenotype", "series", "selection", "contrast")


def test_the_table_follows_the_sheet_and_needs_neither_site_nor_group():
    exclusions = Exclusions()
    sheet = SHEET[["participant_id"]]
    exclusions.add(pd.Series(["f", "b"]), "selection", "no")
    table = exclusions.table(sheet)
    assert table["participant_id"].tolist() == ["b", "f"]
    assert table[["site", "group"]].isna().all(axis=None)


def test_an_empty_table_has_its_columns():
    assert list(Exclusions().table(SHEET)) == ["participant_id", "site", "group", "contrast", "step", "reason"]


# contrasts


def assigned(contrasts, sheet=SHEET):
    exclusions = Exclusions()
    return assign_contrasts(sheet, contrasts, exclusions), exclusions.table(sheet)


def test_everybody_is_case_control_or_out_with_the_reason():
    included, out = assigned({"MDDvsHC": contrast()})
    assert dict(zip(included["participant_id"], included["contrast-MDDvsHC"], strict=True)) == {
        "a": "case",
        "b": "case",
        "c": "control",
        "d": "control",
    }
    assert dict(zip(out["participant_id"], out["reason"], strict=True)) == {
        "e": "group is BD, in neither group of MDDvsHC",
        "f": "group is missing, in neither group of MDDvsHC",
    }
    assert (out["step"] == "contrast").all()
    assert (out["contrast"] == "all").all()


def test_whoever_lacks_a_covariate_of_the_only_contrast_is_out():
    included, out = assigned({"MDDvsHC": contrast(["age"])})
    assert included["participant_id"].tolist() == ["a", "b", "c"]
    assert out.set_index("participant_id").loc["d", "reason"] == "age is missing, a covariate of MDDvsHC"


def test_whoever_lacks_a_covariate_of_one_contrast_stays_in_the_other():
    included, out = assigned({"plain": contrast(), "adjusted": contrast(["age"])})
    person = included.set_index("participant_id").loc["d"]
    assert person["contrast-plain"] == "control"
    assert pd.isna(person["contrast-adjusted"])
    row = out.set_index("participant_id").loc["d"]
    assert (row["contrast"], row["step"], row["reason"]) == (
        "adjusted",
        "contrast",
        "age is missing, a covariate of adjusted",
    )


def test_being_in_another_group_of_a_second_contrast_is_no_exclusion():
    _, out = assigned({"MDDvsHC": contrast(), "MDDvsBD": contrast(control="BD")})
    assert out["participant_id"].tolist() == ["f"]
    assert out["reason"][0] == (
        "group is missing, in neither group of MDDvsHC; group is missing, in neither group of MDDvsBD"
    )


def test_groups_may_be_numbers_in_the_config_or_in_the_sheet():
    sheet = SHEET.assign(arm=[1.0, 1.0, 2.0, 2.0, 1.0, 2.0])
    for case, control in ((1, 2), ("1", "2"), (1.0, 2.0)):
        included, _ = assigned({"arms": contrast(variable="arm", case=case, control=control)}, sheet)
        assert included["contrast-arms"].tolist() == ["case", "case", "control", "control", "case", "control"]


def test_whoever_has_no_site_cannot_be_permuted_or_left_out_with_a_site():
    sheet = SHEET.assign(site=["1", None, "1", "2", "1", "2"])
    included, out = assigned({"MDDvsHC": contrast()}, sheet)
    assert included["participant_id"].tolist() == ["a", "c", "d"]
    assert out.set_index("participant_id").loc["b", "reason"] == (
        "site is missing, which MDDvsHC needs to permute or validate"
    )


def test_whoever_lacks_the_stratum_is_out():
    sheet = SHEET.assign(scanner=["x", "y", None, "y", "x", "y"])
    included, out = assigned({"MDDvsHC": contrast(exchange_within="scanner")}, sheet)
    assert included["participant_id"].tolist() == ["a", "b", "d"]
    assert "scanner is missing" in out.set_index("participant_id").loc["c", "reason"]


def test_whoever_is_out_already_takes_part_in_no_contrast():
    exclusions = Exclusions()
    exclusions.add(pd.Series(["a"]), "selection", "age")
    assert "a" not in assign_contrasts(SHEET, {"MDDvsHC": contrast()}, exclusions)["participant_id"].tolist()


def test_without_contrasts_everybody_is_in():
    included, out = assigned({})
    pd.testing.assert_frame_equal(included, SHEET)
    assert out.empty
