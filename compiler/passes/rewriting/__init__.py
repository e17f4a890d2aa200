"""Tools to rewrite programs, which all passes share."""
