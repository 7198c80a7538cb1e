"""Cores, jobs, shards, threads and the order of sets change no byte of a table.

Small matrices take one thread anyway; that a job limits the threads itself is held in tests/unit/test_job.py.
"""

from __future__ import annotations

import pytest

from fixtures import small_study
from fixtures.project import Project

pytestmark = pytest.mark.slow

#: rules that multiply matrices
PRODUCTS = ("group_permute", "sites_leave_out", "genes_nulls", "genes_chunk", "genes_counts", "genes_pls")
#: folders of what jobs hand to each other, in files that are as many as the jobs
PARTS = ("cohort/series/", "connectivity/parts/", "group/shards/", "sites/parts/", "genes/parts/")


def tables(project: Project) -> dict[str, bytes]:
    """Every result but those parts and the report."""
    contents = project.contents("small")
    return {name: content for name, content in contents.items() if not name.startswith(("report/", *PARTS))}


@pytest.mark.parametrize(
    ("cores", "threads", "jobs"),
    [
        (
            1,
            4,
            {"subjects_per_job": 1, "sites_per_job": 1, "permutations_per_shard": 100, "genes_per_chunk": 4000},
        ),
        (
            2,
            2,
            {"subjects_per_job": 7, "sites_per_job": 2, "permutations_per_shard": 130, "genes_per_chunk": 7000},
        ),
    ],
)
def test_the_same_bytes_however_the_work_is_dealt(finished, tmp_path, cores, threads, jobs):
    project = Project.make(tmp_path / "project")
    small_study.make_data(project.folder / "data")
    name = project.write_config(small_study.config() | {"jobs": jobs})
    environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    environment["PYTHONHASHSEED"] = str(threads)
    # Snakemake gives these rules more threads than they ask for
    more = [f"{rule}={threads}" for rule in PRODUCTS]
    project.make_targets("--set-threads", *more, "--configfile", name, cores=cores, environment=environment)
    expected, found = tables(finished), tables(project)
    assert list(found) == list(expected)
    assert {"tsv", "json", "parquet"} <= {name.rsplit(".")[-1] for name in found}
    assert [name for name in found if found[name] != expected[name]] == []
    series = project.results("small") / "cohort/series"
    assert len(list(series.glob("*.npz"))) > 24 / jobs["subjects_per_job"] - 1 > 0
