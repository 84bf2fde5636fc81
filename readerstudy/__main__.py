"""`python -m readerstudy`."""

import sys

from readerstudy.commands.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
