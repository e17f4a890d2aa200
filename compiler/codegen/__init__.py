"""Code generation: from IR to one LLVM module for each party."""
