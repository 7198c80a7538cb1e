"""Methods of treatment response on maps; their parts of the page are those of `group_voxels`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.report.sections.group_voxels import how_counted


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How maps before and after treatment were tested."""
    if "response" not in config["stages"]:
        return []
    asked, voxel = config["response"], config["group"]["voxel"]
    tests = []
    family = "the share of draws that have as small a p in any of them [{westfall}]"
    if voxel["draws"] != "plain":
        family = "corrected by Bonferroni's method"
    if asked["changes"]:
        tests.append(
            "Every effect of group x time was a test of one map per participant, against the error of its stratum: group x time compares the participants' maps of change between "
            "two groups, the main effect of group their mean maps, and change within a group tests its mean map of change, at unchanged motion and at the group's mean of other covariates. "
            "Of more than two sessions every two were compared, and their linear trend was tested by the participants' slopes; of more than two groups every two were compared. Family-wise p are then "
            f"over all tests of an effect: {family}. "
            "Participants who lack one of the maps of a test take no part in it. Under the null hypothesis participants change places as whole blocks (group x time, group), or sessions change places within "
            "the participant, which flips the sign of the map of change (time) [{blocks}]."
        )
    if asked["associations"]:
        tests.append(
            "Outcomes were regressors on maps of connectivity at baseline or of its change; t is that of the partial correlation given the covariates, and participants' residuals change places."
        )
    if asked["normalisation"]:
        tests.append(
            "Patients at every time were compared with controls, who count at that time or else at baseline; in every voxel two one-sided tests [{tost}] ask whether the difference is smaller than "
            "the margin. Clusters that differ at baseline (family-wise p < .05 by size or mass, or else by score) were followed by their mean connectivity: normalised is one whose difference is shown "
            "to be smaller than the margin."
        )
    if not tests:
        return []
    return [
        f"Treatment response in voxels. {' '.join(tests)} Residuals of the reduced model were drawn {config['permutations']['voxels']} times [{{fl}},{{winkler}}]; of every draw the largest absolute t, "
        f"size and mass of a cluster (one-sided p < {voxel['cluster_p']:g} in either direction, {voxel['connectivity']} neighbours) and threshold-free cluster enhancement [{{tfce}}] (E = .5, H = 2) were "
        f"kept. Family-wise p are two-sided, {how_counted(voxel)}."
    ]
