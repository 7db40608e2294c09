"""What a list can tell of a patient, and what its columns may be called.

Not here: what the cells may say (`booking_adapter.lists.cells`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELDS", "MORE"]

# fmt: off
_HEADERS = {
    "last_name": "Nachname, Familienname, Zuname, Patient Nachname, Nachname Patient, Pat. Name, "
        "Surname, Last Name, Family Name",
    "first_name": "Vorname, Vornamen, Rufname, Patient Vorname, Vorname Patient, Pat. Vorname, "
        "Forename, First Name, Given Name",
    "name": "Name, Patient, Patientin, Patientenname, Name Vorname, Nachname Vorname, "
        "Vorname Name, Vorname Nachname, Vollständiger Name, Name des Patienten, "
        "Patient Name, Full Name, Kunde, Kundenname",
    "birth_date": "Geburtsdatum, Geburtstag, Geb.-Dat., Geb.-Datum, Geb.-Tag, geb., geb. am, "
        "geboren, geboren am, GebDatum, Geburts-Datum, Patient Geburtsdatum, "
        "Date of Birth, Birth Date, Birthday, DOB, Born",
    "email": "E-Mail, E-Mail-Adresse, EMail, Mail, Mailadresse, Email Address, E-Mail privat",
    "phone": "Telefon, Telefonnummer, Tel., Tel.-Nr., Telefon 1, Telefon privat, Telefon Festnetz, "
        "Festnetz, Rufnummer, Phone, Phone Number, Telephone",
    "mobile": "Mobil, Mobiltelefon, Mobilnummer, Mobilfunk, Handy, Handynummer, Handy-Nr., "
        "Telefon mobil, Telefon 2, Mobile, Mobile Phone, Mobile Number, Cell, Cell Phone",
    "number": "Patientennummer, Patienten-Nr., Patienten-ID, Patientennr., Pat.-Nr., Pat.-Nummer, "
        "PatID, Pat.-ID, PIZ, PID, Kundennummer, Kunden-Nr., Kartei-Nr., Karteinummer, "
        "Patient Number, Patient No, Patient ID, X-PATIENT-ID",
    "insurance": "Versicherung, Versicherungsart, Versichertenart, Versicherungsstatus, "
        "Versichertenstatus, Kassenart, Kostenträgerart, X-INSURANCE-TYPE, Insurance, "
        "Insurance Type, Insurance Status",
    "insurer": "Kasse, Krankenkasse, Krankenversicherung, Kostenträger, Kassenname, Versicherer, "
        "Insurance Company, Insurer, Health Insurance",
    "insurance_number": "Versichertennummer, Versicherten-Nr., Versicherungsnummer, "
        "Versicherungs-Nr., Vers.-Nr., Versicherten-ID, KVNR, KV-Nr., "
        "Krankenversichertennummer, eGK-Nr., eGK-Nummer, eGK-Versichertennummer, "
        "Insurance Number, Insurance No, Policy Number",
    "booking_system_id": "Booking-System-ID, Buchungssystem-ID, Buchungstool-ID, Tool-ID, "
        "Externe ID, Fremd-ID, Externe Nummer, External ID, Customer ID",
    "title": "Titel, Akad. Titel, Akademischer Grad, Title",
    "salutation": "Anrede, Salutation",
    "gender": "Geschlecht, Gender, Sex",
    "street": "Straße, Strasse, Straße und Hausnummer, Straße Hausnummer, Straße / Nr., Adresse, "
        "Anschrift, Street, Address",
    "postcode": "PLZ, Postleitzahl, ZIP, Zip Code, Postcode, Postal Code",
    "city": "Ort, Wohnort, Stadt, PLZ Ort, PLZ und Ort, City, Town",
}
# fmt: on

# A bare "ID" or "Nr." is nothing to us: it may be a number of the row, and strangers would be one.
#: Our fields and the headers understood, without regard to case, spaces and punctuation; of
#: several columns that fit, the header listed first wins.
FIELDS: Mapping[str, tuple[str, ...]] = {
    name: (name, *headers.split(", ")) for name, headers in _HEADERS.items()
}
#: What a `PatientRecord` has no room for, and a `Row` tells as `more`.
MORE = ("title", "salutation", "gender", "mobile", "insurer", "street", "postcode", "city")
