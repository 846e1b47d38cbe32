"""Names of made-up people: the most common given names and surnames of six languages, combined at random.

A combination belongs to nobody in particular, and to many people at once: that a name can mean several people is part
of what the sample is for. Handles are built from these words and from the nickname words below.
"""

import unicodedata

LANGUAGES = ("en", "pt", "es", "de", "fr", "it")
"""The languages of the sample, in the order of every array that is indexed by language."""

LANGUAGE_SHARES = (0.34, 0.2, 0.16, 0.12, 0.1, 0.08)
"""How many of the people write mainly in each language."""

GIVEN_NAMES = {
    "en": "Emma Olivia Grace Lily Chloe Ruby Hannah Alice Jack Harry Thomas Oliver George Noah Samuel Daniel "
    "Megan Lucy Ella Freya Ethan Owen Callum Peter",
    "pt": "Maria Ana Beatriz Inês Mariana Joana Sofia Catarina João Pedro Tiago Miguel Rui Gonçalo André Luís "
    "Rita Marta Letícia Camila Rafael Gabriel Mateus Vitória",
    "es": "Carmen Lucía Martina Paula Elena Pilar Rocío Nuria Javier Pablo Diego Álvaro Sergio Andrés Iván Jesús "
    "Alba Irene Noelia Valeria Hugo Marcos Adrián Joaquín",
    "de": "Anna Lena Leonie Katharina Jana Greta Heike Ursula Lukas Jonas Felix Maximilian Jürgen Matthias Björn Kai "
    "Franziska Mia Lotta Frieda Moritz Emil Anton Günther",
    "fr": "Camille Léa Manon Chloé Zoé Élise Margaux Inès Louis Hugo Théo Mathis Rémi François Benoît Antoine "
    "Jeanne Agathe Noémie Clémence Jules Étienne Maxime Loïc",
    "it": "Giulia Chiara Francesca Aurora Martina Sara Alessia Elisa Lorenzo Matteo Alessandro Andrea Davide Simone "
    "Nicolò Luca Bianca Ginevra Viola Noemi Pietro Edoardo Filippo Giosuè",
}
SURNAMES = {
    "en": "Smith Jones Taylor Brown Williams Wilson Davies Evans Walker Wright Roberts Green Hall Wood Clarke Hughes "
    "Edwards Turner Parker Cooper Morris Ward Baker Hill",
    "pt": "Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Sousa Fernandes Gonçalves Gomes Lopes "
    "Marques Alves Almeida Ribeiro Pinto Carvalho Teixeira Araújo Conceição Simões Guimarães",
    "es": "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
    "Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez",
    "de": "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein "
    "Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Groß",
    "fr": "Martin Bernard Dubois Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Roux Fournier "
    "Girard Bonnet Lambert Fontaine Rousseau Mercier Lefèvre Guérin Béranger",
    "it": "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Mancini Costa "
    "Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi",
}
NICKNAME_FIRST = (
    "sunny quiet tiny cosmic velvet salty lucky misty mellow dizzy frosty golden wild lazy brave crimson gentle happy "
    "hidden humble"
)
NICKNAME_SECOND = (
    "fox otter heron maple comet pebble lantern biscuit tulip sparrow badger cedar willow magpie ember acorn puffin "
    "clover walnut thistle"
)
EMAIL_DOMAINS = ("example.org", "example.com", "example.net", "mail.example", "post.example")
"""Names reserved for documentation (RFC 2606 and RFC 6761): no mail to them can reach anybody."""


def ascii_handle_part(name: str) -> str:
    """Return a name as people write it in handles: lower case, without accents."""
    folded = name.replace("ß", "ss").casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if c.isascii() and c.isalnum())
