"""What can be done in the practice: plain functions, the unit of work first.

They never begin or commit; the door that calls them does. What they need besides (the account,
the profile, texts read beforehand) is passed in.
"""
