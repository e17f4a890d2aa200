"""Native execution of protocols at one party: kernels, sessions and groups of operations."""
