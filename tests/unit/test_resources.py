"""Files inside packages: fetched from an index (here a folder), compared with their hash, taken out."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile

import pytest

from amygene.io.problems import InputError
from amygene.io.resources import check_hash, fetch_artifact, link_resources, unpack_member

CONTENT = b"region,A1BG\n" + bytes(range(256)) * 100
WHEEL, SDIST = "tiny_data-1.0-py3-none-any.whl", "tiny_data-1.0.tar.gz"
METADATA = "Metadata-Version: 2.1\nName: tiny-data\nVersion: 1.0\n"


def make_wheel(path, content=CONTENT):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/data/x.csv", content)
        archive.writestr("tiny_data-1.0.dist-info/METADATA", METADATA)
        archive.writestr(
            "tiny_data-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_data-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_sdist(path):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("tiny-1.0/tiny/x.csv", CONTENT), ("tiny-1.0/PKG-INFO", METADATA.encode())):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        folder = tarfile.TarInfo("tiny-1.0/tiny")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes for the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(folder)), ("CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def problem(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    (only,) = caught.value.problems
    return only


# fetching


def test_a_package_is_fetched_as_it_is_published(index, tmp_path):
    expected = make_wheel(index / WHEEL)
    target = tmp_path / "artifacts" / WHEEL
    fetch_artifact("tiny-data", "1.0", expected, target)
    assert target.read_bytes() == (index / WHEEL).read_bytes()
    assert [f.name for f in target.parent.iterdir()] == [WHEEL]


@pytest.mark.parametrize("what", ["absent", "another"])
def test_nothing_is_put_there_unless_it_is_what_it_should_be(index, tmp_path, what):
    expected = make_wheel(tmp_path / "published.whl")
    if what == "another":
        make_wheel(index / WHEEL, b"not what was published")
    target = tmp_path / "artifacts" / WHEEL
    told = problem(fetch_artifact, "tiny-data", "1.0", expected, target)
    assert told.startswith(
        f"tiny-data 1.0 could not be fetched from the package index; put the file {WHEEL} (sha256 {expected}) into "
        f"{target.parent} by hand if this machine has no access. pip says:\n"
    )
    assert {"absent": "No matching distribution found", "another": "DO NOT MATCH THE HASHES"}[what] in told
    assert not target.exists()


def test_a_file_with_another_hash_is_refused(tmp_path):
    (tmp_path / "x.whl").write_bytes(CONTENT)
    right = hashlib.sha256(CONTENT).hexdigest()
    check_hash(tmp_path / "x.whl", right)
    assert problem(check_hash, tmp_path / "x.whl", "0" * 64) == (
        f"{tmp_path / 'x.whl'}: its sha256 is {right}, expected {'0' * 64}; delete it and run again"
    )


# taking out


@pytest.mark.parametrize(
    ("make", "artifact", "member"),
    [(make_wheel, WHEEL, "tiny/data/x.csv"), (make_sdist, SDIST, "tiny-1.0/tiny/x.csv")],
    ids=["wheel", "sdist"],
)
def test_a_member_comes_out_byte_for_byte_and_nothing_else_does(tmp_path, make, artifact, member):
    make(tmp_path / artifact)
    target = tmp_path / "resources" / "tiny" / "x.csv"
    unpack_member(tmp_path / artifact, member, target)
    assert target.read_bytes() == CONTENT
    assert [f.name for f in target.parent.iterdir()] == ["x.csv"]


@pytest.mark.parametrize(
    ("make", "artifact", "member"),
    [
        (make_wheel, WHEEL, "tiny/data/y.csv"),
        (make_sdist, SDIST, "tiny-1.0/y.csv"),
        (make_sdist, SDIST, "tiny-1.0/tiny"),  # a folder
    ],
)
def test_a_member_that_is_no_file_is_told(tmp_path, make, artifact, member):
    make(tmp_path / artifact)
    assert problem(unpack_member, tmp_path / artifact, member, tmp_path / "out.csv") == (
        f"{tmp_path / artifact}: has no file {member}"
    )
    assert not (tmp_path / "out.csv").exists()


def test_a_member_that_points_outside_is_written_to_the_target_only(tmp_path):
    path = tmp_path / "inner" / "evil.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.txt", "out")
    unpack_member(path, "../evil.txt", tmp_path / "inner" / "target.txt")
    assert (tmp_path / "inner" / "target.txt").read_text() == "out"
    assert sorted(f.name for f in tmp_path.rglob("*") if f.is_file()) == ["evil.whl", "target.txt"]


def test_a_link_in_an_sdist_leads_to_no_file_of_this_machine(tmp_path):
    (tmp_path / "secret").write_text("secret")
    with tarfile.open(tmp_path / SDIST, "w:gz") as archive:
        for name, kind in (("tiny/link", tarfile.SYMTYPE), ("tiny/hard", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, str(tmp_path / "secret")
            archive.addfile(member)
    for name in ("tiny/link", "tiny/hard"):
        assert problem(unpack_member, tmp_path / SDIST, name, tmp_path / "out") == (
            f"{tmp_path / SDIST}: has no file {name}"
        )
    assert not (tmp_path / "out").exists()


def test_an_archive_that_is_cut_off_leaves_no_file(tmp_path):
    make_sdist(tmp_path / SDIST)
    (tmp_path / SDIST).write_bytes((tmp_path / SDIST).read_bytes()[:-200])
    with pytest.raises((EOFError, tarfile.ReadError)):
        unpack_member(tmp_path / SDIST, "tiny-1.0/PKG-INFO", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_to_a_shared_folder(tmp_path):
    shared, link = tmp_path / "shared" / "amygene", tmp_path / "resources"
    link_resources(shared, link)  # makes both
    (link / "file").touch()
    link_resources(shared, link)
    assert link.readlink() == shared
    assert (shared / "file").exists()
    link_resources(shared, shared)  # a study beside the folder itself
    assert not shared.is_symlink()


def test_a_link_by_a_relative_name(tmp_path, monkeypatch):
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    link_resources("../shared", "resources")
    assert (tmp_path / "study" / "resources").readlink() == tmp_path / "shared"


def test_resources_that_are_already_elsewhere(tmp_path):
    link = tmp_path / "resources"
    link.mkdir()
    with pytest.raises(InputError, match=f"names {tmp_path}/shared, but {link} is a folder of its own: move"):
        link_resources(tmp_path / "shared", link)
    link.rmdir()
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=f"names {tmp_path}/shared, but {link} is a link to {tmp_path}/gone: move"):
        link_resources(tmp_path / "shared", link)
    assert link.readlink() == tmp_path / "gone"


def test_a_shared_folder_that_is_a_file(tmp_path):
    (tmp_path / "shared").touch()
    with pytest.raises(InputError, match=f"AMYGENE_RESOURCES names {tmp_path}/shared, which cannot be used"):
        link_resources(tmp_path / "shared", tmp_path / "resources")
