"""`ezlang new`: creates a folder with a program to start from."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from .options import usage_error

_FILES = {
    "main.ez": """\
// Two parties learn how many of their answers agree, and not which.
party alice, bob;

/// How many questions there are; `--set questions=8` changes it.
param int32 questions = 5;

fn main() {
    secret bool[questions] a = input(alice, "answers");
    secret bool[questions] b = input(bob, "answers");
    output(all, sum(int32(a == b)), "answers that agree");
}
""",
    "alice.json": """\
{"answers": [true, true, false, true, false]}
""",
    "bob.json": """\
{"answers": [true, false, false, true, true]}
""",
    "expected.json": """\
{"alice": {"answers that agree": 3}, "bob": {"answers that agree": 3}}
""",
    "README.md": """\
# {name}

Alice and Bob each answer the same questions. They learn how many of their answers agree. Neither
learns which, nor any other answer of the other.

Check the program, and see what it tells to whom:

```
ezlang check main.ez
ezlang leaks main.ez
```

Run it: first both parties in one process, in a simulation of the protocol; then as two processes
with native code.

```
ezlang run main.ez --input alice=alice.json --input bob=bob.json
ezlang run main.ez --native --input alice=alice.json --input bob=bob.json
```

Both print `answers that agree: 3`, as `expected.json` says. Compare with it whenever you change the
program, and see every message and share of a run in a page:

```
ezlang test
ezlang trace main.ez -o run.html
```

Or run each party in a terminal of its own:

```
ezlang run main.ez --party alice --input alice.json
ezlang run main.ez --party bob --input bob.json
```
""",
}


@click.command(short_help="Create a folder with a program to start from.")
@click.argument("name", type=click.Path(path_type=Path))
def new(name: Path) -> None:
    """Create the folder NAME with a program, inputs, the expected output and a README.

    No existing file is overwritten.
    """
    try:
        name.mkdir(parents=True)
    except FileExistsError:
        raise usage_error(
            f"{name} already exists, and is not overwritten", "choose another name"
        ) from None
    except OSError as error:
        raise usage_error(f"{name} cannot be created: {error.strerror or error}") from None
    for file, text in _FILES.items():
        content = text.replace("{name}", name.resolve().name) if file == "README.md" else text
        (name / file).write_text(content, encoding="utf-8", newline="\n")
    click.echo(f"Created {name}. Try: cd {quote(str(name))} && ezlang run main.ez")
