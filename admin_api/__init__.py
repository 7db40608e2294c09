"""Door 3: the REST API and the pages.

An address of the API is declared once (`endpoint.Endpoint`), one file a resource; its route, the
checks before it and its description are made of that. It knows the practice, Starlette and its own
forms; no other door, and not the program: what it needs of either it is given (`services`).
"""
