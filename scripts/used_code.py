"""Which of the project's modules a script uses, and a hash of what they do.

Snakemake reruns a job when its script changes, but not when a module does that the script imports. With the hash among
its params (`code` in rules/common.smk) it does.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path


@cache
def imported(scripts, file):
    """Files of the folder `scripts` that a source file imports itself, packages included."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # a name may be a module or something in one
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            for depth in range(1, len(parts) + 1):
                base = scripts.joinpath(*parts[:depth])
                found |= {f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()}
    return frozenset(found)


@cache
def meaning(file):
    """Hash of what a source file does: comments and docstrings do not count."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


@cache
def modules(scripts, *files):
    """Files of the folder `scripts` that some of its files import, directly or through others."""
    seen: set[Path] = set()
    todo = [scripts / file for file in files]
    while todo:
        new = imported(scripts, todo.pop()) - seen
        seen |= new
        todo += new
    return frozenset(seen)


@cache
def fingerprint(scripts, script, own=False, chosen=()):
    """Hash of what a script's modules do, and with `own` of the script's too.

    Snakemake does not know a script that a shell command runs; such a rule needs `own`.

    Parameters
    ----------
    scripts : Path
        Folder of the scripts and of the package.
    script : str
        Name of the script in it.
    chosen : tuple of str
        Names of modules in it that the script loads by name: those of the methods that the config chooses.
    """
    loaded = {scripts / module for module in chosen}
    files = sorted(modules(scripts, script, *chosen) | loaded | ({scripts / script} if own else set()))
    return hashlib.sha256("".join(map(meaning, files)).encode()).hexdigest()[:12]


def clear():
    """Forget what was read: files have changed."""
    for function in (imported, meaning, modules, fingerprint):
        function.cache_clear()
