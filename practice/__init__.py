"""The practice's world: doctors, patients, appointments, calendars and their rules.

Glossary:

calendar object
    What the protocol needs: one iCalendar text with its name, ETag, UID and time index.
appointment
    What the practice knows: doctor, patient, type, status, booking reference. Linked to its
    calendar object by the UID.
change
    One row of the one log. Its *number* orders everything that ever happened here.
union
    The main calendar: every doctor's calendar seen as one, plus events of no doctor.
opening
    When a doctor is there for appointments: the week's hours and what differs from them.
hold
    A slot kept for a few minutes for somebody who is about to book it.
letter
    Something to be told to the outside (patient, booking tool, admin), posted with the change
    that causes it and delivered later.

Import rule: this package imports none of the doors (`caldav_server`, `booking_adapter`,
`admin_api`) nor the program (`praxis_caldav`). `sqlalchemy` is imported in `practice.database`
alone, `icalendar` in `practice.vevent` and `practice.recurrence` alone, `holidays` in
`practice.schedule.holidays` alone.
"""
