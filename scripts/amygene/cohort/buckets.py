"""Deal members to jobs so that a new member touches only the job that it joins.

The address of a member is the hash of its name, read as bits. A bucket is a prefix of addresses: ``b`` holds
everybody, ``b0`` and ``b1`` the halves, and so on. A bucket with too many members is split in two, so a new
member either joins a bucket or splits that one; the others keep their name and their members.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

_BITS = 64


def address(member: str) -> str:
    """The member's 64 bits."""
    digest = hashlib.sha256(member.encode("utf-8", "surrogateescape")).digest()
    return format(int.from_bytes(digest[: _BITS // 8], "big"), f"0{_BITS}b")


def deal(members: Iterable[str], per_bucket: int) -> dict[str, list[str]]:
    """Buckets of at most `per_bucket` members, each in the order of addresses.

    Parameters
    ----------
    members
        Names; duplicates count once.
    per_bucket
        1 gives every member a bucket of its own.

    Returns
    -------
    dict
        Bucket -> members. No members: one empty bucket.
    """
    addressed = sorted((address(m), m) for m in set(members))

    def split(prefix: str, inside: list[tuple[str, str]]) -> dict[str, list[str]]:
        if len(inside) <= per_bucket or len(prefix) == _BITS:
            return {f"b{prefix}": [m for _, m in inside]}
        zeros = [pair for pair in inside if pair[0][len(prefix)] == "0"]
        ones = inside[len(zeros) :]
        return split(prefix + "0", zeros) | split(prefix + "1", ones)

    dealt = split("", addressed)
    return {bucket: inside for bucket, inside in dealt.items() if inside} or {"b": []}


def prefixes(expected: int, per_bucket: int) -> list[str]:
    """Buckets for members that are not known yet: all prefixes of one length.

    Long enough for `per_bucket` members each on average, when about `expected` come.
    """
    depth = max(0, math.ceil(math.log2(max(1, expected) / per_bucket)))
    return [f"b{i:0{depth}b}" if depth else "b" for i in range(2**depth)]


def holds(bucket: str, member: str) -> bool:
    """Whether a member belongs to a bucket."""
    return address(member).startswith(bucket[1:])
