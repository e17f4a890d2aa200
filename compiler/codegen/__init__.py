"""Code generation: IR to one LLVM module a party."""
