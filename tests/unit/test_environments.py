"""Environments for jobs: exactly what is pinned, from the Python that runs this, or a message."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile

import pytest

from amygene.io.environments import make_environment
from amygene.io.problems import InputError


@pytest.fixture
def pinned(tmp_path):
    """Requirements with one package, which lies in a folder: no index is asked."""
    wheel = tmp_path / "tiny_tool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_tool.py", "ANSWER = 42\n")
        archive.writestr("tiny_tool-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-tool\nVersion: 1.0\n")
        archive.writestr(
            "tiny_tool-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_tool-1.0.dist-info/RECORD", "tiny_tool.py,,\n")
    requirements = tmp_path / "requirements.txt"

    def write(digest=None):
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        requirements.write_text(f"tiny-tool @ {wheel.as_uri()} --hash=sha256:{digest}\n")
        return requirements

    return write


def run(folder, code):
    return subprocess.run(
        [folder / "bin/python", "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_environment_holds_what_is_pinned_and_nothing_else(pinned, tmp_path):
    folder = tmp_path / "env"
    make_environment(pinned(), folder)
    listed = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))"
    assert run(folder, listed) == "['tiny-tool']"
    assert run(folder, "import tiny_tool; print(tiny_tool.ANSWER)") == "42"
    assert run(folder, "import sys; print(sys.version_info[:3])") == str(sys.version_info[:3])
    assert list(folder.rglob("__pycache__/tiny_tool.*.pyc")) != []  # compiled once


def test_an_environment_that_is_there_is_replaced(pinned, tmp_path):
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / "pyvenv.cfg").touch()
    (folder / "old").touch()
    make_environment(pinned(), folder)
    assert not (folder / "old").exists()
    assert run(folder, "import tiny_tool; print(tiny_tool.ANSWER)") == "42"


def test_a_package_that_is_not_what_it_should_be_is_told(pinned, tmp_path):
    requirements = pinned("0" * 64)
    with pytest.raises(InputError) as caught:
        make_environment(requirements, tmp_path / "env")
    (told,) = caught.value.problems
    assert told.startswith(
        f"{requirements}: the environment {tmp_path / 'env'} could not be made; it needs the package "
        "index once. uv says:\n"
    )
    assert "Hash mismatch" in told


def test_a_package_without_hash_is_told(tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("tiny-tool==1.0\n")
    with pytest.raises(InputError, match="require-hashes"):
        make_environment(requirements, tmp_path / "env")


def test_a_folder_that_cannot_be_made_is_told(pinned, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"the environment .*file/env could not be made"):
        make_environment(pinned(), tmp_path / "file" / "env")
