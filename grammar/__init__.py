"""The one definition of Ez's syntax, in lark's language: ez.lark."""
