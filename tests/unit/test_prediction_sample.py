"""Tables of the earlier stages, and of a second study, as one sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.io.problems import InputError
from amygene.prediction.sample import make_sample

SEEDS = {"LAMY": ["Amygdala_L"], "RAMY": ["Amygdala_R"]}
MODEL = {"covariates": ["age", "sex", "site"], "categorical": ["site", "sex"], "exchange_within": "site"}


def study(prefix="p", n=12, sites=("A", "B", "C")):
    rng = np.random.default_rng(len(prefix))
    people = pd.DataFrame(
        {
            "participant_id": [f"{prefix}{i}" for i in range(n)],
            "site": [sites[i % len(sites)] for i in range(n)],
            "age": rng.integers(20, 60, n).astype(float),
            "sex": np.where(np.arange(n) % 2, "F", "M"),
            "contrast-main": ["case" if i % 4 < 2 else "control" for i in range(n)],
        }
    )
    people.loc[n - 1, "contrast-main"] = None
    regions = {"LAMY": ["Amygdala_R", "Insula_L", "Insula_R"], "RAMY": ["Amygdala_L", "Insula_L", "Insula_R"]}
    # in another order than the sheet
    order = rng.permutation(n)
    connectivity = {
        seed: pd.DataFrame(rng.normal(size=(n, 3)), index=people["participant_id"].to_numpy()[order], columns=names)
        for seed, names in regions.items()
    }
    return connectivity, people


def test_members_of_the_contrast_with_their_own_edges():
    connectivity, people = study()
    sample = make_sample(connectivity, people, "main", seed_regions=SEEDS, **MODEL)
    assert sample.participants.tolist() == people["participant_id"].tolist()[:-1]
    assert sample.case.tolist() == [1, 1, 0, 0] * 2 + [1, 1, 0]
    for j, (seed, region) in enumerate(zip(sample.seeds, sample.regions, strict=True)):
        assert sample.edges[:, j] == pytest.approx(connectivity[seed].loc[sample.participants, region].to_numpy())


def test_an_edge_that_two_seeds_share_enters_once():
    sample = make_sample(*study(), "main", seed_regions=SEEDS, **MODEL)
    edges = list(zip(sample.seeds, sample.regions, strict=True))
    assert ("LAMY", "Amygdala_R") in edges
    assert ("RAMY", "Amygdala_L") not in edges
    assert len(edges) == 5


def test_a_seed_of_several_regions_shares_no_edge():
    seeds = {"LAMY": ["Amygdala_L", "Hippocampus_L"], "RAMY": ["Amygdala_R"]}
    assert make_sample(*study(), "main", seed_regions=seeds, **MODEL).edges.shape[1] == 6


def test_covariates_are_numbers_and_one_column_per_level():
    connectivity, people = study()
    sample = make_sample(connectivity, people, "main", seed_regions=SEEDS, **MODEL)
    assert sample.names.tolist() == ["age", "sex", "site", "site", "site"]
    assert sample.covariates[:, 0] == pytest.approx(people["age"].to_numpy()[:-1])
    assert (sample.covariates[:, 2:].sum(axis=1) == 1).all()


def test_strata_are_always_of_one_site():
    connectivity, people = study()
    people["run"] = np.where(np.arange(12) < 6, "x", "y")
    for within, expected in ((None, 3), ("site", 3), ("run", 6)):
        model = {**MODEL, "exchange_within": within}
        sample = make_sample(connectivity, people, "main", seed_regions=SEEDS, **model)
        assert len(np.unique(sample.strata)) == expected
        for stratum in np.unique(sample.strata):
            assert len(np.unique(sample.sites[sample.strata == stratum])) == 1


def test_a_cohort_without_sites_has_one():
    connectivity, people = study()
    model = {**MODEL, "covariates": ["age"]}
    sample = make_sample(connectivity, people.drop(columns="site"), "main", seed_regions=SEEDS, **model)
    assert sample.site_names.tolist() == ["all"]


def test_second_study_is_marked_and_its_sites_are_named_after_it():
    second = (*study("q", 8, ("A",)), "main")
    sample = make_sample(*study(), "main", seed_regions=SEEDS, second=second, second_name="other", **MODEL)
    assert sample.external.sum() == 7
    assert sample.site_names.tolist() == ["A", "B", "C", "other/A"]
    assert set(sample.site_names[sample.sites[sample.external]]) == {"other/A"}
    assert sample.participants[-1].startswith("other/q")
    assert np.isfinite(sample.edges).all()


def test_covariates_of_this_study_do_not_depend_on_the_second():
    second = (*study("q", 8, ("X", "Y", "Z")), "main")
    alone = make_sample(*study(), "main", seed_regions=SEEDS, **MODEL)
    both = make_sample(*study(), "main", seed_regions=SEEDS, second=second, second_name="other", **MODEL)
    assert both.names.tolist() == alone.names.tolist()
    assert np.array_equal(both.covariates[~both.external], alone.covariates)
    assert (both.covariates[both.external][:, both.names == "site"] == 0).all()


def test_all_that_is_wrong_with_the_second_study_is_told_at_once():
    connectivity, people = study("q")
    connectivity["RAMY"] = connectivity["RAMY"].drop(columns="Insula_R")
    people.loc[people["contrast-main"] == "control", "contrast-main"] = None
    with pytest.raises(InputError) as told:
        make_sample(
            *study(), "main", seed_regions=SEEDS, second=(connectivity, people.drop(columns="age"), "main"),
            second_name="other", **MODEL,
        )  # fmt: skip
    text = str(told.value)
    assert "3 problems" in text
    assert "study other has no covariate age" in text
    assert "study other has no control in contrast main" in text
    assert "lacks the edges RAMY with Insula_R" in text


def test_missing_covariates_and_contrasts_of_the_second_study_are_named():
    connectivity, people = study("q")
    people.loc[2, "age"] = np.nan
    with pytest.raises(InputError, match="covariate age is missing in q2"):
        make_sample(
            *study(), "main", seed_regions=SEEDS, second=(connectivity, people, "main"), second_name="o", **MODEL
        )
    with pytest.raises(InputError, match="study o has no contrast else; found main"):
        make_sample(
            *study(), "main", seed_regions=SEEDS, second=(connectivity, people, "else"), second_name="o", **MODEL
        )


def test_arrays_make_the_sample_again():
    sample = make_sample(*study(), "main", seed_regions=SEEDS, **MODEL)
    again = type(sample)(**sample.arrays())
    for name, values in vars(sample).items():
        assert np.array_equal(getattr(again, name), values)
