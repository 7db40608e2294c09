"""One module a booking tool: the only places that know a tool's own field names.

Not here: what becomes of a booking once it is read.
"""
