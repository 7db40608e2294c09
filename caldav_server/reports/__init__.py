"""REPORT: calendar-query, calendar-multiget, sync-collection and free-busy, from the index.

Each report is a function from a request (the parsed XML) and a view to the text of a reply. None
loads, parses or even names an object that is not in its answer.
"""
