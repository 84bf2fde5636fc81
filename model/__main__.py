"""Entry point of `python -m model`."""

import sys

from model.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
