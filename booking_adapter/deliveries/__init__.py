"""One module a destination of letters: how it is told what happened to an appointment.

Not here: which letters there are and when they are sent (`booking_adapter.worker`).
"""
