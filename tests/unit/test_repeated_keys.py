"""A key that stands twice in a config file."""

from __future__ import annotations

import pytest

from amygene.io.repeated_keys import repeated_keys

YAML = """\
study: s
seeds: [LAMY]
cohort:
  format: table
  codes: {sex: {1: M, "1": F}}
  format: none
atlas: DK83
seeds:
  - {name: A, name: B}
  - RAMY
seeds: [RAMY]
"""


def test_every_key_is_told_with_its_file_and_lines(tmp_path):
    (tmp_path / "a.yaml").write_text(YAML)
    (tmp_path / "b.json").write_text('{\n\t"study": "s",\n\t"jobs": {"x": 1,\n\t\t"x": 2}\n}')
    files = [tmp_path / "a.yaml", tmp_path / "b.json"]
    told = [
        (files[0], "seeds stands in lines 2, 8 and 11"),
        (files[0], "cohort.format stands in lines 4 and 6"),
        (files[0], "cohort.codes.sex.1 stands in lines 5 and 5"),
        (files[0], "seeds.0.name stands in lines 9 and 9"),
        (files[1], "jobs.x stands in lines 3 and 4"),
    ]
    assert repeated_keys(files) == [f"{file}: config key {words}; keep one of them" for file, words in told]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "a: &x {p: 1, q: 2}\nb: {<<: *x, p: 3}\nc: *x\n",
        # two mappings may be merged in one after the other
        "a: &x {p: 1}\nb: &y {q: 1}\nc:\n  <<: *x\n  <<: *y\n",
        # the same key in different mappings
        "a: {k: 1}\nb: {k: 1}\nl: [{k: 1}, {k: 2}]\n",
        # an alias to what holds it
        "a: &x\n  b: *x\n",
        # no YAML: the reader's own message tells
        "a: [1\n",
        '{"a":\t1}',
    ],
)
def test_what_is_allowed(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    assert repeated_keys([tmp_path / "a.yaml"]) == []


def test_what_is_repeated_behind_an_anchor_is_told_once(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &x {p: 1, p: 2}\nb: *x\nc: *x\n")
    assert len(repeated_keys([tmp_path / "a.yaml"])) == 1
