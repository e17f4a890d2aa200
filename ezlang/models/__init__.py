"""Models of machine learning as Ez programs: `ezlang import`.

The stages, one file each: `reading` (the file, its checks), `folding` (constants, shapes),
`rewriting` (fewer layers), `operators/` (a line of Ez for each layer), `repetition` (blocks that
repeat become functions), `program` (the text), `measuring` (a float run, head-room, cost) and
`folder` (the files).
"""
