"""The door to the booking tools: what they report, and what they are told.

Not here: the practice's rules (`practice`), nor any other door.
"""
