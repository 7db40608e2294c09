"""Door 1: CalDAV. The only importer of `radicale`, which carries the protocol's frame.

Radicale takes requests apart and asks our plugin who they are from; every method is answered here,
from the index. See docs/decisions/0002 and 0006.
"""
