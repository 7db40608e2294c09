"""The demo practice's data: an invented booking tool's export, and the program that invents it."""
