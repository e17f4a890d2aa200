"""From the typed tree to native code: IR, passes, circuits, kernels, code generation."""
