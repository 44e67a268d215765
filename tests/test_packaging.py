"""What is installed: the oldest dependencies that are allowed, and what wheel and sdist have in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COUNTEREXAMPLES = {str(path.relative_to(ROOT)) for path in (ROOT / "counterexamples").rglob("*.txt")}


def test_the_oldest_set_has_one_version_of_each_dependency():
    done = subprocess.run([sys.executable, ".ci/oldest"], cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.splitlines()

    assert done.returncode == 0, done.stderr
    assert {line.split("==")[0] for line in lines} == {
        re.match(r"[\w-]+", wanted)[0] for wanted in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    }
    assert all(re.fullmatch(r"[\w-]+==\d+(\.\d+)*", line) for line in lines)


def test_the_files_that_ci_names_exist():
    for script in ("run-oldest", "run-wheel"):
        for named in re.findall(r"(?:tests|counterexamples)/[\w./-]+", (ROOT / ".ci" / script).read_text()):
            assert (ROOT / named).exists(), f"{script} names {named}"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with sdist and wheel, built from a copy of what belongs to the project."""
    pytest.importorskip("setuptools", minversion="77")
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("checker", "counterexamples", "model", "properties", "tests", ".ci", "LICENSE", "MANIFEST.in", "README.md", "pyproject.toml"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    build = f"from setuptools import build_meta as b; b.build_sdist({str(dist)!r}); b.build_wheel({str(dist)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    return dist


def test_the_sdist_has_all_that_the_tests_need(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as file:
        names = {name.partition("/")[2] for name in file.getnames()}

    assert COUNTEREXAMPLES <= names
    assert {"tests/support/oracle.py", "tests/models/peterson.py", "tests/conftest.py", "tests/language/errors.txt"} <= names
    assert not [name for name in names if name.endswith((".pyc", "__pycache__"))]


def test_the_wheel_is_used_from_another_directory(built, tmp_path):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        metadata = next(wheel.read(name).decode() for name in names if name.endswith("/METADATA"))
        wheel.extractall(tmp_path / "site")
    assert "License-Expression: MIT" in metadata and not [name for name in names if name.startswith("tests/")]
    assert COUNTEREXAMPLES <= names

    (tmp_path / "elsewhere").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "checker", "replay", "counterexamples/no_io_size_clamp--recorded_size_is_backed.txt"]
    done = subprocess.run(command, cwd=tmp_path / "elsewhere", env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "checked again: recorded_size_is_backed is violated" in done.stdout


def test_the_counterexamples_are_found_from_anywhere(tmp_path, monkeypatch):
    from checker.base.files import belonging

    name = sorted(COUNTEREXAMPLES)[0]
    monkeypatch.chdir(tmp_path)
    assert belonging(name) == str(ROOT / name)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("mine")
    assert belonging(name) == name
    assert belonging("nowhere.txt") == "nowhere.txt"
