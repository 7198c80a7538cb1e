"""One page with everything, the methods section, and where every number comes from."""

import json
from pathlib import Path

import pandas as pd
import yaml

from amygene.files import replacing, sha256
from amygene.report import page, sections, sentences
from amygene.report.methods_text import methods
from amygene.report.sections import Shown
from amygene.tables import read_table, versions, write_json
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
config, root = params.config, f"results/{snakemake.wildcards.study}/"


def table(file):
    text = dict.fromkeys(("site", "participant_id", "group", "reason", "note"), str)
    return Shown(read_table(file, dtype=text), file.removeprefix(root))


def picture(file):
    return Shown(Path(file).read_bytes(), file.removeprefix(root))


def text(file):
    return Shown(Path(file).read_text(encoding="utf-8"), file.removeprefix(root))


brains = dict(zip(params.shown_maps, zip(source.brains, source.viewers, strict=True), strict=True))
made, found = [], []
if source.cohort:
    participants, excluded, summary = map(table, source.cohort)
    contrasts = config["contrasts"]
    seed = params.group_maps[-1][1]
    found += sentences.cohort(participants.content, excluded.content, contrasts)
    made.append(
        sections.cohort(participants, excluded, summary, table(source.qc), picture(source.quality), contrasts, seed)
    )
if source.roi:
    entries = []
    for i, (contrast, seed) in enumerate(params.group_maps):
        brain, view = brains[f"contrast-{contrast}_seed-{seed}"]
        entries.append(
            {
                "contrast": contrast,
                "seed": seed,
                "roi": table(source.roi[i]),
                "brain": picture(brain),
                "viewer": text(view),
                "effects": picture(source.group_figures[2 * i]),
                "harmonisation": picture(source.group_figures[2 * i + 1]),
            }
        )
    made.append(sections.group(entries, contrasts))
    found += [
        f"{e['contrast']}. {sentences.group(e['roi'].content, contrasts[e['contrast']], e['seed'])}" for e in entries
    ]
if source.loso:
    entries = [
        {
            "contrast": contrast,
            "seed": seed,
            "loso": table(source.loso[i]),
            "figure": picture(source.sites_figures[2 * i]),
            "forest": picture(source.sites_figures[2 * i + 1]),
        }
        for i, (contrast, seed) in enumerate(params.group_maps)
    ]
    made.append(sections.sites(entries))
    found += [f"{e['contrast']}. {sentences.sites(e['loso'].content, e['seed'])}" for e in entries]
if source.genes:
    entries = []
    for i, name in enumerate(params.maps):
        entry = {
            "name": name,
            "map": table(source.maps[i]),
            "genes": table(source.genes[i]),
            "counts": Shown(json.loads(Path(source.counts[i]).read_text()), source.counts[i].removeprefix(root)),
            "components": table(source.components[i]),
            "figure": picture(source.genes_figures[2 * i]),
            "nulls": picture(source.genes_figures[2 * i + 1]),
        }
        if source.multiverse:
            entry["multiverse"] = table(source.multiverse[i])
        if name.startswith("map-"):
            entry |= {"brain": picture(brains[name][0]), "viewer": text(brains[name][1])}
        entries.append(entry)
    calibration = table(source.calibration), picture(source.calibration_figure)
    made.append(sections.genes(entries, table(source.coverage), *calibration))
    found += [sentences.genes(e["genes"].content, e["counts"].content, e["name"]) for e in entries]
if source.sets:
    entries, n = [], len(params.collections)
    for i, file in enumerate(source.sets):
        entry = {
            "name": params.maps[i // n],
            "collection": params.collections[i % n],
            "sets": table(file),
            "bubbles": picture(source.enrichment_figures[2 * i]),
            "network": picture(source.enrichment_figures[2 * i + 1]),
        }
        replicate = file.replace("_sets.tsv", "_gsea.tsv")
        if replicate in source.gsea:
            entry["gsea"] = table(replicate)
        entries.append(entry)
    made.append(sections.enrichment(entries))
    for name in params.maps:
        counted = {e["collection"]: e["sets"].content for e in entries if e["name"] == name}
        found.append(sentences.all_sets(counted, name))

paragraphs, references = methods(config, params.models, versions())
used = {name: params.resources[name] for name in params.used}
files = pd.DataFrame({"file": sorted(set(source) - set(source.templates))})
files["sha256"] = files["file"].map(sha256)
written = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
made += sections.settings(paragraphs, references, written, versions(), used, files)
summary_section = {"id": "summary", "title": "Summary", "question": "", "blocks": [page.points(found)]}
with replacing(snakemake.output.page) as beside:
    beside.write_text(page.render(snakemake.wildcards.study, [summary_section, *made]), encoding="utf-8")
with replacing(snakemake.output.methods) as beside:
    listed = "\n".join(f"{i}. {reference}" for i, reference in enumerate(references, 1))
    beside.write_text(
        "# Methods\n\n" + "\n\n".join(paragraphs) + "\n\n## References\n\n" + listed + "\n", encoding="utf-8"
    )
write_json(
    snakemake.output.provenance,
    {
        "study": snakemake.wildcards.study,
        "config": config,
        "versions": versions(),
        "resources": {name: {k: v for k, v in entry.items() if k != "files"} for name, entry in used.items()},
        "files": dict(zip(files["file"], files["sha256"], strict=True)),
    },
)
