"""`python -m benchmarks NAME`: run a measurement and print its table."""

from __future__ import annotations

import argparse

from . import (
    among,
    compile,
    functions,
    garbling,
    homomorphic,
    imported,
    light,
    lpn,
    ml,
    ot,
    pages,
    products,
    programs,
    rounding,
    sharing,
    simulation,
    styles,
    suite,
    table,
    tls,
    trained,
    wheels,
    yao,
)

BENCHMARKS = {
    "compile": compile,
    "functions": functions,
    "garbling": garbling,
    "homomorphic": homomorphic,
    "imported": imported,
    "light": light,
    "lpn": lpn,
    "ml": ml,
    "ot": ot,
    "pages": pages,
    "parties": among,
    "products": products,
    "programs": programs,
    "rounding": rounding,
    "sharing": sharing,
    "simulation": simulation,
    "styles": styles,
    "suite": suite,
    "table": table,
    "tls": tls,
    "trained": trained,
    "wheels": wheels,
    "yao": yao,
}


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name, module in BENCHMARKS.items():
        module.add_arguments(commands.add_parser(name, help=(module.__doc__ or "").split("\n")[0]))
    arguments = parser.parse_args()
    BENCHMARKS[arguments.name].run(arguments)


if __name__ == "__main__":
    main()
