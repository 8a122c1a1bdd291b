"""Puts the `.pth` file at the top of the installation, where `site` reads it; metadata is in pyproject.toml.

The file is pyston_lite's own, so that `python -m pyston_lite autoload on` and this distribution do the same thing. It is taken
from the source tree, or from this folder in an sdist, into which it is copied.
"""

import os
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
FILE_NAME = "pyston_lite_autoload.pth"


def source() -> Path:
    for place in (HERE / FILE_NAME, HERE.parent / "pyston_lite" / FILE_NAME):
        if place.exists():
            return place
    raise SystemExit(f"error: {FILE_NAME} not found: this is not a complete source tree")


class BuildWithPth(build_py):
    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        # This very file lies in the folder of the package, and is no part of it.
        return [module for module in super().find_package_modules(package, package_dir) if module[1] != "setup"]

    def run(self) -> None:
        super().run()
        self.mkpath(self.build_lib)
        self.copy_file(str(source()), os.path.join(self.build_lib, FILE_NAME))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), os.path.join(self.build_lib, FILE_NAME)]


class SdistWithPth(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        self.copy_file(str(source()), os.path.join(base_dir, FILE_NAME))


setup(cmdclass={"build_py": BuildWithPth, "sdist": SdistWithPth})
