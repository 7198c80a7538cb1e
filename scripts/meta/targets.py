"""Targets of stimulation: how far from the clusters, and connected with what?"""

import nibabel
import pandas as pd

from amygene.imaging.atlas import region_numbers
from amygene.imaging.parcels import transfer
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL
from amygene.meta.columns import TARGETS
from amygene.meta.connectome import Connectome, Places
from amygene.meta.store import unpack
from amygene.meta.targets import circuit_table, near_clusters, seed_map, seed_places
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
grid, regions = Brain.from_arrays(read_arrays(source.grid)), read_table(source.regions)
analyses = {}
for comparison, ale, clusters in zip(params.comparisons, source.ale, source.clusters, strict=True):
    stored, table = unpack(read_arrays(ale)), read_table(clusters)
    table = table[table["p_fwe"] < LEVEL]
    if len(table):
        analyses[comparison] = stored.labels, table
near = near_clusters(params.targets, grid, analyses)
places = pd.DataFrame([{"target": n, "x": x, "y": y, "z": z} for n, (x, y, z) in params.targets.items()])
circuits = pd.DataFrame(columns=["circuit", "region", "connectivity"])
if source.get("connectome"):
    connectome, own = Connectome.from_arrays(read_arrays(source.connectome)), read_table(source.connectome_regions)
    image = nibabel.load(source.connectome_image)
    numbers = own.set_index("region")["index"].loc[list(connectome.regions)].to_numpy()
    lookup = Places(region_numbers(image), image.affine, numbers)
    found, distance = lookup.find(places[["x", "y", "z"]].to_numpy(dtype=float))
    places["region"] = [connectome.regions[i] if i >= 0 else None for i in found]
    places["distance"] = distance
    maps = {
        name: pd.Series(seed_map(connectome, lookup.find(xyz)[0]), index=list(connectome.regions))
        for name, xyz in seed_places(params.targets, grid, analyses).items()
    }
    if source.connectome_regions != source.regions:
        atlases = (image, own), (nibabel.load(source.image), regions)
        maps = {name: transfer(values, *atlases) for name, values in maps.items()}
    circuits = circuit_table(maps, regions["region"].tolist())
table = places.merge(near.drop(columns=["x", "y", "z"]), on="target", how="left")
common: dict = {"sources": [*source.clusters], "settings": {"targets": {k: list(v) for k, v in params.targets.items()}}}
note = None if len(near) else "no significant cluster to be near to"
write_table(output.table, table, sidecar=output.sidecar, note=note, meanings=TARGETS, **common)
write_table(output.circuits, circuits, sidecar=output.circuits_sidecar, **common)
