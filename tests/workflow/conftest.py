"""The small study, run to its end once for all tests of what an edit reruns."""

from __future__ import annotations

import pytest

from fixtures import small_study
from fixtures.project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A folder in which the small study was run with its report; its config is study.yaml. Tests leave it as it is."""
    project = Project.make(tmp_path_factory.mktemp("finished"))
    small_study.make_data(project.folder / "data")
    config = small_study.config()
    config["stages"] = [*config["stages"], "report"]
    project.make_targets("--configfile", project.write_config(config))
    return project
