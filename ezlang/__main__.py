"""`python -m ezlang` is the `ezlang` command."""

from ezlang.cli import main

if __name__ == "__main__":
    main()
