"""Whatever people type for a participant, a site or a file is data: it comes back as it was, or is told in words."""

from __future__ import annotations

import ast
import csv
import io
import re
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from amygene import settings as study_settings
from amygene.cohort import buckets, roster
from amygene.cohort.assemble import assemble
from amygene.cohort.sheet import read_sheet
from amygene.imaging.series import Layout, read_series
from amygene.imaging.series_pack import FINDING, check_members, read_pack, write_pack
from amygene.io.problems import InputError
from amygene.io.tables import read_table, write_table
from amygene.report import page, style

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "config/schemas/participants.schema.yaml").read_text())
CONFIG_SCHEMA = study_settings.read_schema(ROOT / "config/schemas/config.schema.yaml")
#: what shells, paths, formats, tables and pages take for something else
SPECIAL = [
    *" \"'`$\\/{}[]()<>|&;*?!~#%,=+-.:@^_\u00e9\u4e2d\U0001f9e0\u0301\u202e\ufeff\u00a0",
    *("$HOME", "$(id)", "`id`", "../", "..", "; id", "<script>", "</script>", "{wildcards.x}", "{{7*7}}", "%s", "\\n"),
    *("n/a", "nan", "NA", "None", "-9999", "1e5", "007", "=1+1", "' OR 1=1", "sub-01"),
]
CONTROL = ["\n", "\r", "\t", "\x00", "\x1b[31m", "\x85", "\u2028"]
typed = (
    st.lists(st.one_of(st.sampled_from(SPECIAL), st.text(max_size=2)), min_size=1, max_size=5).map("".join).filter(bool)
)
#: text that fits into a cell of a TSV and is not missing there
cells = typed.filter(lambda t: t.strip() and not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", t)).map(
    str.strip
)
often = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # what fails is short enough
)
MISSING = ["", "n/a", "-9999"]
COHORT = {"format": "table", "codes": {}, "missing": MISSING}
CONTRASTS = {
    "AvsB": {"variable": "group", "case": "A", "control": "B", "covariates": ["site"], "exchange_within": "site"}
}


def write_tsv(path, rows):
    path.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")


def write_csv(path, rows):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def put_together(sheet, ids):
    rows = [
        {
            "participant_id": p,
            "file": "x.npy",
            "n_timepoints": 100.0,
            "n_constant": 0.0,
            "sha256": p,
            "values_sha256": p,
        }
        for p in ids
    ]
    return assemble(
        sheet,
        "p.tsv",
        pd.DataFrame(rows, columns=FINDING),
        SCHEMA,
        select={},
        contrasts=CONTRASTS,
        missing=MISSING,
        codes={},
        categorical=["site"],
        faulty="stop",
    )


def problem_of(function):
    """What it says of its input; None if all is well."""
    try:
        function()
    except InputError as error:
        return str(error)
    return None


# a cohort


@often
@given(names=st.lists(cells, min_size=4, max_size=4), sites=st.lists(cells, min_size=2, max_size=2, unique=True))
@pytest.mark.parametrize("ending", [".tsv", ".csv"])
def test_names_pass_through_a_cohort_as_they_were_typed(tmp_path, ending, names, sites):
    ids = [*dict.fromkeys(names), *(f"{names[i % 4]}{i}" for i in range(20))]
    ids += [f"more{i}" for i in range(24 - len(ids))]
    path = tmp_path / f"p{ending}"
    header = ["participant_id", "group", "site", "timeseries"]
    rows = [[p, "AB"[i % 2], sites[i // 12], f"series/{p}"] for i, p in enumerate(ids)]
    (write_csv if ending == ".csv" else write_tsv)(path, [header, *rows])
    there = [p for p in ids if p not in MISSING]
    found = roster.read(COHORT | {"participants": str(path)}, "results/x/cohort")
    # an id that says "missing" is told by the stage, whose job it then is in
    assert found.files == {p: str(path.parent / f"series/{p}") for p in ids}
    assert found.sites == frozenset(s for s in sites if s not in MISSING) or found.sites == frozenset({"1"})
    assert sorted(chain(*buckets.deal(found.files, 5).values())) == sorted(ids)
    sheet = read_sheet(path)
    assert sheet["participant_id"].tolist() == ids
    if len(there) < len(ids) or set(sites) & set(MISSING):
        return
    cohort = put_together(sheet, ids)
    assert cohort.participants["participant_id"].tolist() == ids
    meanings = dict.fromkeys(cohort.participants, "as typed")
    write_table(
        path.with_suffix(".out.tsv"), cohort.participants, sidecar=path.with_suffix(".out.json"), meanings=meanings
    )
    again = read_table(path.with_suffix(".out.tsv"), dtype=str)
    assert again["participant_id"].tolist() == ids
    assert again["site"].tolist() == [site for site in sites for _ in range(12)]


@pytest.mark.parametrize("character", CONTROL)
@pytest.mark.parametrize("column", ["participant_id", "site"])
def test_control_characters_in_a_name_are_told(character, column):
    ids = [f"s{i}" for i in range(24)]
    sheet = pd.DataFrame({"participant_id": ids, "group": ["A", "B"] * 12, "site": ["x"] * 12 + ["y"] * 12})
    sheet.loc[3, column] = f"a{character}b"
    with pytest.raises(InputError) as caught:
        put_together(sheet, sheet["participant_id"])
    told = [p for p in caught.value.problems if "control character" in p]
    assert told == [
        f"p.tsv: column {column!r}: {'a' + character + 'b'!r} in row 5 holds a control character (a line break, "
        "a tab or the like); take it out"
    ]


def test_a_sheet_in_another_encoding_is_told(tmp_path):
    (tmp_path / "p.tsv").write_bytes("participant_id\tgroup\nM\u00fcller\tA\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"p\.tsv: is no text in UTF-8"):
        roster.read(COHORT | {"participants": str(tmp_path / "p.tsv")}, "results/x/cohort")


@often
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))))
@pytest.mark.parametrize("ending", [".tsv", ".csv"])
def test_any_file_as_a_sheet_is_read_or_told(tmp_path, ending, content):
    path = tmp_path / f"p{ending}"
    path.write_bytes(b"participant_id\ttimeseries\n".replace(b"\t", b"," if ending == ".csv" else b"\t") + content)
    for read in (lambda: roster.read(COHORT | {"participants": str(path)}, "r"), lambda: read_sheet(path)):
        told = problem_of(read)
        assert told is None or str(path) in told


# series


@often
@given(ids=st.lists(cells, min_size=1, max_size=4, unique=True))
def test_names_pass_through_a_pack_of_series(tmp_path, ids):
    rng = np.random.default_rng(1)
    labels = ("R 1", "$x$", "{r}")
    members = {}
    for i, participant in enumerate(ids):
        members[participant] = str(tmp_path / f"{i}.npy")
        np.save(members[participant], rng.standard_normal((30, 3)))
    series, findings = check_members(members, Layout(labels))
    assert [f["participant_id"] for f in findings] == ids
    write_pack(tmp_path / "pack.npz", series, labels)
    again, names = read_pack(tmp_path / "pack.npz")
    assert list(again) == ids
    assert names == labels


@often
@given(content=st.binary(max_size=400), head=st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"MATLAB 5.0"]))
@pytest.mark.parametrize("ending", [".mat", ".npy", ".npz", ".tsv", ".csv", ".1D"])
def test_any_file_as_a_series_is_read_or_told(tmp_path, ending, content, head):
    path = tmp_path / f"x{ending}"
    path.write_bytes(head + content)
    told = problem_of(lambda: read_series(path, Layout(("a", "b"))))
    assert told is None or str(path) in told


class Harmful:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_a_series_is_never_unpickled(tmp_path, ending):
    harm = np.array([[Harmful(tmp_path / "harm")]], dtype=object)
    (np.save if ending == ".npy" else np.savez)(tmp_path / f"x{ending}", harm)
    with pytest.raises(InputError, match="allow_pickle=False"):
        read_series(tmp_path / f"x{ending}", Layout(("a",)))
    assert not (tmp_path / "harm").exists()


# the config


@often
@given(name=typed)
@example(name="a\n")
@example(name="..")
@pytest.mark.parametrize("key", ["study", "seed", "contrast", "map", "atlas", "collection"])
def test_names_that_become_files_are_letters_and_digits(key, name):
    config = {
        "study": "x",
        "stages": ["group"],
        "cohort": {"format": "table", "participants": "p.tsv"},
        "atlas": {"name": "Mine", "labels": "l.tsv"},
        "seeds": [{"name": "S", "regions": ["r"]}],
        "contrasts": {"AvsB": {"case": "A", "control": "B"}},
    }
    if key == "study":
        config["study"] = name
    elif key == "seed":
        config["seeds"][0]["name"] = name
    elif key == "contrast":
        config["contrasts"] = {name: config["contrasts"]["AvsB"]}
    elif key == "map":
        config["maps"] = {name: {"table": "m.tsv"}}
    elif key == "atlas":
        config["atlas"]["name"] = name
    else:
        config["enrichment"] = {"collections": [{"name": name, "gmt": "x.gmt"}]}
    allowed = r"[A-Za-z0-9][A-Za-z0-9._-]*" if key == "study" else r"[A-Za-z0-9]+"
    if re.fullmatch(allowed, name):
        study_settings.complete(config, CONFIG_SCHEMA)
    else:
        with pytest.raises(InputError, match="config key"):
            study_settings.complete(config, CONFIG_SCHEMA)


# the report


@often
@given(text=typed)
def test_the_page_shows_text_and_nothing_else(text):
    def page_with(text):
        blocks = [
            page.words(text),
            page.points([text]),
            page.warning(text),
            page.heading(text),
            page.code(text, text),
            page.picture(page.Shown(b"", "x.png"), text),
            *page.viewer(page.Shown(f"<p>{text}", "x.html"), text),
            page.table(pd.DataFrame({text: [text, 1.0]}), text, text, folded=text),
        ]
        return page.render(text, [{"id": "a", "title": text, "question": text, "blocks": blocks}])

    # a header may break after an underscore
    assert _tags(page_with(text)) == _tags(page_with("harmless" + "_" * text.count("_")))


def _tags(html):
    """Tags and the names of their attributes."""
    from html.parser import HTMLParser

    found = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append((tag, [name for name, _ in attributes]))

        def handle_endtag(self, tag):
            found.append(tag)

    Tags().feed(html)
    return found


@pytest.mark.parametrize("label", ["a$b", "$\\frac$", "$x^2$", "\\alpha", "%d {r} \u4e2d"])
def test_labels_of_figures_are_no_formulas(tmp_path, label):
    figure = Figure()
    figure.subplots().set_xticks([0], [label])
    style.save(figure, tmp_path / "x.svg", tmp_path / "x.png")
    # drawn as letters, the label stands in a comment of the picture
    assert f"<!-- {label.replace('-', '')} -->" in (tmp_path / "x.svg").read_text(encoding="utf-8")


# the code


@pytest.mark.parametrize("file", sorted([*(ROOT / "scripts").rglob("*.py")]), ids=lambda f: f.name)
def test_no_code_is_made_from_text(file):
    """No shell, no pickle, no eval, no YAML that makes objects."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert name not in {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
            assert options.get("shell", "False") == "False"
            if name == "np.load":  # numpy does not unpickle unless told to
                assert options.get("allow_pickle", "False") == "False"
