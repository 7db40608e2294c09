"""Names of invented people, the frequent ones first. Not the lists the server itself knows."""

from __future__ import annotations

import random
from itertools import accumulate

__all__ = ["AFFIXES", "CULTURES", "SHORT", "Culture", "draw"]

_GERMAN_LAST = """
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt
Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber
Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther
Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter
Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas
Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt
Sauer Arnold Wolff Pfeiffer Ernst Lindner Hübner Kramer Hansen Krebs Förster Götz Beyer Nowack
Ritter Reuter Thiel Böttcher Grünewald Moll Bahr Wittmann Petersen Ebert Wenzel Hauser Kirchner
Lutz Kern Kunz Ulrich Jansen Janssen Hermann Behrens Brinkmann Rösch Ott Völker Dörr Kröger Süß
Bäcker Hölzl Rau Strauß Preuß Weiss Gross Löffler Schütz Schütte Höfer Röder Bürger Bär Käfer
Lüders Kästner Thoma
"""
_STEMS = """
Buchen Linden Eichen Birken Hasel Tannen Mühl Stein Berg Tal Wald Wiesen Moos Bach See Brunn Feld
Hoch Nieder Ober Unter Neu Alt Schön Rot Weiß Schwarz Grün Gold Silber Eisen Salz Korn Heu Stroh
Rosen Apfel Birn Hopfen Acker Hügel Sand Kies Lehm Kreuz Kirch Dorn Distel Farn Hirsch Wolfs Reh
"""
_ENDS = """
mann berg bauer er thaler hofer huber müller meier rieder egger bacher holz feld kamp brink stedt
hausen dorf heim eder inger reuter wald graben brunner moser gruber stätter kötter lechner
"""
_GERMAN_MEN = """
Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Stefan Christian Hans Uwe Frank Markus Bernd
Martin Daniel Alexander Sebastian Jan Tobias Matthias Florian Lukas Maximilian Leon Paul Jonas
Felix Elias Noah Ben Finn Luis Heinz Karl Helmut Werner Günter Horst Gerhard Manfred Dieter Rolf
Walter Josef Franz Johannes Georg Philipp Jörg Torsten Dirk Ralf Holger Sven Kai Jens Marco Marcel
Dennis Kevin Nico Tim Julian Fabian Dominik David Simon Moritz Jakob Emil Anton Theo Oskar Henry
Mats Jannik Erwin Ludwig Bruno Otto Friedrich Ernst Wilhelm Rudolf Siegfried Reinhard Hartmut
Volker Rainer Detlef Carsten Jochen Ulrich Hubert Konrad Clemens Justus Korbinian Raphael Valentin
Severin Gregor Kilian
"""
_GERMAN_WOMEN = """
Maria Anna Ursula Petra Sabine Susanne Monika Renate Karin Andrea Claudia Gabriele Brigitte Helga
Birgit Christine Julia Nicole Stefanie Katrin Sandra Melanie Sarah Laura Lisa Lena Lea Hannah Emma
Mia Sophie Marie Leonie Emilia Johanna Elisabeth Ingrid Gisela Christa Erika Hildegard Gertrud
Ilse Irmgard Ruth Edith Angelika Barbara Ute Heike Silke Anja Tanja Kerstin Daniela Katharina
Christina Nadine Jessica Jennifer Vanessa Franziska Carolin Eva Clara Ida Frieda Mathilda Greta
Jana Luisa Charlotte Amelie Nele Pia Antonia Theresa Magdalena Veronika Rosemarie Hannelore
Waltraud Margarete Dorothea Elfriede Cornelia Bettina Martina Ulrike Regina Beate Sonja Simone
Yvonne Anke Maike Wiebke Svenja Ronja Swantje Kunigunde Friederike Ottilie Mechthild Gudrun
Sieglinde Roswitha Adelheid Jule
"""
_TURKISH = (
    "Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Arslan Doğan Kılıç Aslan Çetin Koç Kurt"
    " Özdemir Şimşek Polat Korkmaz Erdoğan Güneş Yavuz Aktaş Tekin Bulut Güler Taş Avcı Türk",
    "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Murat Emre Can Yusuf Ömer Burak Kerem Eren Cem"
    " Umut Orhan Serkan Okan Volkan",
    "Fatma Ayşe Emine Hatice Zeynep Elif Meryem Özlem Sevgi Derya Gül Esra Büşra Merve Yasemin Ebru"
    " Songül Hülya Sibel Nuray",
)
_POLISH = (
    "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak"
    " Dąbrowski Kozłowski Jankowski Mazur Krawczyk Piotrowski Grabowski Pawłowski Michalski",
    "Piotr Krzysztof Andrzej Tomasz Paweł Marcin Michał Grzegorz Jerzy Łukasz Adam Zbigniew"
    " Kamil Mateusz Jakub",
    "Agnieszka Katarzyna Małgorzata Barbara Ewa Krystyna Magdalena Elżbieta Joanna Zofia Aleksandra"
    " Dorota Beata Monika Teresa",
)
_EASTERN = (
    "Iwanow Petrow Schewtschenko Kusnezow Popow Sokolow Kovalenko Bondarenko Tkachenko Melnik"
    " Kravchenko Boyko Volkov Morozov Dück Friesen Penner Wiebe Janzen Neufeld",
    "Sergej Dmitri Alexej Andrej Wladimir Igor Oleg Viktor Maxim Artem Iwan Eduard Waldemar Eugen",
    "Olga Tatjana Natalia Irina Svetlana Elena Ludmila Galina Oksana Anastasia Daria Lilia Nadja",
)
_ARABIC = (
    "Al-Hassan Ahmad Mohammad Ali Hussein Ibrahim Khalil Al-Masri Haddad Nasser Saleh Hamdan Omar"
    " Abdullah Rahimi Ahmadi Hosseini Karimi Noori Sultani",
    "Mohammed Ahmad Ali Omar Hassan Khaled Ibrahim Yusuf Mahmoud Samir Karim Tarek Bilal Reza Amir",
    "Fatima Aisha Maryam Zahra Layla Noor Amira Rania Hiba Samira Yasmin Salma Leila Parisa",
)
_SOUTHERN = (
    "Rossi Russo Ferrari Esposito Bianchi Romano Papadopoulos Georgiou Nikolaidis Silva Santos"
    " Ferreira García Fernández López Martínez Popescu Ionescu Horvat Kovačević Jovanović"
    " Petrović Marković Nguyen Tran Pham Krasniqi Gashi Berisha",
    "Giuseppe Antonio Marco Luca Nikolaos Georgios João José Carlos Andrei Ion Ivan Marko Nikola"
    " Stefan Minh Arben Dragan",
    "Giulia Francesca Rosa Eleni Sofia Ana Inês Carmen Lucía Elena Ioana Ivana Jelena Milica Linh"
    " Vesna Dragana Arta",
)
AFFIXES = ("von", "von der", "zu", "van", "von und zu", "Freiherr von", "Graf von")
_SHORT_FORMS = """
Alexander=Alex Maximilian=Max Sebastian=Basti Michael=Micha Thomas=Tom Andreas=Andi Matthias=Matze
Stefan=Steffen Johannes=Hannes Josef=Sepp Wilhelm=Willi Friedrich=Fritz Georg=Schorsch Tobias=Tobi
Philipp=Phil Benjamin=Ben Christian=Chris Florian=Flo Joachim=Achim Manfred=Manni Siegfried=Sigi
Katharina=Kathi Elisabeth=Lisa Johanna=Hanna Susanne=Susi Gabriele=Gabi Stefanie=Steffi
Ursula=Uschi Christina=Tina Barbara=Bärbel Margarete=Grete Magdalena=Lena Franziska=Franzi
Charlotte=Lotte Angelika=Geli Brigitte=Gitte Rosemarie=Rosi Theresa=Resi Veronika=Vroni Ulrich=Uli
Rudolf=Rudi
"""
SHORT = dict(pair.split("=") for pair in _SHORT_FORMS.split())


class Culture:
    """Names that go together; the first of a list are the most frequent."""

    def __init__(self, last: list[str], men: list[str], women: list[str]) -> None:
        self.last, self.men, self.women = last, men, women


def _rare() -> list[str]:
    """Return two thousand invented surnames, for the many that few people have."""
    made = [stem + end for stem in _STEMS.split() for end in _ENDS.split()]
    random.Random(7).shuffle(made)
    return made


CULTURES = (
    (
        0.78,
        Culture(_GERMAN_LAST.split() + _rare(), _GERMAN_MEN.split(), _GERMAN_WOMEN.split()),
    ),
    (0.07, Culture(*(words.split() for words in _TURKISH))),
    (0.05, Culture(*(words.split() for words in _POLISH))),
    (0.04, Culture(*(words.split() for words in _EASTERN))),
    (0.03, Culture(*(words.split() for words in _ARABIC))),
    (0.03, Culture(*(words.split() for words in _SOUTHERN))),
)
_WEIGHTS: dict[int, list[float]] = {}


def draw(chance: random.Random, names: list[str]) -> str:
    """Return one of the names, the first far more often than the last."""
    if len(names) not in _WEIGHTS:
        _WEIGHTS[len(names)] = list(accumulate(1 / (at + 6) for at in range(len(names))))
    return chance.choices(names, cum_weights=_WEIGHTS[len(names)])[0]
