"""The page: everything is escaped, numbers are written as people read them."""

import html

import numpy as np
import pandas as pd
import pytest

from amygene.report import page

NASTY = "<script>alert('x')</script>\"&"


def rendered(*blocks):
    return page.render(NASTY, [{"id": "a", "title": NASTY, "question": NASTY, "blocks": list(blocks)}])


def test_every_text_is_escaped_wherever_it_stands():
    frame = pd.DataFrame({NASTY: [NASTY, "plain"], "t": [1.0, 2.0]})
    text = rendered(
        page.words(NASTY),
        page.points([NASTY]),
        page.warning(NASTY),
        page.heading(NASTY),
        page.heading(NASTY, 2),
        page.picture(page.Shown(b"\x89PNG", "x.png"), NASTY),
        page.table(frame, NASTY, NASTY, folded=NASTY, meanings={NASTY: NASTY}),
        *page.viewer(page.Shown(NASTY, "v.html"), NASTY),
        page.code(NASTY, NASTY),
    )
    assert NASTY not in text
    assert "<script>alert" not in text
    # the text itself is there to be read
    assert text.count(html.escape("<script>alert", quote=True)) >= 10


def test_the_page_forbids_every_request():
    assert "default-src 'none'" in rendered(page.words("x"))
    assert "http://" not in rendered(page.words("x"))
    assert "https://" not in rendered(page.words("x"))


def test_missing_values_are_a_dash_and_sort_apart():
    block = page.table(pd.DataFrame({"t": [np.nan, 1.5], "note": [None, "x"]}), "f.tsv")
    cells = [row["cells"] for row in block["rows"]]
    assert cells[0][0] == {"text": "–", "number": None}
    assert cells[0][1] == {"text": "–", "number": None}
    assert cells[1][0] == {"text": "1.5", "number": 1.5}


def test_rows_are_marked_by_the_rule_given():
    block = page.table(pd.DataFrame({"q": [0.01, 0.2]}), "f.tsv", marked=lambda r: r["q"] < 0.05)
    assert [row["marked"] for row in block["rows"]] == [True, False]


def test_a_column_is_explained_by_its_meaning():
    block = page.table(pd.DataFrame({"p_fwe": [0.1]}), "f.tsv")
    assert "family-wise" in block["columns"][0]["meaning"]


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.00004, "< .0001"),
        (0.0002, "= 2.0e-04"),
        (0.00097, "= .001"),
        (0.0312, "= .031"),
        (0.5, "= .500"),
        (0.9997, "> .999"),
        (1.0, "= 1"),
    ],
)
def test_p_is_written_as_in_a_paper(p, words):
    assert page.p_words(p) == words


@pytest.mark.parametrize(("value", "words"), [(3.0, "3"), (0.012345, "0.0123"), (-12.3456, "-12.3"), (573, "573")])
def test_numbers_have_three_digits(value, words):
    assert page.number(value) == words


def test_maps_are_called_what_a_person_calls_them():
    assert page.map_name("contrast-MDDvsHC_seed-RAMY") == "MDDvsHC, RAMY"
    assert page.map_name("contrast-MDDvsHC_seed-Amygdala_L") == "MDDvsHC, Amygdala_L"
    assert page.map_name("map-thickness") == "thickness"
