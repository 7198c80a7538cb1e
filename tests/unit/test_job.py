"""What every script does first: its log, a user's mistake in words, one thread for products of matrices."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def run(folder: Path, code: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a script that begins as all do, allowed four threads; give how it ended and its log."""
    (folder / "script.py").write_text(code)
    environment = os.environ | {
        "PYTHONPATH": str(SCRIPTS),
        "OMP_NUM_THREADS": "4",
        "OPENBLAS_NUM_THREADS": "4",
        "LOG": str(folder / "log"),
    }
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done, (folder / "log").read_text()


START = "import os\nfrom amygene.io.problems import InputError\nfrom job import start\nstart(os.environ['LOG'])\n"


def test_everything_that_is_said_goes_to_the_log(tmp_path):
    done, log = run(tmp_path, START + "import sys\nprint('out')\nprint('err', file=sys.stderr)\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert log.splitlines()[:2] == ["out", "err"]


def test_the_log_ends_with_the_time_that_was_worked(tmp_path):
    _, log = run(tmp_path, START + "x = sum(range(10**6))\n")
    assert log.splitlines()[-2].startswith("CPU: ")
    assert re.fullmatch(r"memory: \d+ MB", log.splitlines()[-1])


def test_a_users_mistake_is_told_in_words(tmp_path):
    done, log = run(tmp_path, START + "raise InputError(['a.tsv: no column age', 'b.mat: no such file'])\n")
    assert done.returncode == 1
    assert log.startswith("2 problems in the input:\n  - a.tsv: no column age\n  - b.mat: no such file\n")
    assert "Traceback" not in log


def test_our_own_mistake_is_told_with_its_traceback(tmp_path):
    done, log = run(tmp_path, START + "{}['a']\n")
    assert done.returncode == 1
    assert "Traceback (most recent call last):" in log
    assert "KeyError: 'a'" in log


def test_what_was_said_before_a_crash_is_in_the_log(tmp_path):
    done, log = run(tmp_path, START + "print('so far', flush=False)\nos._exit(9)\n")
    assert (done.returncode, log) == (9, "so far\n")


@pytest.mark.skipif(os.cpu_count() == 1, reason="a machine of one core has one thread anyway")
def test_products_of_matrices_take_one_thread(tmp_path):
    """Of the library that is loaded already, and of one that is loaded later; both would take more."""
    threads = "print(*(library['num_threads'] for library in threadpool_info()))\n"
    code = (
        "import numpy\nfrom threadpoolctl import threadpool_info\n"
        f"{threads}{START}{threads}import scipy.linalg\n{threads}"
    )
    _, log = run(tmp_path, code)
    done, _ = run(tmp_path, "import numpy, scipy.linalg\nfrom threadpoolctl import threadpool_info\n" + threads)
    free = [int(n) for n in done.stdout.split()]
    assert len(free) >= 2
    assert min(free) > 1
    after, later, *_ = log.splitlines()
    assert set(after.split()) == {"1"}
    assert len(later.split()) == len(free)
    assert set(later.split()) == {"1"}
