"""The playground: a page on this machine in which programs are written, checked and run.

`server.py` answers the browser, `children.py` runs the command line for it in bounded processes,
and `page/` is what the browser shows.
"""
