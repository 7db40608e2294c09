"""Door 3: the REST API and the pages. Nothing here yet.

It will know the practice, Starlette and its own forms; no other door, and not the program.
"""
