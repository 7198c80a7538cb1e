# What several stages need: the checked config, who the subjects are, which code a script uses, the lock.
# No script reads `config`: settings reach scripts as named params, so that an edit reruns
# exactly the jobs that use them.

import csv
import fcntl
import json
import math
import os
import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import yaml
from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError

import used_code
from amygene import settings
from amygene.cohort import buckets, roster, simulated_scans
from amygene.cohort.choices import FORMATS
from amygene.cohort.settings import numbers_of_sessions, timepoints_of
from amygene.expression import ahba, multiverse
from amygene.group.regions import settings_of
from amygene.imaging.seeds import known_sets, need_images, seed_definition, seed_sets
from amygene.imaging.settings import image_problems
from amygene.io.problems import InputError, raise_if_any
from amygene.io.repeated_keys import repeated_keys
from amygene.meta import plan
from amygene.prediction import designs
from amygene.response import voxel_plan
from amygene.stats import permutation

SCHEMA = settings.read_schema(workflow.source_path("../config/schemas/config.schema.yaml"))
try:
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

# subjects and sites in buckets by hash of the name, so that a new one reruns only the job that it joins
BUCKETS = (
    buckets.deal(ROSTER.files, JOBS["images_per_job" if IMAGES else "subjects_per_job"])
    if ROSTER.known
    else {b: None for b in buckets.prefixes(ROSTER.expected, JOBS["subjects_per_job"])}
)
# what the connectivity of a seed with regions is dealt to: of images, maps are averaged over regions in one job
SEED_PARTS = ["images"] if IMAGES else list(BUCKETS)
SITE_BUCKETS = (
    buckets.deal(ROSTER.sites, JOBS["sites_per_job"])
    if ROSTER.known
    else {b: None for b in buckets.prefixes(ROSTER.expected_sites, JOBS["sites_per_job"])}
)

# what `genes` and `enrichment` are asked about: group maps of the cohort, and maps of one's own
GROUP_MAPS = [f"contrast-{contrast}_seed-{seed}" for contrast in CONTRASTS for seed in SEEDS]
OWN_MAPS = [f"map-{name}" for name in config["maps"]]
# where effects converge, of every comparison of the meta-analysis, at regions and in networks
META = config["meta"]
META_KINDS = ["ale", *(["network"] if "connectome" in META else [])] if "meta" in config["stages"] else []
META_MAPS = [f"meta-{kind}_comparison-{c}" for kind in META_KINDS for c in META["comparisons"]]
MAPS = GROUP_MAPS + OWN_MAPS + [m for m in META_MAPS if m.split("_")[0].removeprefix("meta-") in META["genes"]]


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


class NotAncient(dict):
    """Jobs that depend on others, without those that depend on them through ancient() only."""

    def __missing__(self, job):
        return {
            other: files
            for other, files in self.depending[job].items()
            if not all(f.is_ancient and os.path.exists(f) for f in files)
        }


def bfs(dag, direction, *jobs, plain=DAG.bfs, **options):
    """Snakemake's walk through the jobs, which ends at ancient() files on its way down.

    Snakemake 9 looks for no reasons of its own in a job that stands below one that is rerun, not even across ancient(),
    where those are all it can have (snakemake issue 4166). Without this an edited seed would rerun the look-up of its
    regions and nothing else.
    """
    if direction is dag.depending:
        direction = NotAncient()
        direction.depending = dag.depending
    return plain(dag, direction, *jobs, **options)


DAG.bfs = bfs


def code(script, own=False, chosen=()):
    """Hash of the project's modules that a script uses; as a param it counts (see scripts/used_code.py).

    `chosen` are the choices of registries whose functions it loads (amygene.io.choices).
    """
    return used_code.fingerprint(SCRIPTS, script, own, tuple(choice.module for choice in chosen if choice.module))


def per_attempt(amount):
    """Memory (MB) or time (minutes) of a job, and as much again each time it is tried again.

    A log ends with the memory that its job took. On a cluster the two Snakemakes above a job take 230 MB more.
    """
    return lambda wildcards, attempt: amount * attempt


def existing_series(wildcards):
    """Files of a bucket that are there; the stage tells about those that are not, all at once."""
    if IMAGES or FORMAT.made:
        return []  # made by a rule of their own
    return [f for f in map(ROSTER.files.get, BUCKETS.get(wildcards.bucket, [])) if os.path.isfile(f)]


def existing_sessions(wildcards):
    """Files of all sessions of a bucket that are there."""
    if FORMAT.made:
        return []
    units = [file for p in BUCKETS.get(wildcards.bucket, []) for file in ROSTER.units.get(p, {}).values()]
    return [f for f in units if os.path.isfile(f)]


def members_scans(wildcards):
    """Scans of a bucket, as plain values."""
    return {p: [asdict(scan) for scan in ROSTER.scans[p]] for p in BUCKETS.get(wildcards.bucket, [])}


def members_images(wildcards):
    """The same without what only cleaning needs."""
    needed = ("session", "run", "bold", "mask")
    return {p: [{k: scan[k] for k in needed} for scan in own] for p, own in members_scans(wildcards).items()}


def existing_scans(*kinds):
    """For an input: files of those kinds (bold, mask, confounds) of a bucket that are there."""

    def files(wildcards):
        if FORMAT.made:
            return []  # made by a rule of their own
        named = [scan[kind] for scans in members_scans(wildcards).values() for scan in scans for kind in kinds]
        return [f for f in dict.fromkeys(named) if os.path.isfile(f)]

    return files


def donor_files(wildcards):
    """Files of a variant's donors; of one's own folder those that are there, the job tells about the others."""
    folders = [ahba.donor_folder(donor) for donor in VARIANTS[wildcards.variant]["donors"]]
    files = [f"{DONORS_FOLDER}/{folder}/{file}" for folder in folders for file in ahba.FILES]
    return [f for f in files if os.path.isfile(f)] if "donors_folder" in EXPRESSION else files


def family(wildcards):
    """Seeds whose regions are one family of tests, this one first."""
    others = [s for s in SEEDS if s != wildcards.seed] if config["group"]["family"] == "contrast" else []
    return [wildcards.seed, *others]


def second_study(wildcards):
    """Files of the study that the prediction is tested on: its participants, and its connectivity of every seed."""
    external = config["prediction"].get("external")
    if external is None:
        return []
    connectivity = "results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet"
    return [
        f"results/{external['study']}/cohort/participants.tsv",
        *expand(connectivity, study=external["study"], seed=SEEDS, atlas=wildcards.atlas),
    ]


def map_source(wildcards):
    """Where the values of a map stand."""
    if wildcards.map in OWN_MAPS:
        own = config["maps"][wildcards.map.removeprefix("map-")]
        return {"image": own["image"], "atlas_image": ATLAS_IMAGE} if "image" in own else {"table": own["table"]}
    if wildcards.map in META_MAPS:
        return {"table": f"results/{wildcards.study}/meta/{wildcards.map}_atlas-{wildcards.atlas}_map.tsv"}
    return {"table": f"results/{wildcards.study}/group/{wildcards.map}_atlas-{wildcards.atlas}_stat-t_roi.tsv"}


def relabeled_groups(wildcards):
    """For the map of a contrast the maps that its groups give when they are relabeled, and its regions."""
    if wildcards.map in OWN_MAPS or wildcards.map in META_MAPS:
        return {}
    stem = f"results/{wildcards.study}/group/shards/{wildcards.map}_atlas-{wildcards.atlas}"
    return {"comparison": f"{stem}_comparison.npz", "shards": [f"{stem}_from-{shard}.npz" for shard in SHARDS]}


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


def has_effects(file):
    """Whether a table of findings has a column of effect sizes; one that is not there is told about by its job."""
    if not os.path.isfile(file):
        return False
    with open(file, encoding="utf-8-sig", errors="replace") as stream:
        return "effect_size" in [name.strip('" \n') for name in re.split("[,\\t]", stream.readline())]


def receptor_images(wildcards):
    """Images of receptors that are there; the job tells about those that are not."""
    if "neuromaps" in RECEPTORS:
        return [f"resources/neuromaps/{receptor}" for receptor in RECEPTORS["neuromaps"]]
    if "folder" in RECEPTORS:
        return sorted(str(p) for p in Path(RECEPTORS["folder"]).glob("*.nii*"))
    return []


def session_maps(wildcards, ending, sessions=None):
    """Files of all maps of a seed ("npy" or "json"), of some sessions; left out, those that the analysis takes."""
    return [
        f"results/{wildcards.study}/connectivity/voxel/{'' if session == SESSIONS[0] else f'ses-{session}_'}"
        f"seed-{wildcards.seed}_space-{wildcards.space}_stat-fisherz_group.{ending}"
        for session in sessions or VOXEL_ANALYSES[wildcards.analysis]["sessions"]
    ]


def times_compared(wildcards):
    """When patients are compared with controls, the baseline first."""
    return voxel_plan.compared_times(NORMALISATION[wildcards.normalisation], SCANNED)


def of_times_compared(wildcards, pattern):
    """Files of the maps of patients against controls, one per time."""
    tests = [f"normalisation-{wildcards.normalisation}_timepoint-{time}" for time in times_compared(wildcards)]
    return expand(pattern, analysis=tests, **dict(wildcards.items()))


def response_model(wildcards):
    """Settings of an analysis of maps, as its method takes them."""
    analysis = VOXEL_ANALYSES[wildcards.analysis]
    if analysis["kind"] == "change":
        own = CHANGE_MODELS[analysis["name"]] | {"timepoints": analysis["sessions"]}
        if len(analysis["levels"]) == 2 and "variable" in own["groups"]:
            own["groups"] = own["groups"] | {"levels": analysis["levels"]}
        return own
    entries = NORMALISATION if analysis["kind"] == "normalisation" else ASSOCIATIONS
    # the margin concerns no draw
    own = {k: v for k, v in entries[analysis["name"]].items() if k not in ("timepoints", "margin")}
    when = {"baseline": SCANNED[0]} if analysis["kind"] == "normalisation" else {"order": TIMEPOINTS}
    return {**when, "settings": own, "categorical": COHORT["categorical"]}


def tests_with(wildcards):
    """Tests of maps that the family-wise p of one are over, if it is not alone."""
    tests = VOXEL_ANALYSES[wildcards.analysis]["family"]
    return tests if len(tests) > 1 else []


def tissue_files(wildcards):
    """Files of all tissues that are there or are made; the job tells about the others."""
    return [f for f in TISSUE_FILES if SIMULATED_TISSUES or os.path.isfile(f)]


# the lock of this process, kept open until it ends
HELD = []


def take_lock():
    """Hold the study while this process lives: the kernel frees it however the process ends."""
    path = Path(f"results/{STUDY}/.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = open(path, "a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.seek(0)
        raise WorkflowError(
            f"Another run of study {STUDY} is at work in this folder (process {stream.read().strip() or 'unknown'}); "
            "wait for it or stop it."
        ) from None
    except OSError as error:
        logger.warning(f"This disk knows no locks ({error}): see to it that study {STUDY} runs only once at a time.")
        return stream
    stream.truncate(0)
    stream.write(str(os.getpid()))
    stream.flush()
    return stream


def wait_for_orphans():
    """Let jobs end that outlived an earlier run which was killed: they would write their results over new ones.

    A job shares the lock of the folder of its log while it lives (scripts/job.py).
    """
    for logs in map(Path, (f"results/{STUDY}/logs", "resources/logs")):
        logs.mkdir(parents=True, exist_ok=True)
        with open(logs / ".jobs", "a+") as stream, suppress(OSError):
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logger.info(f"Waiting for jobs that another run left at work in {logs.parent} ...")
                fcntl.flock(stream, fcntl.LOCK_EX)


onstart:
    HELD.append(take_lock())
    wait_for_orphans()
