"""The hash of a script's modules changes with what they do, and only with modules that the script imports."""

from __future__ import annotations

import modulefinder
import shutil
from pathlib import Path

import pytest

import used_code

SCRIPTS = Path(__file__).parents[2] / "scripts"
ALL_SCRIPTS = sorted(
    str(file.relative_to(SCRIPTS))
    for file in SCRIPTS.glob("**/*.py")
    if "amygene" not in file.relative_to(SCRIPTS).parts
)


@pytest.fixture
def scripts(tmp_path):
    """A small package: ``main`` imports ``a``, in a function ``b``; ``b`` imports ``c``; nobody imports ``d``."""
    folder = tmp_path / "scripts"
    (folder / "package").mkdir(parents=True)
    (folder / "package/__init__.py").write_text('"""A package."""\n\nversion = 1\n')
    (folder / "main.py").write_text("import numpy\nfrom package.a import f\n\n\ndef late():\n    import package.b\n")
    (folder / "package/a.py").write_text('"""A."""\n\n\ndef f(x):\n    """Add."""\n    # one\n    return x + 1\n')
    (folder / "package/b.py").write_text("from package import c\n")
    (folder / "package/c.py").write_text("class K:\n    pass\n")
    (folder / "package/d.py").write_text("x = 1\n")
    yield folder
    used_code.clear()


def changed(scripts: Path, file: str, old: str, new: str, **options) -> bool:
    """Whether the fingerprint of main.py changes with an edit."""
    before = used_code.fingerprint(scripts, "main.py", **options)
    path = scripts / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    used_code.clear()
    return used_code.fingerprint(scripts, "main.py", **options) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("package/a.py", "x + 1", "x + 2"),
        ("package/a.py", "def f(x)", "def f(x, y=0)"),
        ("package/b.py", "import c", "import c, d"),
        ("package/c.py", "pass", "x = 1"),
        ("package/__init__.py", "version = 1", "version = 2"),
    ],
)
def test_what_a_module_does_counts(scripts, file, old, new):
    assert changed(scripts, file, old, new)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("package/a.py", "# one", "# one more\n    # and another"),
        ("package/a.py", "Add.", "Add one."),
        ("package/a.py", '"""A."""\n', ""),
        ("package/a.py", "x + 1", "(x  +  1)"),
        ("package/c.py", "class K:\n", 'class K:\n    """Nothing."""\n\n'),
        ("package/__init__.py", '"""A package."""', '"""A package"""'),
        ("package/d.py", "x = 1", "x = 2"),
        ("main.py", "import numpy", "import scipy"),
    ],
)
def test_comments_docstrings_layout_and_other_modules_do_not(scripts, file, old, new):
    assert not changed(scripts, file, old, new)


def test_a_docstring_that_stood_alone_is_no_code(scripts):
    assert not changed(scripts, "package/c.py", "    pass", '    """Nothing."""')


def test_a_script_of_a_shell_command_counts_itself(scripts):
    assert changed(scripts, "main.py", "import numpy", "import scipy", own=True)


def test_the_folder_does_not_count(scripts, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(scripts, moved)
    assert used_code.fingerprint(moved, "main.py") == used_code.fingerprint(scripts, "main.py")


@pytest.mark.parametrize("script", ALL_SCRIPTS)
def test_the_modules_of_every_script_are_those_that_python_would_import(script):
    """modulefinder reads the compiled code, imports within functions included."""
    finder = modulefinder.ModuleFinder(path=[str(SCRIPTS)])
    finder.run_script(str(SCRIPTS / script))
    expected = {Path(module.__file__) for module in finder.modules.values() if module.__file__} - {SCRIPTS / script}
    assert used_code.modules(SCRIPTS, script) == expected
