"""The language server: what an editor asks about a program that is being written.

`ezlang lsp` starts it; docs/editors.md says what it offers. `documents` has the open files with
what is known of them, `index` their names. Each other module answers one kind of question from
these, as data of the protocol; `server` joins them to the connection.
"""
