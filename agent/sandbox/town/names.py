"""What the people of the sandbox town are called, and where they live. All of it is made up."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_PORTUGUESE = (
    "Ana Beatriz Bruna Camila Carla Carolina Cecília Clara Débora Elisa Fernanda Gabriela Helena "
    "Inês Isabela Joana Júlia Larissa Letícia Lívia Luana Lúcia Mariana Marta Natália Olívia "
    "Patrícia Raquel Renata Sofia Tânia Vanessa Vitória André Antônio Arthur Bernardo Bruno Caio "
    "Cauã Daniel Diego Eduardo Felipe Francisco Gustavo Heitor Henrique Hugo Igor Ivan João Jorge "
    "José Leonardo Lucas Marcos Mateus Miguel Murilo Nuno Otávio Paulo Pedro Rafael Renato Rui "
    "Samuel Sérgio Thiago Tomás Vinícius Xavier"
)
_SPANISH = (
    "Alba Alejandra Andrea Carmen Claudia Cristina Elena Emilia Gabriela Inés Irene Isabel Jimena "
    "Laura Lucía Luna Macarena Marina Marta Nuria Paloma Pilar Rocío Sara Valentina Ximena Adrián "
    "Alberto Álvaro Andrés Bruno Carlos Diego Emilio Esteban Felipe Gonzalo Ignacio Íñigo Javier "
    "Joaquín Jorge Julián Lautaro Luis Manuel Martín Mateo Nicolás Óscar Pablo Raúl Rubén Santiago "
    "Sergio Tomás"
)
_ENGLISH = (
    "Abigail Alice Amelia Charlotte Chloe Daisy Eleanor Emily Evelyn Freya Grace Hannah Harriet "
    "Isla Jane Lily Matilda Molly Nora Olive Phoebe Rosie Ruby Sophie Violet Zoe Alfie Arthur "
    "Benjamin Charlie Daniel Edward Finn George Harry Henry Isaac Jack Leo Max Nathan Oliver Oscar "
    "Reuben Samuel Sean Theo Thomas Toby William"
)
_GERMAN = (
    "Anja Anna Birgit Clara Elke Emma Franziska Frieda Greta Hanna Heike Ida Jana Johanna Karin "
    "Lena Leonie Marie Martina Mia Petra Sabine Ursula Anton Bernd Emil Felix Fritz Georg Hans "
    "Jonas Jürgen Karl Klaus Lukas Moritz Otto Paul Rainer Stefan Uwe Wolfgang"
)
_INDIAN = (
    "Aarti Ananya Asha Deepa Diya Gita Isha Kavya Lakshmi Meera Neha Nisha Pooja Priya Radha Riya "
    "Sunita Tara Usha Aditya Ajay Amit Arjun Deepak Dev Gopal Ishaan Karan Kiran Manish Mohan "
    "Nikhil Rahul Raj Ravi Rohan Sanjay Sunil Varun Vikram"
)

# Words, not surnames that somebody bears: nobody should find their own name in a demo.
_PORTUGUESE_WORDS = (
    "Alvorada Andorinha Aquarela Arco-Íris Arvoredo Bem-te-vi Brisa Cachoeira Caderno Chuvisco "
    "Compasso Devaneio Ensaio Estrelado Exemplo Fábula Fantasia Fictício Girassol Guarda-Chuva "
    "Horizonte Imaginário Inventado Jabuticaba Labirinto Luar Maresia Melodia Miragem Modelo "
    "Mosaico Neblina Nuvem Papelão Pirilampo Quimera Rabisco Sabiá Sereno Silhueta Sonhador "
    "Suposto Tangerina Travessia Trovoada Utopia Vaga-lume Vento Violeta Zéfiro"
)
_SPANISH_WORDS = (
    "Acuarela Alborada Arcoíris Brújula Caracola Colibrí Crucigrama Ejemplo Ensueño Espejismo "
    "Estrellado Fábula Ficticio Garabato Girasol Golondrina Imaginario Inventado Laberinto "
    "Lavanda Luciérnaga Mariposa Mosaico Nubarrón Papel Quimera Relámpago Rompecabezas Ruiseñor "
    "Supuesto Telaraña Utopía Ventisca"
)
_ENGLISH_WORDS = (
    "Bumbleberry Butterscotch Cloudbury Dandelion Driftwood Everyman Featherstitch Fernwhistle "
    "Figment Gooseberry Hypothetical Inkwell Lanternby Madeupson Marmalade Moonbeam Nonesuch "
    "Paperclip Pebblebrook Placeholder Puddlewick Quillfeather Sampleton Snowdrop Testerly "
    "Thimblewood Tumbledown Whatsit Winterberry"
)
_GERMAN_WORDS = (
    "Beispiel Bücherwurm Erdacht Fabelhaft Glühwürmchen Hirngespinst Löwenzahn Luftschloss "
    "Mondschein Muster Nebelkrähe Niemandsland Papierboot Purzelbaum Regenbogen Siebenschläfer "
    "Sternschnuppe Unbekannt Wolkenschieber Zauberhut"
)
_INDIAN_WORDS = (
    "Barsaat Chandni Chitrakar Indradhanush Jugnu Kahani Kalpana Kalpanik Kitab Megh Namuna Patang "
    "Saawan Sapna Sitara Suraj-Mukhi Udaharan"
)

_PORTUGUESE_NAMES = (
    (*_PORTUGUESE.split(), "Maria José", "Ana Clara", "João Pedro"),
    _PORTUGUESE_WORDS.split(),
)
_SPANISH_NAMES = _SPANISH.split(), _SPANISH_WORDS.split()
_ENGLISH_NAMES = _ENGLISH.split(), _ENGLISH_WORDS.split()

# First names and surnames.
_NAMES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "BR": _PORTUGUESE_NAMES,
    "PT": _PORTUGUESE_NAMES,
    "ES": _SPANISH_NAMES,
    "MX": _SPANISH_NAMES,
    "AR": _SPANISH_NAMES,
    "US": _ENGLISH_NAMES,
    "GB": _ENGLISH_NAMES,
    "DE": (_GERMAN.split(), _GERMAN_WORDS.split()),
    "IN": (_INDIAN.split(), _INDIAN_WORDS.split()),
}
_TWO_SURNAMES = frozenset({"BR", "PT", "ES", "MX", "AR"})

# City and the state or province as WooCommerce abbreviates it.
_CITIES = {
    "BR": (
        ("São Paulo", "SP"),
        ("Campinas", "SP"),
        ("Santos", "SP"),
        ("Rio de Janeiro", "RJ"),
        ("Niterói", "RJ"),
        ("Belo Horizonte", "MG"),
        ("Uberlândia", "MG"),
        ("Vitória", "ES"),
        ("Curitiba", "PR"),
        ("Londrina", "PR"),
        ("Florianópolis", "SC"),
        ("Porto Alegre", "RS"),
        ("Brasília", "DF"),
        ("Goiânia", "GO"),
        ("Salvador", "BA"),
        ("Recife", "PE"),
        ("Fortaleza", "CE"),
        ("Belém", "PA"),
        ("Manaus", "AM"),
    ),
    "PT": (("Lisboa", ""), ("Porto", ""), ("Coimbra", ""), ("Braga", "")),
    "ES": (("Madrid", "M"), ("Barcelona", "B"), ("Valencia", "V"), ("Sevilla", "SE")),
    "MX": (("Ciudad de México", "DF"), ("Guadalajara", "JA"), ("Monterrey", "NL")),
    "AR": (("Buenos Aires", "C"), ("La Plata", "B"), ("Rosario", "S")),
    "US": (("Springfield", "IL"), ("Austin", "TX"), ("Portland", "OR"), ("Boston", "MA")),
    "GB": (("London", ""), ("Bristol", ""), ("Leeds", ""), ("Glasgow", "")),
    "DE": (("Berlin", "DE-BE"), ("Hamburg", "DE-HH"), ("Köln", "DE-NW")),
    "IN": (("Mumbai", "MH"), ("Pune", "MH"), ("Bengaluru", "KA"), ("Delhi", "DL")),
}

_MAIL_DOMAINS = ("example.com", "example.com", "example.com", "example.org", "example.net")


def full_name(country: str, random: Random) -> tuple[str, str]:
    """A first name and an invented surname; two surnames where that is usual."""
    firsts, words = _NAMES[country]
    last = random.choice(words)
    if country in _TWO_SURNAMES and random.random() < 0.4:
        last = f"{last} {random.choice(words)}"
    return random.choice(firsts), last


def as_typed(name: str, random: Random) -> str:
    """The name as its owner types it: mostly well, sometimes shouted, mumbled or with a space."""
    chance = random.random()
    if chance < 0.04:
        return name.upper()
    if chance < 0.08:
        return name.lower()
    return f"{name} " if chance < 0.10 else name


def city(country: str, random: Random) -> tuple[str, str]:
    """A city and its state's abbreviation ("" where shops ask for none)."""
    return random.choice(_CITIES[country])


def mail_address(first: str, last: str, serial: int, random: Random) -> str:
    """An address at a domain reserved for examples; `serial` keeps two namesakes apart."""
    plain = unicodedata.normalize("NFKD", f"{first}.{last.split(maxsplit=1)[0]}")
    local = "".join(
        mark for mark in plain.lower() if mark.isascii() and (mark.isalpha() or mark == ".")
    )
    return f"{local}{serial}@{random.choice(_MAIL_DOMAINS)}"
