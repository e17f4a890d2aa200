"""The intermediate representation: tensor values in SSA form with structured control flow."""
