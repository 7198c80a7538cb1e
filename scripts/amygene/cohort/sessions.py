"""Names of scans of a cohort that was seen more than once."""

from __future__ import annotations


def unit(participant: str, session: str) -> str:
    """Name of one scan of a participant."""
    return f"{participant}_ses-{session.removeprefix('ses-')}"
