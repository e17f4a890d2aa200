"""Programs of EzPC as programs of Ez: `ezlang from-ezpc`.

The stages, one file each: `reader` (text to `tree`), `effects` (what functions do to their
arrays, and which parameters are sizes), `expressions`, `statements` and `program` (the text in Ez).
docs/from-ezpc.md says what differs between the languages.
"""
