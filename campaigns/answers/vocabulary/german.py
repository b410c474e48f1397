"""German answers."""

from __future__ import annotations

from campaigns.answers.vocabulary.ways import Ways, any_of, denied_by, first, only

_TERMIN = r"(?:termin|tag|uhrzeit|zeit|datum|mal)"
_WEG = r"(?:absag|stornier|annullier|verschieb|verleg|umbuch|ander(?:er|en) (?:tag|termin))"
GERMAN = Ways(
    wrong=any_of(
        r"falsche?n? (?:nummer|person|anschluss)",
        r"falsch verbunden",
        r"verwahlt",
        r"(?:wohnt|lebt) (?:hier nicht|nicht (?:mehr )?hier|nicht mehr)",
        r"(?:gibt es|gibt's|heisst) hier (?:nicht|niemand|keiner|niemanden)",
        r"niemand(?:en)? (?:hier )?(?:mit diesem namen|der so heisst)",
        r"(?:person|herrn|frau|namen|niemanden) (?:\w+ )?(?:kenne|kennen) (?:ich|wir) nicht",
        r"(?:kenne|kennen) (?:ich |wir )?(?:sie|ihn|diese person|die person|den herrn|die frau|den namen) nicht",
        r"(?:bin|bin ich) nicht (?:die|der|diese|dieser) (?:person|patient|patientin|richtige)",
        r"das bin ich nicht",
    ),
    reschedule=any_of(
        r"(?:verschieb|verleg|umbuch)(?:en|e|t)",
        rf"(?:ander|neu)e[nrsm]? {_TERMIN}",
        r"(?:spater|fruher)en termin",
        r"(?:ein andermal|nachste woche|nachster woche)",
        r"termin (?:andern|tauschen|wechseln)",
    ),
    cancel=any_of(
        r"absag(?:en|e)",
        r"(?:stornier|annullier)(?:en|e|t)",
        r"sagen? (?:\w+ ){0,4}?ab",
        r"(?:kann|konnen|konnte|werde|werden) (?:\w+ ){0,4}?nicht (?:\w+ ){0,2}?"
        r"(?:kommen|erscheinen|teilnehmen|wahrnehmen|da sein|dabei sein)",
        r"(?:komme|kommen|erscheine) (?:\w+ ){0,2}?nicht",
        r"(?:schaffe|schaffen) (?:\w+ ){0,2}?nicht",
    ),
    confirm=any_of(
        r"bestatig(?:e|en|t)",
        r"(?:ich|wir) (?:komme|kommen|bin da|sind da|bin dabei|sind dabei|werde da sein|werde kommen)"
        r"(?! (?:\w+ ){0,2}?nicht)",
        r"(?:das )?(?:passt|geht klar|geht in ordnung|klingt gut)(?! (?:\w+ ){0,2}?nicht)",
        r"(?<!nicht )(?:in ordnung|einverstanden)",
        r"alles klar",
        r"bis (?:dann|morgen|montag|dienstag|mittwoch|donnerstag|freitag)",
    ),
    agreed=only(
        r"ja|jawohl|genau|gerne?|klar|na klar|sicher|naturlich|okay|ok|in ordnung|alles klar|einverstanden|richtig"
        r"|passt|gut|sehr gut|doch|selbstverstandlich|perfekt|danke|vielen dank|danke schon|bitte"
    ),
    yes_first=first("ja|jawohl|klar|gerne?"),
    refused=only("nein|nee?|danke|leider|tut mir leid|leider nicht"),
    hedged=any_of(
        *("nicht", r"kein\w*", "aber", "ausser", "wenn", "falls", "vielleicht", "eventuell", "nie", "ohne", "nur")
    ),
    denied=denied_by(r"nicht|nie|keinesfalls|ohne|keinen?", "den|das|es|ihn|diesen|termin|mehr|wieder|zu|etwa", _WEG),
    harmless=any_of("(?:kein|gar kein|uberhaupt kein) problem", "keine sorge", "macht nichts"),
    again=any_of(
        r"wer (?:ist|sind|spricht|ruft)",
        r"(?:noch ?mal|noch einmal|wiederhol\w+)",
        r"(?:nicht|nichts|schlecht) (?:verstanden|gehort|verstehen|horen)",
        r"wie bitte",
        r"einen (?:moment|augenblick)",
    ),
    hello=only("hallo|guten tag|guten morgen|guten abend|ja hallo|hallo ja|gruss gott|servus|was|wer|moment"),
    greeted=frozenset({"ja"}),
)
