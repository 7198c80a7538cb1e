"""Targets of stimulation: how far from the clusters, and connected with what?"""

import nibabel
import numpy as np
import pandas as pd

from amygene.imaging.atlas import region_numbers
from amygene.imaging.parcels import transfer
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL
from amygene.meta.connectome import Connectome, Places
from amygene.meta.meanings import TARGETS
from amygene.meta.store import unpack
from amygene.meta.targets import distances, seed_map
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
grid, regions = Brain.from_arrays(read_arrays(source.grid)), read_table(source.regions)
near, seeds = [], {name: np.array([place]) for name, place in params.targets.items()}
for comparison, ale, clusters in zip(params.comparisons, source.ale, source.clusters, strict=True):
    stored, table = unpack(read_arrays(ale)), read_table(clusters)
    table = table[table["p_fwe"] < LEVEL]
    if len(table):
        found = distances(params.targets, grid, stored.found.labels, table)
        found.insert(4, "comparison", comparison)
        near.append(found)
        for cluster in table["cluster"]:
            seeds[f"{comparison} cluster {cluster}"] = grid.xyz(np.argwhere(stored.found.labels == cluster))
columns = ["target", "x", "y", "z", "comparison", "cluster", "distance_peak", "distance_centre", "distance_edge"]
near = pd.concat(near, ignore_index=True) if near else pd.DataFrame(columns=columns)
places = pd.DataFrame([{"target": n, "x": x, "y": y, "z": z} for n, (x, y, z) in params.targets.items()])
circuits = pd.DataFrame(columns=["circuit", "region", "connectivity"])
if source.get("connectome"):
    connectome, own = Connectome.from_arrays(read_arrays(source.connectome)), read_table(source.connectome_regions)
    image = nibabel.load(source.connectome_image)
    numbers = own.set_index("region")["index"].loc[list(connectome.regions)].to_numpy()
    lookup, parts = Places(region_numbers(image), image.affine, numbers), []
    found, distance = lookup.find(places[["x", "y", "z"]].to_numpy(dtype=float))
    places["region"] = [connectome.regions[i] if i >= 0 else None for i in found]
    places["distance"] = distance
    for name, xyz in seeds.items():
        values = pd.Series(seed_map(connectome, lookup.find(xyz)[0]), index=list(connectome.regions))
        if source.connectome_regions != source.regions:
            values = transfer(values, (image, own), (nibabel.load(source.image), regions))
        values = values.reindex(regions["region"])
        parts.append(pd.DataFrame({"circuit": name, "region": regions["region"], "connectivity": values.to_numpy()}))
    circuits = pd.concat(parts, ignore_index=True)
table = places.merge(near.drop(columns=["x", "y", "z"]), on="target", how="left")
common = {"sources": [*source.clusters], "settings": {"targets": {k: list(v) for k, v in params.targets.items()}}}
note = None if len(near) else "no significant cluster to be near to"
write_table(output.table, table, sidecar=output.sidecar, note=note, meanings=TARGETS, **common)
write_table(output.circuits, circuits, sidecar=output.circuits_sidecar, **common)
