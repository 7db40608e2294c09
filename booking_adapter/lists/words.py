"""What is wrong with a list, a row or a cell, in German and English.

Not here: when it is. No sentence repeats anything of a patient: they are shown, printed and logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WORDS"]

#: Codes are kept for good: programs may know them. Each has its German and its English sentence.
WORDS: Mapping[str, tuple[str, str]] = {
    # the whole file
    "empty": ("Die Datei ist leer.", "The file is empty."),
    "file_too_large": ("Die Datei ist größer als 25 MB.", "The file is larger than 25 MB."),
    "too_many_rows": (
        "Die Liste hat mehr als 100.000 Zeilen. Bitte teilen Sie sie auf.",
        "The list has more than 100,000 rows. Please split it up.",
    ),
    "workbook": (
        "Das ist eine Excel- oder OpenOffice-Datei. Bitte speichern Sie sie dort als CSV.",
        "This is an Excel or OpenOffice file. Please save it there as CSV.",
    ),
    "no_text": (
        "Das ist keine Textdatei. Bitte exportieren Sie die Liste als CSV oder GDT.",
        "This is not a text file. Please export the list as CSV or GDT.",
    ),
    "no_header": (
        "Die Datei hat keine Kopfzeile mit bekannten Spaltennamen. Nötig ist mindestens eine "
        "Spalte für den Namen, zum Beispiel „Nachname“.",
        "The file has no header with known column names. It needs at least one column for the "
        'name, for example "Last name".',
    ),
    "no_name_column": (
        "Keine Spalte wurde als Name des Patienten erkannt. Bitte wählen Sie sie aus.",
        "No column was recognised as the patient's name. Please choose it.",
    ),
    "chosen_column_missing": (
        "Eine ausgewählte Spalte steht nicht in der Kopfzeile.",
        "A column that was chosen is not in the header.",
    ),
    "unknown_field": (
        "Eine Spalte wurde für ein Feld ausgewählt, das es nicht gibt.",
        "A column was chosen for a field that does not exist.",
    ),
    # a row that is not taken
    "row_too_long": (
        "Die Zeile ist länger als 131.072 Zeichen.",
        "The row is longer than 131,072 characters.",
    ),
    "misquoted": (
        "Die Zeile lässt sich nicht in Spalten teilen: Ein Anführungszeichen steht an falscher "
        "Stelle oder fehlt.",
        "The row cannot be split into columns: a quotation mark is misplaced or not closed.",
    ),
    "too_many_cells": (
        "Die Zeile hat mehr Zellen als die Kopfzeile.",
        "The row has more cells than the header.",
    ),
    "cell_too_long": (
        "Eine Zelle ist länger als 1.000 Zeichen.",
        "A cell is longer than 1,000 characters.",
    ),
    "no_name": ("Der Nachname fehlt.", "The last name is missing."),
    "header_again": ("Die Kopfzeile steht noch einmal da.", "The header is repeated."),
    "gdt_kind": (
        "Der GDT-Satz enthält keine Stammdaten (Satzart 6301 oder 6302).",
        "The GDT record holds no patient data (kind 6301 or 6302).",
    ),
    # a row that is taken, with something to look at
    "too_few_cells": (
        "Die Zeile hat weniger Zellen als die Kopfzeile; der Rest gilt als leer.",
        "The row has fewer cells than the header; the rest counts as empty.",
    ),
    "characters_lost": (
        "Einige Zeichen sind nicht lesbar; die Datei wurde vermutlich falsch gespeichert.",
        "Some characters cannot be read; the file was probably saved wrongly.",
    ),
    "birth_date_unreadable": (
        "Das Geburtsdatum ist nicht lesbar und wurde nicht übernommen.",
        "The date of birth cannot be read and was not taken over.",
    ),
    "birth_date_ambiguous": (
        "Beim Geburtsdatum ist nicht sicher, was Tag und was Monat ist; es wurde nicht übernommen.",
        "Which part of the date of birth is the day and which the month is not certain; it was "
        "not taken over.",
    ),
    "birth_date_implausible": (
        "Das Geburtsdatum liegt in der Zukunft oder mehr als 125 Jahre zurück; es wurde nicht "
        "übernommen.",
        "The date of birth is in the future or more than 125 years ago; it was not taken over.",
    ),
    "century_guessed": (
        "Das Geburtsjahr hat zwei Ziffern; das Jahrhundert ist geraten.",
        "The year of birth has two digits; the century is a guess.",
    ),
    "email_unreadable": (
        "Die E-Mail-Adresse ist keine und wurde nicht übernommen.",
        "The e-mail address is none and was not taken over.",
    ),
    "phone_unreadable": (
        "Die Telefonnummer ist keine oder von einer Tabellenkalkulation gekürzt; sie wurde nicht "
        "übernommen.",
        "The telephone number is none, or was shortened by a spreadsheet; it was not taken over.",
    ),
    "number_unreadable": (
        "Eine Nummer wurde von einer Tabellenkalkulation gekürzt und nicht übernommen.",
        "A number was shortened by a spreadsheet and was not taken over.",
    ),
    "insurance_unknown": (
        "Die Versicherungsart ist nicht bekannt und wurde nicht übernommen.",
        "The kind of insurance is not known and was not taken over.",
    ),
    "insurance_number_wrong": (
        "Die Prüfziffer der Versichertennummer stimmt nicht.",
        "The check digit of the insurance number is wrong.",
    ),
    "charset_guessed": (
        "Der GDT-Satz ist in einem anderen Zeichensatz geschrieben, als er angibt.",
        "The GDT record is written in another character set than it says.",
    ),
    "lines_ignored": (
        "Im GDT-Satz stehen Zeilen, die nicht gelesen wurden.",
        "The GDT record has lines that were not read.",
    ),
}
