"""Vectorisation.

**Purpose.** Turn loops with independent iterations into tensor operations, so that their messages
are sent together and their gates fill the machine. Inner loops come first. An outer loop then adds
one dimension to the operations of its inner loops. Array elements that an iteration changes are
privatised if a dependence test separates the iterations (`footprints`, `private`). Values that are
only combined become a Reduce (`reductions`). Public computed indices are tested at run time; if
they separate the iterations, elements are gathered and scattered (`computed`, `indexed_loops`),
otherwise a copy of the original loop runs. Loops whose bounds are known only at run time become
loops over strips (`strips`), and so do those over the iterations at which a public condition is
true (`conditions`). Operations that must run sequentially stay in a loop,
and the rest of the body is vectorised before and after it (`partition`), as in loop distribution
and vectorising compilers [AK01]. **Keeps** meaning, labels, and failures with their source
locations: operations that may fail or have an effect stay in their loop, and no value is opened
that the loop would not have reached. **Guarantees** that the number of operations depends on the
program alone, not on trip counts, and that a loop makes at most a given number of bytes of secrets
at a time: a longer loop is strip-mined. Under Yao's protocol, loops without messages
(`exchanges`) get strips that stay in the cache, or none. **Does not** change loops without secrets,
or computations of a single party.
"""

from .loops import vectorise

__all__ = ["vectorise"]
