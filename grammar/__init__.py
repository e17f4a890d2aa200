"""The definition of Ez's syntax in lark's grammar language: ez.lark. It is the only one."""
