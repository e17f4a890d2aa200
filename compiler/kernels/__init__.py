"""Native kernels, built as LLVM IR: AES, hashing, garbling, oblivious transfer, secret sharing."""
