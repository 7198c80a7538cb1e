"""A cohort comes together, or one message tells everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from amygene.cohort.assemble import assemble, files_table, findings_table, used_columns
from amygene.imaging.series_pack import FINDING
from amygene.io.problems import InputError

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "config/schemas/participants.schema.yaml").read_text())
MISSING = ["", "n/a", "[]", "-9999"]


def contrast(covariates=("age", "site"), exchange_within="site", **others):
    base = {"variable": "group", "case": "MDD", "control": "HC"}
    return base | {"covariates": list(covariates), "exchange_within": exchange_within} | others


def make_sheet(n=24):
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "participant_id": [f"s{i:02d}" for i in range(n)],
            "group": ["MDD" if i % 2 else "HC" for i in range(n)],
            "site": ["A" if i < n // 2 else "B" for i in range(n)],
            "age": [f"{v:.1f}" for v in rng.uniform(20, 60, n)],
            "sex": ["M" if v else "F" for v in rng.integers(0, 2, n)],
            "timeseries": [f"{i}.npy" for i in range(n)],
        }
    )


def make_findings(sheet, **problems):
    rows = [
        {"participant_id": p, "file": f, "problem": problems[p]}
        if p in problems
        else {
            "participant_id": p,
            "file": f,
            "n_timepoints": 100.0 + i,
            "n_constant": float(i % 5 == 0),
            "sha256": f"file {p}",
            "values_sha256": f"values {p}",
        }
        for i, (p, f) in enumerate(zip(sheet["participant_id"], sheet["timeseries"], strict=True))
    ]
    return pd.DataFrame(rows, columns=FINDING)


def run(sheet=None, findings=None, **options):
    sheet = make_sheet() if sheet is None else sheet
    settings = {
        "select": {},
        "contrasts": {"MDDvsHC": contrast()},
        "missing": MISSING,
        "codes": {},
        "categorical": ["site", "sex"],
        "faulty": "stop",
    }
    findings = make_findings(sheet) if findings is None else findings
    return assemble(sheet, "p.tsv", findings, SCHEMA, **(settings | options))


def problems(*args, **kwargs):
    with pytest.raises(InputError) as caught:
        run(*args, **kwargs)
    return caught.value.problems


def out_of(cohort):
    return cohort.excluded.set_index("participant_id")


# a sound cohort


def test_a_sound_cohort_keeps_everybody_with_typed_columns():
    cohort = run()
    assert cohort.participants["participant_id"].tolist() == make_sheet()["participant_id"].tolist()
    assert cohort.excluded.empty
    assert cohort.participants["age"].dtype == np.float64
    assert (cohort.participants["contrast-MDDvsHC"] == "case").sum() == 12
    np.testing.assert_array_equal(cohort.participants["n_timepoints"], 100.0 + np.arange(24))


def test_the_summary_describes_covariates_and_the_usual_variables_of_every_site():
    summary = run().summary
    assert set(summary["site"]) == {"all", "A", "B"}
    assert list(dict.fromkeys(summary["variable"])) == ["sex", "age", "n_timepoints", "site"]


def test_used_columns_are_those_of_selection_and_contrasts():
    needed, numeric = used_columns(
        {"age": [18, None], "hamd": {"min": 14, "for": {"arm": "x"}}, "episode": {"in": ["yes"]}},
        {"a": contrast(["iq"]), "b": contrast([], variable="drug", exchange_within="scanner")},
    )
    assert needed == ["age", "hamd", "arm", "episode", "group", "iq", "drug", "scanner"]
    assert numeric == ["age", "hamd"]


def test_files_are_those_of_who_is_in_a_row_per_series_or_scan():
    series = {"file": "b.mat", "n_timepoints": 240.0, "n_constant": 1.0, "sha256": "x", "values_sha256": "y"}
    scans = [{"session": "", "run": run, "file": f"a{run}.nii", "n_timepoints": 100, "sha256": run} for run in "12"]
    found = [{"participant_id": "b", **series}, {"participant_id": "c", **series}]
    table = files_table(found, {"b"})
    assert table.columns.tolist() == ["participant_id", "file", "n_timepoints", "n_constant", "sha256"]
    assert table["participant_id"].tolist() == ["b"]
    table = files_table([{"participant_id": "z", "files": scans}, {"participant_id": "a", "files": scans}], {"a", "z"})
    assert table[["participant_id", "run"]].to_numpy().tolist() == [["a", "1"], ["a", "2"], ["z", "1"], ["z", "2"]]
    assert "n_constant" not in table


def test_a_cohort_of_one_site_needs_no_column_of_sites():
    sheet = make_sheet().drop(columns="site")
    assert len(run(sheet, contrasts={"MDDvsHC": contrast(["age"])}).participants) == 24


def test_a_column_of_sites_that_is_empty_counts_as_none():
    sheet = make_sheet().assign(site="n/a")
    cohort = run(sheet, contrasts={"MDDvsHC": contrast(["age"])})
    assert len(cohort.participants) == 24
    assert "site" not in cohort.participants


# selection and files


def test_selection_by_sheet_and_by_series_is_written_down():
    sheet = make_sheet()
    sheet.loc[0, "age"] = "70"
    cohort = run(sheet, select={"age": [18, 65], "n_timepoints": [103, None], "n_constant": [0, 0]})
    out = out_of(cohort)
    assert out.loc["s00", "reason"] == "age 70 is above 65; n_timepoints 100 is below 103; n_constant 1 is above 0"
    assert out.loc["s02", "reason"] == "n_timepoints 102 is below 103"
    assert out.loc["s05", "reason"] == "n_constant 1 is above 0"
    assert set(out["step"]) == {"selection"}
    assert len(cohort.participants) + len(out) == 24


def test_a_broken_file_of_a_selected_participant_stops_the_run():
    sheet = make_sheet()
    findings = make_findings(sheet, s03="s03: 3.npy: no such file", s07="s07: 7.npy: 5 time points")
    assert problems(sheet, findings) == ["s03: 3.npy: no such file", "s07: 7.npy: 5 time points"]


def test_a_broken_file_excludes_its_participant_if_the_config_says_so():
    sheet = make_sheet()
    findings = make_findings(sheet, s03="s03: 3.npy: no such file")
    cohort = run(sheet, findings, faulty="exclude")
    assert out_of(cohort).loc["s03", ["contrast", "step", "reason"]].tolist() == [
        "all",
        "series",
        "s03: 3.npy: no such file",
    ]
    assert len(cohort.participants) == 23


@pytest.mark.parametrize("faulty", ["stop", "exclude"])
def test_a_broken_file_of_somebody_who_is_out_anyway_is_no_problem(faulty):
    sheet = make_sheet()
    sheet.loc[3, "age"] = "70"
    sheet.loc[5, "group"] = "BD"
    sheet["excluded"] = ""
    sheet.loc[7, "excluded"] = "withdrew consent"
    findings = make_findings(sheet, s03="s03: broken", s05="s05: broken", s07="s07: broken")
    out = out_of(run(sheet, findings, select={"age": [18, 65]}, faulty=faulty))
    assert out["reason"].to_dict() == {
        "s03": "age 70 is above 65",
        "s05": "group is BD, in neither group of MDDvsHC",
        "s07": "withdrew consent",
    }
    assert out["step"].tolist() == ["selection", "contrast", "phenotype"]


def test_a_participant_without_a_finding_has_no_file():
    sheet = make_sheet()
    findings = make_findings(sheet).iloc[1:]
    assert problems(sheet, findings) == ["s00: no file of series was found"]
    assert out_of(run(sheet, findings, faulty="exclude")).loc["s00", "reason"] == "s00: no file of series was found"


def test_the_length_of_series_can_be_a_covariate_and_a_broken_file_is_still_told():
    sheet = make_sheet()
    findings = make_findings(sheet, s03="s03: broken")
    contrasts = {"MDDvsHC": contrast(["n_timepoints"])}
    assert problems(sheet, findings, contrasts=contrasts) == ["s03: broken"]
    assert len(run(sheet, contrasts=contrasts).participants) == 24


def test_findings_from_the_sheet_itself_are_not_overwritten():
    sheet = make_sheet().assign(n_constant="3")
    assert (run(sheet).participants["n_constant"] == "3").all()


def test_identical_series_are_one_person_entered_twice():
    sheet = make_sheet()
    findings = make_findings(sheet)
    findings.loc[[2, 9, 20], "values_sha256"] = "same"
    assert problems(sheet, findings) == [
        "participants s02, s09, s20 have identical series; keep one of them (cohort.select)"
    ]


def test_identical_series_do_not_matter_once_all_but_one_are_out():
    sheet = make_sheet()
    sheet.loc[9, "age"] = "70"
    findings = make_findings(sheet)
    findings.loc[[2, 9], "values_sha256"] = "same"
    assert len(run(sheet, findings, select={"age": [18, 65]}).participants) == 23


def test_constant_regions_do_not_exclude_anybody():
    sheet = make_sheet()
    findings = make_findings(sheet).assign(n_constant=40.0)
    assert len(run(sheet, findings).participants) == 24


# contrasts


def test_partial_exclusion_from_one_contrast_is_written_down():
    sheet = make_sheet()
    sheet.loc[4, "age"] = "n/a"
    cohort = run(sheet, contrasts={"plain": contrast(["site"]), "adjusted": contrast()})
    assert len(cohort.participants) == 24
    assert cohort.excluded.to_dict("records") == [
        {
            "participant_id": "s04",
            "site": "A",
            "group": "HC",
            "contrast": "adjusted",
            "step": "contrast",
            "reason": "age is missing, a covariate of adjusted",
        }
    ]


def test_a_contrast_with_a_covariate_that_the_sheet_lacks_is_refused():
    assert problems(contrasts={"MDDvsHC": contrast(["iq"])}) == [
        "p.tsv: column 'iq' is missing, which the config uses; found participant_id, group, site, age, sex, timeseries"
    ]


def test_a_column_that_the_sheet_lacks_hides_no_other_problem():
    sheet = make_sheet()
    sheet["scanner"] = sheet["site"].map({"A": "x", "B": "y"})
    sheet.loc[3, "age"] = "old"
    sheet.loc[[1, 2], "sex"] = ["M", "F"]
    found = problems(
        sheet,
        make_findings(sheet, s01="s01: broken", s02="s02: broken too"),
        select={"hamd": {"min": 14}, "age": {"min": 1, "for": {"arm": "x"}}, "sex": {"in": ["M"]}},
        contrasts={
            "iq": contrast(["iq", "age", "site", "scanner"]),
            "drug": contrast([], variable="drug"),
            "strata": contrast(["age"], exchange_within="scaner"),
            "nobody": contrast(["age"], case="bipolar"),
        },
    )
    told = " ".join(found)
    for column in ("hamd", "arm", "iq", "drug", "scaner"):
        assert f"p.tsv: column '{column}' is missing" in told
    assert "found 'old' (s03) where a number belongs" in told
    assert "group 'bipolar' (case) has 0 participants" in told
    assert "covariate scanner is determined by site" in told
    assert "s01: broken" in told
    # whom the selection leaves out needs no file
    assert "s02: broken too" not in told


def test_a_stratum_that_the_sheet_lacks_is_refused():
    (problem,) = problems(contrasts={"MDDvsHC": contrast(exchange_within="scaner")})
    assert problem.startswith("p.tsv: column 'scaner' is missing, which the config uses;")


def test_groups_that_are_empty_after_selection_say_who_is_left():
    assert problems(select={"group": {"in": ["HC"]}}) == [
        "config key contrasts.MDDvsHC: group 'MDD' (case) has 0 participants after selection, at least 3 are needed; "
        "group of those left: {'HC': 12}"
    ]


def test_misspelt_groups_say_which_groups_there_are():
    both = problems(contrasts={"x": contrast(case="mdd", control="hc")})
    assert [p[:70] for p in both] == [
        "config key contrasts.x: group 'mdd' (case) has 0 participants after se",
        "config key contrasts.x: group 'hc' (control) has 0 participants after ",
    ]


def test_a_covariate_that_site_determines_is_named():
    sheet = make_sheet()
    sheet["field"] = ["1.5" if s == "A" else "3" for s in sheet["site"]]
    assert problems(sheet, contrasts={"MDDvsHC": contrast(["field", "site"])}) == [
        "config key contrasts.MDDvsHC: covariate field is determined by site; take one of them out of covariates"
    ]


def test_a_covariate_that_another_determines_is_named():
    sheet = make_sheet()
    sheet["months"] = [f"{12 * float(a):.10g}" for a in sheet["age"]]
    assert problems(sheet, contrasts={"MDDvsHC": contrast(["age", "months"])}) == [
        "config key contrasts.MDDvsHC: covariate months is determined by the covariates before it; "
        "take one of them out of covariates"
    ]


def test_a_covariate_that_does_not_vary_is_named():
    assert problems(make_sheet().assign(sex="F"), contrasts={"MDDvsHC": contrast(["sex", "age"])}) == [
        "config key contrasts.MDDvsHC: covariate sex is F in everybody; take it out of covariates"
    ]


def test_sites_of_one_group_each_cannot_be_adjusted_for_or_permuted_within():
    sheet = make_sheet()
    sheet["group"] = ["MDD" if s == "A" else "HC" for s in sheet["site"]]
    (adjusted,) = problems(sheet, contrasts={"MDDvsHC": contrast(["site"])})
    assert "the groups cannot be told from the covariates site (every site has one group only?)" in adjusted
    (permuted,) = problems(sheet, contrasts={"MDDvsHC": contrast(["age"])})
    assert permuted == (
        "config key contrasts.MDDvsHC.exchange_within: no site has cases and controls (A, B), "
        "so nobody can be exchanged; use another column, or null to permute freely"
    )
    assert len(run(sheet, contrasts={"MDDvsHC": contrast(["age"], exchange_within=None)}).participants) == 24


def test_a_covariate_of_numbers_and_text_is_refused_and_named():
    sheet = make_sheet().assign(iq="100")
    sheet.loc[[1, 2], "iq"] = ["high", "low"]
    assert problems(sheet, contrasts={"MDDvsHC": contrast(["iq"])})[0] == (
        "p.tsv: column 'iq': found 'high' (s01), 'low' (s02) where a number belongs (others are numbers); "
        "correct it, add the text to cohort.missing, or name the column in cohort.categorical"
    )


def test_a_covariate_of_words_is_a_category_and_one_of_numbers_a_quantity():
    sheet = make_sheet()
    sheet["hand"] = ["left" if i % 3 else "right" for i in range(24)]
    sheet["iq"] = [str(90 + i % 7) for i in range(24)]
    cohort = run(sheet, contrasts={"MDDvsHC": contrast(["hand", "iq"])})
    assert cohort.participants["hand"].dtype == object
    assert cohort.participants["iq"].dtype == np.float64


def test_numbers_of_a_categorical_column_and_of_site_stay_codes():
    sheet = make_sheet()
    sheet["site"] = ["1" if s == "A" else "2" for s in sheet["site"]]
    sheet["scanner"] = ["7" if i % 3 else "8" for i in range(24)]
    cohort = run(sheet, contrasts={"MDDvsHC": contrast(["site", "scanner"])}, categorical=["scanner"])
    assert cohort.participants["site"].tolist() == sheet["site"].tolist()
    assert cohort.participants["scanner"].tolist() == sheet["scanner"].tolist()


# all at once


def test_everything_that_is_wrong_is_told_in_one_message():
    sheet = make_sheet()
    sheet.loc[0, "age"] = "old"
    sheet.loc[1, "sex"] = "9"
    sheet.loc[3, "participant_id"] = "s02"
    findings = make_findings(make_sheet(), s10="s10: 10.npy: no such file")
    findings.loc[[6, 8], "values_sha256"] = "same"
    found = problems(
        sheet,
        findings,
        contrasts={"MDDvsHC": contrast(["age"]), "BDvsHC": contrast(case="BD")},
        other_problems=["config key seeds: LAMY stands for nothing"],
    )
    assert [p.split(";")[0][:58] for p in found] == [
        "config key seeds: LAMY stands for nothing",
        "p.tsv: participant_id s02 stands more than once",
        "p.tsv: column 'age': found 'old' (s00) where a number belo",
        "p.tsv: column 'sex': found the unknown code '9' (s01)",
        "s10: 10.npy: no such file",
        "participants s06, s08 have identical series",
        "config key contrasts.BDvsHC: group 'BD' (case) has 0 parti",
    ]


def test_an_empty_id_does_not_hide_the_other_problems():
    sheet = make_sheet()
    sheet.loc[4, "participant_id"] = ""
    sheet.loc[0, "age"] = "old"
    found = problems(sheet, make_findings(make_sheet()))
    assert any("participant_id is empty in row 6" in p for p in found)
    assert any("'old' (s00)" in p for p in found)


def test_a_sheet_without_ids_is_told_with_its_other_problems():
    sheet = make_sheet().drop(columns=["participant_id", "site"])
    found = problems(sheet, make_findings(make_sheet()))
    assert [p.split(",")[0] for p in found] == [
        "p.tsv: column 'participant_id' is missing",
        "p.tsv: column 'site' is missing",
    ]


# images


def image_findings(sheet):
    """Findings of images; cleaning leaves the first participant little."""
    n = len(sheet)
    measured = {"df_left": [30.0 if i else 12.3456 for i in range(n)], "mean_fd": 0.1 + 0.01 * np.arange(n)}
    return make_findings(sheet).assign(grid="3 mm", **measured)


def test_what_cleaning_leaves_is_a_reason_to_be_out():
    sheet = make_sheet()
    cohort = run(sheet, image_findings(sheet), select={"df_left": {"min": 15}})
    assert out_of(cohort).loc["s00", ["step", "reason"]].tolist() == ["selection", "df_left 12.35 is below 15"]
    assert len(cohort.participants) == 23
    assert cohort.participants["df_left"].unique().tolist() == [30]


def test_motion_measured_in_the_images_can_be_a_covariate():
    sheet = make_sheet()
    motion = np.random.default_rng(0).uniform(0.05, 0.3, len(sheet))
    findings = image_findings(sheet).assign(mean_fd=motion)
    cohort = run(sheet, findings, contrasts={"MDDvsHC": contrast(["age", "mean_fd", "site"])})
    np.testing.assert_array_equal(cohort.participants["mean_fd"], motion)
    # what the sheet says goes before what is measured
    cohort = run(sheet.assign(mean_fd="0.2"), findings)
    assert set(cohort.participants["mean_fd"]) == {0.2}


def test_images_on_several_grids_must_be_put_on_one():
    sheet = make_sheet()
    findings = image_findings(sheet)
    findings.loc[[3, 20], "grid"] = "2 mm"
    assert problems(sheet, findings, one_grid=True) == [
        "the images lie on 2 grids: 3 mm in 22 participants (s00, s01, s02 and 19 more); 2 mm in 2 participants "
        "(s03, s20); set connectivity.voxel_size (mm) to put all maps on one, or leave participants out (cohort.select)"
    ]
    assert len(run(sheet, findings).participants) == 24
    # those who are out do not matter
    assert len(run(sheet, findings, one_grid=True, select={"participant_id": {"not_in": ["s03", "s20"]}}).participants)


def test_seeds_outside_of_somebody_s_field_of_view_are_named():
    sheet = make_sheet()
    lacking = {"LCMA": {"s01": 0.0, "s05": 0.3}, "FAR": dict.fromkeys(sheet["participant_id"], 0.0), "FINE": {}}
    found = problems(sheet, image_findings(sheet), uncovered=lacking)
    assert found == [
        "config key seeds: too little of LCMA has signal in s01 (0 %), s05 (30 %); leave these participants out "
        "(cohort.select), lower connectivity.min_seed_coverage, or set cohort.faulty: exclude to leave out only their "
        "maps of the seed",
        "config key seeds: no voxel of FAR has signal in anybody; is it in MNI mm, inside the brain, and larger than a "
        "voxel?",
    ]
    kept = run(sheet, image_findings(sheet), uncovered={"LCMA": {"s01": 0.0}}, faulty="exclude")
    assert len(kept.participants) == 24
    without = {"participant_id": {"not_in": ["s01"]}}
    assert len(run(sheet, image_findings(sheet), uncovered={"LCMA": {"s01": 0.0}}, select=without).participants) == 23


def test_a_measurement_that_nobody_has_is_no_column_unless_it_is_asked_for():
    sheet = make_sheet()
    findings = image_findings(sheet).assign(mean_fd=None)
    assert "mean_fd" not in run(sheet, findings).participants
    with pytest.raises(InputError, match=r"group 'MDD' .* has 0 parti"):
        run(sheet, findings, contrasts={"MDDvsHC": contrast(["mean_fd"])})


def test_the_table_of_findings_holds_what_is_known_and_no_lists():
    found = findings_table(
        [
            {"participant_id": "a", "files": [1], "sessions": {}, "df_left": None, "n_timepoints": 9.0},
            {"participant_id": "b", "problem": "b: gone"},
        ]
    )
    assert list(found) == ["participant_id", "values_sha256", "problem", "n_timepoints", "n_constant", "df_left"]
    assert found["problem"].isna().tolist() == [True, False]
