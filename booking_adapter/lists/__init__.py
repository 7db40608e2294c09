"""Patient lists: files of a practice's software read into records, and GDT written for it.

Not here: who of them is known already (`practice.matching`), what becomes of them, nor HTTP.
"""

from booking_adapter.lists.reading import read_list
from booking_adapter.lists.shapes import Dialect, Doubt, ReadList, Row, Unreadable, UnreadableList
from booking_adapter.lists.words import WORDS

__all__ = [
    "WORDS",
    "Dialect",
    "Doubt",
    "ReadList",
    "Row",
    "Unreadable",
    "UnreadableList",
    "read_list",
]
