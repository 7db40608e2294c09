"""Tables in text files, whoever wrote them: encodings, separators, rows, headers, days, words.

Not here: which columns a booking has (`booking_adapter.tools`), or a patient
(`booking_adapter.lists`).
"""
