"""The small study, run to its end once for all tests of what an edit reruns."""

from __future__ import annotations

import fcntl
import shutil

import pytest

from fixtures import small_study
from fixtures.project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory, request) -> Project:
    """A folder in which the small study was run with its report; its config is study.yaml. Tests leave it as it is.

    Processes that share the tests run it once, and each has its own copy.
    """
    own = tmp_path_factory.mktemp("finished") / "project"
    shared = own.parent.parent
    if hasattr(request.config, "workerinput"):
        shared = shared.parent
    with open(shared / "finished.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Project(shared / "finished.project")
        if not (made.folder / "done").exists():
            Project.make(made.folder)
            small_study.make_data(made.folder / "data")
            config = small_study.config()
            config["stages"] = [*config["stages"], "report"]
            made.make_targets("--configfile", made.write_config(config))
            (made.folder / "done").touch()
    shutil.copytree(made.folder, own, symlinks=True)
    return Project(own)
