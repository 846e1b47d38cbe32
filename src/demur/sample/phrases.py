"""What made-up people write: phrase banks of our own, by kind of row and by language.

A text is put together as opening + place + (connector + who) + closing + tag; each part may be any of its bank.
Openings have no full stop, closings begin with the punctuation that ends the sentence, tags count somebody's days.
"""

from demur.sample.names import LANGUAGES

KINDS = ("post", "photo", "comment", "prompt", "message")
"""The kinds of rows, in the order of every array that is indexed by kind."""

OPENINGS: dict[str, dict[str, str]] = {
    "post": {
        "en": "Long walk today|First swim of the year|We moved to a new flat|Best soup I ever had|The trains were late "
        "again|Finished the whole book|Band practice went well|Garden is finally green",
        "pt": "Caminhada longa hoje|Primeiro mergulho do ano|Mudámos de casa|A melhor sopa de sempre|O comboio "
        "atrasou-se outra vez|Acabei o livro todo|O ensaio correu bem|O jardim já está verde",
        "es": "Paseo largo hoy|Primer baño del año|Nos mudamos de piso|La mejor sopa de mi vida|El tren llegó tarde "
        "otra vez|Terminé el libro entero|El ensayo salió bien|El jardín ya está verde",
        "de": "Langer Spaziergang heute|Zum ersten Mal schwimmen dieses Jahr|Wir sind umgezogen|Die beste Suppe "
        "überhaupt|Der Zug kam wieder zu spät|Das ganze Buch gelesen|Die Probe lief gut|Der Garten ist endlich grün",
        "fr": "Longue balade aujourd'hui|Première baignade de l'année|On a déménagé|La meilleure soupe de ma vie|Le "
        "train était encore en retard|J'ai fini tout le livre|La répétition s'est bien passée|Le jardin est enfin vert",
        "it": "Lunga passeggiata oggi|Primo bagno dell'anno|Abbiamo cambiato casa|La zuppa più buona di sempre|Il "
        "treno era in ritardo|Ho finito tutto il libro|Le prove sono andate bene|Il giardino è finalmente verde",
    },
    "photo": {
        "en": "Golden hour|Morning light|View from up here|Coffee break|Sunday colours|Blue and more blue|Caught this "
        "moment|Look at this sky",
        "pt": "Hora dourada|Luz da manhã|Vista cá de cima|Pausa para café|Cores de domingo|Azul e mais azul|Apanhei "
        "este momento|Olhem para este céu",
        "es": "Hora dorada|Luz de la mañana|Vista desde aquí arriba|Pausa para el café|Colores de domingo|Azul y más "
        "azul|Pillé este momento|Mirad este cielo",
        "de": "Goldene Stunde|Morgenlicht|Blick von hier oben|Kaffeepause|Sonntagsfarben|Blau und noch mehr "
        "Blau|Diesen Moment erwischt|Schaut euch diesen Himmel an",
        "fr": "L'heure dorée|Lumière du matin|La vue d'ici|Pause café|Couleurs de dimanche|Du bleu et encore du "
        "bleu|Moment volé|Regardez ce ciel",
        "it": "Ora d'oro|Luce del mattino|La vista da quassù|Pausa caffè|Colori di domenica|Blu e ancora blu|Colto al "
        "volo|Guardate che cielo",
    },
    "comment": {
        "en": "Love this|So good|I was there too|Wait for me next time|That made my day|Is this the place|You have to "
        "show me|Still laughing",
        "pt": "Adoro isto|Tão bom|Eu também estive lá|Da próxima esperem por mim|Fez-me o dia|É este o sítio|Tens de "
        "me mostrar|Ainda me estou a rir",
        "es": "Me encanta|Qué bueno|Yo también estuve|La próxima vez esperadme|Me alegró el día|Es este el "
        "sitio|Tienes que enseñármelo|Sigo riéndome",
        "de": "Wie schön|So gut|Da war ich auch|Wartet nächstes Mal auf mich|Mein Tag ist gerettet|Ist das der Ort|Das "
        "musst du mir zeigen|Ich lache immer noch",
        "fr": "J'adore|Trop bien|J'y étais aussi|La prochaine fois attendez-moi|Ça fait ma journée|C'est bien "
        "l'endroit|Il faut que tu me montres|J'en ris encore",
        "it": "Che bello|Buonissimo|C'ero anch'io|La prossima volta aspettatemi|Mi hai svoltato la giornata|È questo "
        "il posto|Devi farmelo vedere|Rido ancora",
    },
    "prompt": {
        "en": "Plan a weekend|Write a birthday toast|Suggest a running route|Draft a thank-you note|Make a packing "
        "list|Find a vegetarian dinner|Explain the bus tickets|Turn this into a poem",
        "pt": "Planeia um fim de semana|Escreve um brinde de anos|Sugere um percurso de corrida|Redige um bilhete de "
        "agradecimento|Faz uma lista para a mala|Encontra um jantar vegetariano|Explica os bilhetes|Faz disto um poema",
        "es": "Planea un fin de semana|Escribe un brindis de cumpleaños|Sugiere una ruta para correr|Redacta una nota "
        "de gracias|Haz una lista de equipaje|Busca una cena vegetariana|Explica los billetes|Convierte esto en poema",
        "de": "Plane ein Wochenende|Schreib eine Geburtstagsrede|Schlag eine Laufstrecke vor|Entwirf eine Dankeskarte|"
        "Mach eine Packliste|Finde ein vegetarisches Abendessen|Erkläre die Fahrkarten|Mach daraus ein Gedicht",
        "fr": "Prépare un week-end|Écris un toast d'anniversaire|Propose un parcours de course|Rédige un mot de "
        "remerciement|Fais une liste de valise|Trouve un dîner végétarien|Explique les billets|Fais-en un poème",
        "it": "Organizza un fine settimana|Scrivi un brindisi di compleanno|Proponi un percorso di corsa|Scrivi un "
        "biglietto di grazie|Fai una lista per la valigia|Trova una cena vegetariana|Spiega i biglietti|Fanne una "
        "poesia",
    },
    "message": {
        "en": "Are you home tonight|I will call you later|Please keep this to yourself|The doctor said it is fine|I "
        "left the keys|Sorry about yesterday|Can you pick up bread|My new number comes soon",
        "pt": "Estás em casa hoje à noite|Ligo-te mais tarde|Guarda isto para ti|O médico disse que está tudo "
        "bem|Deixei as chaves|Desculpa por ontem|Podes trazer pão|O meu novo número vem em breve",
        "es": "Estás en casa esta noche|Te llamo luego|No se lo cuentes a nadie|El médico dijo que todo bien|Dejé las "
        "llaves|Perdona por lo de ayer|Puedes comprar pan|Pronto te doy mi número nuevo",
        "de": "Bist du heute Abend zu Hause|Ich rufe dich später an|Behalt das bitte für dich|Der Arzt sagt, alles "
        "gut|Ich habe die Schlüssel dort gelassen|Tut mir leid wegen gestern|Kannst du Brot mitbringen|Bald habe ich "
        "eine neue Nummer",
        "fr": "Tu es chez toi ce soir|Je t'appelle plus tard|Garde ça pour toi|Le médecin dit que tout va bien|J'ai "
        "laissé les clés|Désolé pour hier|Tu peux prendre du pain|Mon nouveau numéro arrive bientôt",
        "it": "Sei a casa stasera|Ti chiamo più tardi|Tienilo per te|Il medico dice che va tutto bene|Ho lasciato le "
        "chiavi|Scusa per ieri|Puoi prendere il pane|Presto ti do il numero nuovo",
    },
}
PLACES: dict[str, str] = {
    "en": "| by the harbour| at the old mill| on the hill| near the station| at the market| in the park| by the lake",
    "pt": "| junto ao porto| no moinho velho| na serra| perto da estação| no mercado| no parque| à beira do lago",
    "es": "| junto al puerto| en el molino viejo| en la colina| cerca de la estación| en el mercado| en el parque| "
    "junto al lago",
    "de": "| am Hafen| an der alten Mühle| auf dem Hügel| beim Bahnhof| auf dem Markt| im Park| am See",
    "fr": "| près du port| au vieux moulin| sur la colline| près de la gare| au marché| dans le parc| au bord du lac",
    "it": "| vicino al porto| al vecchio mulino| sulla collina| vicino alla stazione| al mercato| nel parco| in riva "
    "al lago",
}
CONNECTORS: dict[str, str] = {
    "en": " with ", "pt": " com ", "es": " con ", "de": " mit ", "fr": " avec ", "it": " con ",
}  # fmt: skip
CLOSINGS: dict[str, str] = {
    "en": ".|!|. More of it tomorrow, if the weather holds.|. What a day!| 🙂|. I had forgotten how much I missed "
    "this.|… and that was only the beginning.|. Thank you all for the kind words.",
    "pt": ".|!|. Amanhã há mais, se o tempo deixar.|. Que dia!| 🙂|. Já não me lembrava das saudades que tinha "
    "disto.|… e isto foi só o começo.|. Obrigada a todos pelas palavras.",
    "es": ".|!|. Mañana más, si el tiempo acompaña.|. ¡Qué día!| 🙂|. Había olvidado cuánto lo echaba de menos.|… y "
    "eso fue solo el principio.|. Gracias a todos por las palabras.",
    "de": ".|!|. Morgen mehr davon, wenn das Wetter hält.|. Was für ein Tag!| 🙂|. Ich hatte vergessen, wie sehr mir "
    "das fehlte.|… und das war erst der Anfang.|. Danke euch allen für die lieben Worte.",
    "fr": ".|!|. La suite demain, si le temps le permet.|. Quelle journée !| 🙂|. J'avais oublié combien cela me "
    "manquait.|… et ce n'était que le début.|. Merci à tous pour vos mots.",
    "it": ".|!|. Domani il resto, se il tempo regge.|. Che giornata!| 🙂|. Avevo dimenticato quanto mi mancasse.|… e "
    "questo era solo l'inizio.|. Grazie a tutti per le belle parole.",
}
DAY_TAGS: dict[str, str] = {
    "en": " #day", "pt": " #dia", "es": " #dia", "de": " #tag", "fr": " #jour", "it": " #giorno",
}  # fmt: skip
DAYS = 1000
"""Day tags run from 0 to below this."""

PHRASES_A_BANK = 8
"""How many phrases each bank above holds, so that arrays of them can be indexed without a look-up."""


def flat_openings() -> list[str]:
    """Return every opening; those of kind k and language l begin at (k * len(LANGUAGES) + l) * PHRASES_A_BANK."""
    return [phrase for kind in KINDS for code in LANGUAGES for phrase in OPENINGS[kind][code].split("|")]


def flat_bank(bank: dict[str, str]) -> list[str]:
    """Return the phrases of a bank by language; those of language l begin at l * PHRASES_A_BANK."""
    return [phrase for code in LANGUAGES for phrase in bank[code].split("|")]


def flat_day_tags() -> list[str]:
    """Return the tags of every day; those of language l begin at l * DAYS."""
    return [f"{DAY_TAGS[code]}{day}" for code in LANGUAGES for day in range(DAYS)]
