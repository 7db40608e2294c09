"""Booking tools, as they behave towards others: real HTTP servers with the warts of the real ones.

Each says where its behaviour was observed. What is in them is invented.
"""
