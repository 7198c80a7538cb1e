"""Download Neurosynth through NiMARE."""

import shutil
import tempfile
from pathlib import Path

from nimare.extract import fetch_neurosynth

from amygene.io.problems import InputError
from job import start

start(snakemake.log[0])
with tempfile.TemporaryDirectory() as room:
    try:
        fetch_neurosynth(data_dir=room, version="7", return_type="files", source="abstract", vocab="terms")
    except Exception as error:  # whatever the network or the server says, a user must know what to do
        raise InputError(
            f"Neurosynth could not be downloaded ({type(error).__name__}: {error}); put its files into a folder by "
            "hand and name it as meta.database.folder"
        ) from error
    shutil.copytree(Path(room), snakemake.output[0], dirs_exist_ok=True)
