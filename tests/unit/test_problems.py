"""Problems are collected and told in one message."""

from __future__ import annotations

import pytest

from amygene.io.problems import InputError, raise_if_any, some


def test_one_problem_is_counted_and_told():
    error = InputError("sheet.tsv: no such file")
    assert error.problems == ["sheet.tsv: no such file"]
    assert str(error) == "1 problem in the input:\n  - sheet.tsv: no such file"


def test_all_problems_stand_in_one_message():
    with pytest.raises(InputError) as caught:
        raise_if_any(["first", "second", "third"])
    assert str(caught.value).splitlines() == ["3 problems in the input:", "  - first", "  - second", "  - third"]


def test_nothing_is_raised_without_problems():
    raise_if_any([])


def test_a_user_error_is_a_value_error_for_callers_of_the_library():
    assert issubclass(InputError, ValueError)


@pytest.mark.parametrize(
    ("values", "limit", "expected"),
    [
        ([], 8, ""),
        (["a"], 8, "a"),
        (range(3), 3, "0, 1, 2"),
        (range(10), 8, "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"),
        ((letter for letter in "abc"), 1, "a and 2 more"),
    ],
)
def test_a_long_list_is_cut_and_the_rest_counted(values, limit, expected):
    assert some(values, limit) == expected
