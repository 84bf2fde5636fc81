"""recompute.py of every bundle: short, since what it runs is this project."""

RECOMPUTE = '''\
"""Compute results.json and results.csv again, from the files beside this script and nothing else.

Needs SkinReader installed: python recompute.py
Writes into the folder again/, and says whether the bytes are the same (exit status 0) or not (1).
"""

import sys
from pathlib import Path

from readerstudy.analyse.recompute import main

sys.exit(main(Path(__file__).resolve().parent))
'''
