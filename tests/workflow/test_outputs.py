"""README names every file that the workflow writes, but those that jobs hand to each other."""

from __future__ import annotations

import re

import pytest

from fixtures.project import CHECKOUT
from fixtures.rules import read_rules

RESULTS = "results/{study}/"
#: pattern -> the rule that writes it
OUTPUTS = {
    pattern.removeprefix(RESULTS): rule.name
    for rule in read_rules().values()
    for pattern in rule.outputs
    if pattern.startswith(RESULTS)
}


def named() -> tuple[set[str], set[str]]:
    """Files and folders below results/{study}/ that README names; ``..._b.tsv`` means the file before with that end."""
    files, folders, last = set(), set(), ""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    for token in re.findall(r"`([^`\n]+)`", text):
        if token.endswith("/"):
            folders.add(token)
        elif token.startswith("..._"):
            end = token.removeprefix("...")
            # from whichever underscore on
            files |= {last[: match.start()] + end for match in re.finditer("_", last)}
        elif "/" in token:
            files.add(token)
            last = token
    return files, folders


FILES, FOLDERS = named()


def like(pattern: str) -> str:
    """A pattern with its wildcards all alike; a map or a comparison of two is one wildcard."""
    return re.sub(r"\{\w+\}(-\{\w+\})?", "{}", pattern)


def is_named(pattern: str) -> bool:
    if any(re.match(folder.replace("*", r"\w+").replace("{format}", r"[\w-]+"), pattern) for folder in FOLDERS):
        return True
    return like(pattern) in set(map(like, FILES))


def is_sidecar(pattern: str) -> bool:
    """JSON beside a table or an image, as README says of all."""
    stem = pattern.removesuffix(".json")
    return stem != pattern and any(f"{stem}.{ending}" in OUTPUTS for ending in ("tsv", "parquet", "nii.gz", "gmt"))


@pytest.mark.parametrize("pattern", [pattern for pattern in OUTPUTS if not is_sidecar(pattern)])
def test_readme_names_what_a_rule_writes(pattern):
    assert is_named(pattern), f"rule {OUTPUTS[pattern]}"


@pytest.mark.slow
def test_readme_names_what_the_small_study_writes(finished):
    """Also what no rule declares."""
    root = finished.results("small")
    files = {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}
    known = [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(p))) for p in OUTPUTS]
    others = [
        f for f in files if not any(p.fullmatch(f) for p in known) and f.split("/")[0] not in ("logs", "benchmarks")
    ]
    assert others == [".lock"]


def test_what_readme_names_is_written():
    made = set(map(like, OUTPUTS))
    table = re.search(r"^\| stage \|.*?\n\n", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.M | re.S)[0]
    # a map per participant and session: the rule declares a list of them
    tokens = [t for t in re.findall(r"`([^`\n]+\.[a-z.]+)`", table) if not t.startswith("...") and "[" not in t]
    assert [token for token in tokens if like(token) not in made] == []
