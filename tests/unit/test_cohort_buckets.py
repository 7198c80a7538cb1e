"""Members are dealt to jobs so that a new member touches only the job that it joins or splits."""

from __future__ import annotations

import hashlib
from math import ceil, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amygene.cohort.buckets import address, deal, holds, prefixes

# names as people give them, and bytes that are no text
names = st.sets(st.text(min_size=1, max_size=12), max_size=40)
sizes = st.integers(1, 12)
#: no deadline: machines that run tests are busy
few = settings(max_examples=50, deadline=None)


def test_an_address_is_the_first_64_bits_of_sha256():
    assert address("sub-01") == f"{int(hashlib.sha256(b'sub-01').hexdigest()[:16], 16):064b}"


def test_a_name_that_is_no_text_has_an_address():
    # how Python decodes a file name in another encoding
    assert len(address("sub-\udce4")) == 64


@few
@given(names, sizes)
def test_every_member_is_in_exactly_one_bucket(members, per_bucket):
    dealt = deal(members, per_bucket)
    assert sorted(m for inside in dealt.values() for m in inside) == sorted(members)


@few
@given(names, sizes)
def test_no_bucket_is_too_large_and_none_is_empty(members, per_bucket):
    dealt = deal(members, per_bucket)
    assert all(1 <= len(inside) <= per_bucket for inside in dealt.values()) or dealt == {"b": []}


@few
@given(names)
def test_one_per_bucket_gives_singletons(members):
    dealt = deal(members, 1)
    assert len(dealt) == max(1, len(members))


@few
@given(names, sizes)
def test_the_order_of_the_members_and_duplicates_do_not_matter(members, per_bucket):
    listed = sorted(members)
    assert deal(listed, per_bucket) == deal(reversed(listed + listed), per_bucket)


@few
@given(names.filter(bool), sizes)
def test_holds_agrees_with_the_dealing(members, per_bucket):
    for bucket, inside in deal(members, per_bucket).items():
        assert [m for m in sorted(members, key=address) if holds(bucket, m)] == inside


@few
@given(names, st.text(min_size=1, max_size=12), sizes)
def test_a_new_member_changes_only_the_bucket_that_it_joins_or_splits(members, new, per_bucket):
    before, after = deal(members, per_bucket), deal(members | {new}, per_bucket)
    changed = [inside for bucket, inside in before.items() if after.get(bucket) != inside]
    # at most one bucket is another, and it is the one whose neighbourhood the new member belongs to
    assert len(changed) <= 1
    unchanged = {m for bucket, inside in before.items() if after.get(bucket) == inside for m in inside}
    moved = {m for bucket, inside in after.items() if before.get(bucket) != inside for m in inside}
    assert moved == (members | {new}) - unchanged
    assert len(moved) <= per_bucket + 1


@few
@given(names.filter(lambda n: len(n) > 1), sizes)
def test_without_a_member_the_others_keep_their_company(members, per_bucket):
    gone = min(members)
    before, after = deal(members, per_bucket), deal(members - {gone}, per_bucket)
    lost = {bucket for bucket, inside in before.items() if gone in inside}
    for bucket, inside in before.items():
        if bucket not in lost:
            # its bucket is as it was, or was merged with the rest of the bucket that became small enough
            assert any(set(inside) <= set(others) for others in after.values())


@few
@given(st.integers(1, 3000), st.integers(1, 100))
def test_buckets_planned_blindly_hold_every_name_once(expected, per_bucket):
    planned = prefixes(expected, per_bucket)
    for name in ("sub-1", "NYU", "", "ö"):
        assert sum(holds(bucket, name) for bucket in planned) == 1
    assert expected / len(planned) <= per_bucket
    assert len(planned) == 2 ** max(0, ceil(log2(expected / per_bucket)))


@pytest.mark.parametrize(("expected", "per_bucket", "count"), [(1112, 50, 32), (20, 1, 32), (1, 1, 1), (0, 50, 1)])
def test_numbers_of_planned_buckets(expected, per_bucket, count):
    assert len(set(prefixes(expected, per_bucket))) == count
