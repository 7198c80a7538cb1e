# What several stages need: the checked config, who the subjects are, which code a script uses, the lock.
# No script reads `config`: settings reach scripts as named params, so that an edit reruns
# exactly the jobs that use them.

import csv
import os
import re
from dataclasses import asdict
from pathlib import Path

from snakemake.exceptions import WorkflowError

import snakemake_patch
import used_code
from amygene import settings
from amygene.cohort import buckets, roster
from amygene.cohort.choices import FORMATS
from amygene.cohort.settings import timepoints_of
from amygene.imaging.seeds import known_sets, need_images, seed_definition, seed_sets
from amygene.imaging.settings import image_problems
from amygene.io.files import replacing
from amygene.io.problems import InputError, raise_if_any
from amygene.io.resources import link_resources
from amygene.io.repeated_keys import repeated_keys
from amygene.response import voxel_plan

snakemake_patch.apply(logger)

# where files of the workflow itself are: of a study elsewhere behind a link, so that a clone that moves reruns nothing
OWN_FILES = Path() if WORKFLOW.samefile(".") else Path(".snakemake/amygene")
if OWN_FILES.resolve() != WORKFLOW:
    with replacing(OWN_FILES) as beside:
        beside.symlink_to(WORKFLOW)

SCHEMA = settings.read_schema(workflow.source_path("../config/schemas/config.schema.yaml"))
try:
    if shared := os.environ.get("AMYGENE_RESOURCES"):
        link_resources(shared, "resources")
    raise_if_any(repeated_keys(workflow.configfiles))
    config = settings.complete(config, SCHEMA)
    ROSTER = roster.read(config["cohort"], f"results/{config['study']}/cohort")
    if ROSTER.images:
        raise_if_any(image_problems(config))
        if "response" in config["stages"]:
            times = timepoints_of(config["cohort"])
            raise_if_any(voxel_plan.problems(config["response"], times, ROSTER.sessions))
except InputError as error:
    raise WorkflowError(str(error)) from None

STUDY = config["study"]
COHORT = config["cohort"]
FORMAT = FORMATS[COHORT["format"]]
JOBS = config["jobs"]
ATLAS = config["atlas"] if isinstance(config["atlas"], str) else config["atlas"]["name"]
CONTRASTS = config["contrasts"] if FORMAT.has_participants else {}

# participants come with images (then maps of voxels are made, and averaged over regions), or with series of regions
IMAGES = ROSTER.images
SESSIONS = list(ROSTER.sessions)
SPACE = COHORT.get("space", FORMAT.space)

with open(workflow.source_path("../config/seeds.tsv")) as stream:
    seed_table = list(csv.DictReader(stream, delimiter="\t"))
own_seeds = {s["name"]: s for s in config["seeds"] if isinstance(s, dict)}
SEED_DEFINITIONS = {
    name: seed_definition(
        name,
        ATLAS,
        seed_table,
        own_seeds,
        config["connectivity"]["seed_weighting"],
        config["connectivity"]["seed_threshold"],
    )
    for name in [s["name"] if isinstance(s, dict) else s for s in config["seeds"]]
}
if not IMAGES and need_images(SEED_DEFINITIONS):
    raise WorkflowError(str(InputError(need_images(SEED_DEFINITIONS))))
# seed -> the regions it consists of; none if it is made of something else
SEEDS = {name: definition.get("regions", []) for name, definition in SEED_DEFINITIONS.items()}

# seeds on images in sets that share one reading of the images; those that earlier runs made stay as they are, and
# a new seed makes a set of its own
SEED_SETS = seed_sets(SEED_DEFINITIONS, known_sets(f"results/{STUDY}/connectivity/voxel/parts")) if IMAGES else {}

# subjects in buckets by hash of the name, so that a new one reruns only the job that it joins
BUCKETS = (
    buckets.deal(ROSTER.files, JOBS["images_per_job" if IMAGES else "subjects_per_job"])
    if ROSTER.known
    else {b: None for b in buckets.prefixes(ROSTER.expected, JOBS["subjects_per_job"])}
)
# what the connectivity of a seed with regions is dealt to: of images, maps are averaged over regions in one job
SEED_PARTS = ["images"] if IMAGES else list(BUCKETS)

# what `genes` and `enrichment` are asked about: group maps of the cohort, and maps of one's own
GROUP_MAPS = [f"contrast-{contrast}_seed-{seed}" for contrast in CONTRASTS for seed in SEEDS]
OWN_MAPS = [f"map-{name}" for name in config["maps"]]
# where effects converge, of every comparison of the meta-analysis, at regions and in networks
META = config["meta"]
META_KINDS = ["ale", *(["network"] if "connectome" in META else [])] if "meta" in config["stages"] else []
META_MAPS = [f"meta-{kind}_comparison-{c}" for kind in META_KINDS for c in META["comparisons"]]
MAPS = GROUP_MAPS + OWN_MAPS + [m for m in META_MAPS if m.split("_")[0].removeprefix("meta-") in META["genes"]]

# what the page shows: every stage adds its parts, in the order of the includes; and the files whose licences and
# citations are shown
PARTS = []
USED_FILES = []


wildcard_constraints:
    study=re.escape(STUDY),
    atlas=re.escape(ATLAS),
    seed="|".join(map(re.escape, SEEDS)) or "none",
    contrast="|".join(map(re.escape, CONTRASTS)) or "none",
    map="|".join(map(re.escape, dict.fromkeys(MAPS + META_MAPS))) or "none",
    comparison="|".join(map(re.escape, META["comparisons"])),
    subgroup="|".join(map(re.escape, ["all", *META["subgroups"]])),
    bucket="b[01]*",
    space=re.escape(SPACE),
    # of further sessions in a file's name: empty, or "ses-2_"
    later="(?:" + "|".join(re.escape(f"ses-{session}_") for session in SESSIONS[1:]) + ")?",
    seed_set="[0-9a-f]+",
    shard="[0-9]+",
    chunk="[0-9]+",


def code(script, own=False, chosen=()):
    """Hash of the project's modules that a script uses; as a param it counts (see scripts/used_code.py).

    `chosen` are the choices of registries whose functions it loads (amygene.io.choices).
    """
    return used_code.fingerprint(SCRIPTS, script, own, tuple(choice.module for choice in chosen if choice.module))


def shipped(file):
    """A file of the workflow itself, wherever Snakemake starts: inside the clone as it is named, else by a link."""
    return str(OWN_FILES / file)


def given_or_shipped(file):
    """A file that the config names; one of config/ that is not in the folder where Snakemake starts is the workflow's."""
    lacking = file.startswith("config/") and not os.path.exists(file)
    return shipped(file) if lacking and os.path.isfile(shipped(file)) else file


def per_attempt(amount):
    """Memory (MB) or time (minutes) of a job, and as much again each time it is tried again.

    A log ends with the memory that its job took. On a cluster the two Snakemakes above a job take 230 MB more.
    """
    return lambda wildcards, attempt: amount * attempt


def members_scans(wildcards):
    """Scans of a bucket, as plain values."""
    return {p: [asdict(scan) for scan in ROSTER.scans[p]] for p in BUCKETS.get(wildcards.bucket, [])}


def existing_scans(*kinds):
    """For an input: files of those kinds (bold, mask, confounds) of a bucket that are there."""

    def files(wildcards):
        if FORMAT.made:
            return []  # made by a rule of their own
        named = [scan[kind] for scans in members_scans(wildcards).values() for scan in scans for kind in kinds]
        return [f for f in dict.fromkeys(named) if os.path.isfile(f)]

    return files


def family(wildcards):
    """Seeds whose regions are one family of tests, this one first."""
    others = [s for s in SEEDS if s != wildcards.seed] if config["group"]["family"] == "contrast" else []
    return [wildcards.seed, *others]


def map_source(wildcards):
    """Where the values of a map stand."""
    if wildcards.map in OWN_MAPS:
        own = config["maps"][wildcards.map.removeprefix("map-")]
        return {"image": own["image"], "atlas_image": ATLAS_IMAGE} if "image" in own else {"table": own["table"]}
    if wildcards.map in META_MAPS:
        return {"table": f"results/{wildcards.study}/meta/{wildcards.map}_atlas-{wildcards.atlas}_map.tsv"}
    return {"table": f"results/{wildcards.study}/group/{wildcards.map}_atlas-{wildcards.atlas}_stat-t_roi.tsv"}


def map_columns(wildcards):
    """Which columns of the table name the regions and hold the values."""
    made = {"region": "region", "value": "value" if wildcards.map in META_MAPS else "t"}
    own = config["maps"].get(wildcards.map.removeprefix("map-"), made)
    return {k: own[k] for k in ("region", "value")}


def set_of(seed):
    """The set that a seed is computed with."""
    return next(
        (name for name, seeds in SEED_SETS.items() if seeds.get(seed) == SEED_DEFINITIONS[seed]),
        "none",
    )
