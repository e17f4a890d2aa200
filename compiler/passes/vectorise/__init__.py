"""Vectorising.

**Purpose.** Turn loops whose iterations don't depend on one another into tensor operations, so that
their messages go together and their gates fill the machine: the inner loops first, then those
around them, with the inner ones' operations in one more dimension. What iterations change of an
array becomes theirs alone where places are told apart (`places`, `private`); what they only combine
becomes a Reduce (`reductions`). Places that are computed in public are told apart by the run, and
what belongs to iterations is gathered and scattered (`computed`, `items`); the loop as it was
stands beside, for when they are not apart. What has to go one by one stays a loop, and the rest of
the body is done at once before and after it (`partition`), as in loop distribution and vectorising
compilers [AK01]. **Keeps** meaning, labels, and failures with their places: what might fail or
has an effect stays in its loop, and nothing opens a value that the loop would not have come to.
**Guarantees** that the number of operations depends on the program alone, not on trip counts, and
that a loop makes at most a given number of bytes of secrets at a time: a longer one becomes a loop
over strips. **Does not** touch loops without secrets, most loops whose bounds aren't constants, nor
what one party does alone.
"""

from .loops import BUDGET, SHARED, WIDE, vectorise
from .memory import LABEL

__all__ = ["BUDGET", "LABEL", "SHARED", "WIDE", "vectorise"]
