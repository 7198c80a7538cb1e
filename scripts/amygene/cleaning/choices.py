"""Strategies against confounds: what is regressed out of images."""

from __future__ import annotations

from amygene.io.choices import Choice, Registry

STRATEGIES: Registry[Choice] = Registry(
    "cleaning.strategy",
    Choice("none", "", "no confounds", "no confounds", meaning="nothing"),
    Choice(
        "24P",
        "amygene.cleaning.confounds:motion",
        "24 motion parameters",
        "24 head-motion parameters (six parameters, their derivatives, and the squares of both) [{satterthwaite}]",
        "satterthwaite",
        "six motion parameters with derivatives and squares",
    ),
    Choice(
        "24P+WM/CSF",
        "amygene.cleaning.confounds:motion_and_tissues",
        "24 motion parameters, WM, CSF",
        "24 head-motion parameters and the mean signals of white matter and cerebrospinal fluid [{satterthwaite}]",
        "satterthwaite",
        "also the signals of white matter and cerebrospinal fluid",
    ),
    Choice(
        "24P+WM/CSF+GSR",
        "amygene.cleaning.confounds:motion_tissues_and_global",
        "24 motion parameters, WM, CSF, global signal",
        "24 head-motion parameters and the mean signals of white matter, cerebrospinal fluid and the whole brain "
        "(global signal regression) [{satterthwaite}]",
        "satterthwaite",
        "also the global signal",
    ),
    Choice(
        "aCompCor",
        "amygene.cleaning.confounds:compcor",
        "24 motion parameters, aCompCor",
        "24 head-motion parameters and the first five components each of white matter and cerebrospinal fluid "
        "(aCompCor) [{compcor}]",
        "compcor",
        "24P with five components of each tissue and slow cosines",
    ),
)
