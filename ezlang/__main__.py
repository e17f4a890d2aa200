"""The `ezlang` command, also as `python -m ezlang`."""

from __future__ import annotations

import sys
from signal import SIGINT


def main() -> None:
    """Run the command line of this process and exit."""
    try:
        from ezlang.cli import run_command

        code = run_command()
    except KeyboardInterrupt:  # while the command line itself is being loaded
        code = 128 + SIGINT
    sys.exit(code)


if __name__ == "__main__":
    main()
