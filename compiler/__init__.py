"""The compiler: from the typed tree to IR, passes, circuits, kernels and native code."""
