"""bin/venv: one clear line for each thing that may be missing, and nothing twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from energy_site.embedded.places import CHECKOUT

TOOLS = ("sh", "dirname", "readlink", "cat", "df", "awk", "cmp", "mkdir", "cp", "rm")


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    (folder / "bin").mkdir(parents=True)
    shutil.copy(CHECKOUT / "bin" / "venv", folder / "bin" / "venv")
    (folder / "requirements.txt").write_text("# nothing\n")
    return folder


@pytest.fixture
def path(tmp_path):
    """A PATH with a few tools and no Python."""
    folder = tmp_path / "path"
    folder.mkdir()
    for name in (*TOOLS, "flock", "grep", "tail", "echo"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return folder


def put(folder, name, text):
    script = folder / name
    script.unlink(missing_ok=True)
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)


def run(program, path, cwd="/"):
    return subprocess.run(
        [program, "requirements.txt"],
        env={"PATH": str(path), "HOME": os.environ.get("HOME", "/")},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


# Answers as Python does: runs what it is given, but makes no real environment.
PYTHON = f"""
case "$*" in
    *ensurepip*) exit $ENSUREPIP ;;
    -V) echo Python $NUMBER ;;
    *version_info\\ \\<*) exit $TOO_OLD ;;
    "-m venv"*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
    "-m pip"*) echo installed >>"{{told}}"; {{pip}} ;;
    *) exec {sys.executable} "$@" ;;
esac
"""


@pytest.fixture
def python(path, tmp_path):
    """Put a Python on the PATH."""

    def make(*, name="python3", number="3.11.7", too_old=0, ensurepip=0, pip="true"):
        told = tmp_path / "told"
        told.touch()
        settings = f"NUMBER={number} TOO_OLD={too_old} ENSUREPIP={ensurepip}"
        text = PYTHON.format(told=told, pip=pip)
        put(path, name, f"{settings}\n{text}")
        return told

    return make


class TestWhatIsMissing:
    def test_no_python(self, checkout, path):
        done = run(checkout / "bin" / "venv", path)
        assert done.returncode == 1
        assert done.stderr == (
            "Python 3.11 or newer is needed; found no python3 on the PATH.\n"
        )

    def test_an_old_python(self, checkout, path, python):
        python(number="3.9.2", too_old=1)
        done = run(checkout / "bin" / "venv", path)
        assert done.stderr == "Python 3.11 or newer is needed; found Python 3.9.2.\n"

    def test_a_newer_one_beside_an_old_one_is_found(self, checkout, path, python):
        python(number="3.9.2", too_old=1)
        python(name="python3.13", number="3.13.0")
        done = run(checkout / "bin" / "venv", path)
        assert done.returncode == 0, done.stderr
        assert "with Python 3.13.0" in done.stdout

    def test_no_venv_module(self, checkout, path, python):
        python(ensurepip=1)
        done = run(checkout / "bin" / "venv", path)
        number = f"{sys.version_info.major}.{sys.version_info.minor}"
        assert done.stderr == (
            "Python's venv module is missing; on Debian and Ubuntu: "
            f"apt install python{number}-venv\n"
        )

    def test_a_full_disk(self, checkout, path, python):
        python()
        put(path, "df", "echo; echo /dev/sda 1000000 900000 102400 90% /")
        done = run(checkout / "bin" / "venv", path)
        assert done.stderr == (
            f"The disk is full: 700 MB are needed in {checkout}, 100 MB are free.\n"
        )

    @pytest.mark.parametrize(
        ("pip", "told"),
        [
            (
                "echo 'ERROR: No matching distribution found for x'; exit 1",
                "No matching",
            ),
            ("echo 'OSError: No space left on device'; exit 1", "The disk is full"),
            ("exit 1", "pip gave no reason"),
        ],
    )
    def test_packages_that_cannot_be_installed(self, checkout, path, python, pip, told):
        python(pip=pip)
        done = run(checkout / "bin" / "venv", path)
        assert done.returncode == 1
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_no_requirements(self, checkout, path):
        (checkout / "requirements.txt").unlink()
        done = run(checkout / "bin" / "venv", path)
        assert done.stderr == f"Cannot read {checkout}/requirements.txt.\n"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_that_is_not_ours(self, checkout, path, python):
        python()
        checkout.chmod(0o555)
        done = run(checkout / "bin" / "venv", path)
        checkout.chmod(0o755)
        assert done.stderr == (
            f"Cannot write in {checkout}: it belongs to another user.\n"
        )


class TestOnlyOnce:
    def test_a_second_time_does_nothing(self, checkout, path, python):
        told = python()
        for _ in range(2):
            assert run(checkout / "bin" / "venv", path).returncode == 0
        assert told.read_text() == "installed\n"

    def test_changed_requirements_are_installed(self, checkout, path, python):
        told = python()
        run(checkout / "bin" / "venv", path)
        (checkout / "requirements.txt").write_text("# something\n")
        run(checkout / "bin" / "venv", path)
        assert told.read_text() == "installed\n" * 2

    def test_after_a_failure_it_tries_again(self, checkout, path, python):
        python(pip="exit 1")
        assert run(checkout / "bin" / "venv", path).returncode == 1
        told = python()
        # The environment has a Python of its own: the one that failed.
        shutil.rmtree(checkout / ".venv")
        assert run(checkout / "bin" / "venv", path).returncode == 0
        assert told.read_text().count("installed") == 2

    def test_a_checkout_that_moved_is_made_anew(self, checkout, path, python):
        told = python()
        run(checkout / "bin" / "venv", path)
        moved = checkout.rename(checkout.with_name("moved"))
        run(moved / "bin" / "venv", path)
        assert told.read_text() == "installed\n" * 2

    def test_a_link_to_it_works_from_anywhere(self, checkout, path, python, tmp_path):
        python()
        link = tmp_path / "link"
        link.symlink_to(Path("checkout") / "bin" / "venv")
        assert run(link, path, cwd=tmp_path).returncode == 0
        assert (checkout / ".venv" / "installed" / "requirements.txt").exists()
