"""Values outside of a run: their forms, the inputs that a program asks for, and input files."""
