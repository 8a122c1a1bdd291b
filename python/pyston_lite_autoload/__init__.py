"""Importing this module enables pyston_lite; the `.pth` file of this distribution does so at every start of Python."""

import pyston_lite

pyston_lite.enable()
