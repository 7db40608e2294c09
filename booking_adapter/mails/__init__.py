"""How e-mails are laid out: Jinja2 templates, each as plain text and, for patients, as HTML.

Those to patients have one frame. Not here: what they say (`booking_adapter.deliveries.languages`).
"""
