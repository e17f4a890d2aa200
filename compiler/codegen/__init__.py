"""IR to one LLVM module a party."""
