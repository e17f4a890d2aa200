"""Values that enter and leave a run: their forms, what a program asks for, and files of them."""
