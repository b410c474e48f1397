"""Whether somebody asks not to be called any more, in every language that we speak. Rules, and never a model.

All languages are asked, whatever language the call is in: who is called in English may answer in Spanish. A plain
request is certain; one with a condition ("not before nine") is not, because the difference matters to whoever said it.

A language is added as one more `Ways` in `LANGUAGES`: patterns over plain words, which are lower case, without accents
and without any mark but the apostrophe.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

CERTAIN, CONDITIONAL, DOUBTED = 1.0, 0.6, 0.5

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Stop:
    """The words that ask for it, and how certain it is."""

    because: str
    confidence: float

    @property
    def is_certain(self) -> bool:
        return self.confidence >= CERTAIN


@dataclass(frozen=True, slots=True)
class Ways:
    """How a language asks for it: in a phrase, in a word that is all that is said, or in a word that may mean it.

    A phrase that `condition` follows asks for something else, such as another hour.
    """

    phrases: re.Pattern[str]
    alone: re.Pattern[str] = _NEVER
    doubted: re.Pattern[str] = _NEVER
    condition: re.Pattern[str] = _NEVER


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


def _only(words: str, beside: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:(?:{beside}) )*(?:{words})(?: (?:{beside}|{words}))*$")


_US = r"(?:me|us|here|this number|my (?:number|phone|cell|house|home)|the house|our (?:number|house))"
ENGLISH = Ways(
    phrases=_any(
        r"(?:stop|quit|cease) (?:calling|call|phoning|ringing|the calls|these calls|all calls|contacting|bothering)",
        rf"(?:do not|don't|dont|never|no longer) (?:ever )?(?:call|phone|ring|contact|bother)"
        rf" (?:{_US}|any ?more|again)",
        r"(?:do not|don't|dont) call$",
        r"no more (?:of these |of those |phone |automated )?calls",
        r"(?:take|remove|delete|get) (?:me|us|my number|my name|this number|our number) (?:off|out|from|of)",
        r"remove (?:me|us|my number|this number|our number)",
        r"(?:opt|opting|opted) ?(?:me )?out",
        r"unsubscribe",
        r"do not call list",
        r"leave (?:me|us) alone",
        r"(?:revoke|withdraw) my consent",
    ),
    alone=re.compile(
        r"^(?:(?:please|no|just|yeah|okay|ok|hey|oh|i said) )*stop(?: (?:please|it|this|that|now|stop))*$"
    ),
    doubted=_any(r"stop(?! by\b| in\b| over\b| at\b| there\b| sign\b)"),
    condition=_any(
        "before",
        "after",
        "until",
        "unless",
        r"at (?:work|night|home)",
        "during",
        "on (?:sun|satur|mon|fri)day",
        "so early",
        "so late",
        "weekends",
        "to confirm",
        "if",
    ),
)

_LLAMAR = r"(?:llamar|llamando|marcar|marcando|molestar|molestando|contactar|contactando)(?:me|nos)?"
SPANISH = Ways(
    phrases=_any(
        r"(?:no|nunca) (?:me|nos) (?:llamen?|llames|marquen?|marques|molesten?|molestes|contacten?|hablen)",
        rf"(?:no|nunca) (?:(?:me|nos) )?(?:vuelvan?|vuelvas|sigan?|sigas) (?:a )?{_LLAMAR}",
        r"no (?:llamen?|llames|marquen?) (?:mas|nunca|aqui|otra vez|de nuevo|a (?:este|mi|esta))",
        rf"(?:deje|dejen|deja|pare|paren|para) de {_LLAMAR}",
        r"(?:quite|quiten|quita|saque|saquen|saca|elimine|eliminen|borre|borren|retire|retiren)(?:me|nos) (?:\w+ )?de",
        r"(?:quite|quiten|saque|saquen|elimine|eliminen|borre|borren|retire|retiren)"
        r" (?:mi|este|nuestro) (?:numero|nombre|telefono)",
        r"(?:me|nos) (?:quite|quiten|saque|saquen|borre|borren|elimine|eliminen) de",
        r"no quiero (?:recibir )?(?:mas|sus|estas) llamadas",
        rf"no quiero que me (?:llamen?|vuelvan? a {_LLAMAR}|sigan? {_LLAMAR})",
        r"(?:no mas|basta de|ni una) llamadas?(?: mas)?",
        r"(?:dejen?me|dejen?nos|deja ?me) en paz",
        r"(?:den?me|dar(?:me)?|quiero) (?:de )?baja",
        r"(?:revoco|retiro) mi consentimiento",
    ),
    alone=_only("basta|pare|paren|alto|stop|baja", "por favor|no|ya|gracias"),
    condition=_any(
        "antes",
        "despues",
        "hasta",
        "a menos",
        r"en (?:el|mi) trabajo",
        r"(?:los|el) (?:domingos?|sabados?|lunes)",
        r"tan (?:temprano|tarde|pronto)",
        "por la (?:manana|noche|tarde)",
        "mientras",
    ),
)

_APPELER = r"(?:appeler|rappeler|telephoner|contacter|deranger|harceler|embeter)"
FRENCH = Ways(
    phrases=_any(
        r"(?:ne )?(?:m'|me |nous )(?:appele[zr]|appelle|rappele[zr]|rappelle|telephone[zr]?|contacte[zr]?|derange[zr]?"
        r"|harcele[zr]) (?:plus|jamais)",
        rf"ne (?:plus|jamais) (?:jamais )?(?:(?:m'|me |nous ))?{_APPELER}",
        rf"(?:arrete[zr]?|cesse[zr]?) (?:(?:tout de suite|maintenant) )?(?:de |d')(?:m'|me |nous )?{_APPELER}",
        r"(?:arrete[zr]?|cesse[zr]?) (?:vos|ces|les) appels",
        r"(?:retirez|enlevez|supprimez|rayez|otez|effacez|retire|enleve) (?:moi|nous|mon (?:numero|nom)|ce numero"
        r"|notre numero)",
        r"(?:plus|stop aux|assez) (?:d'|de ces |de vos )?appels?",
        r"(?:ne )?(?:veux|souhaite|voulons|souhaitons) plus"
        r" (?:d'appels?|recevoir|etre (?:appele|contacte|derange)e?s?)",
        r"(?:laissez|laisse|fichez|foutez) (?:moi|nous) (?:tranquilles?|la paix|en paix)",
        r"desabonne[zr]?",
        r"(?:retire|revoque) mon (?:consentement|accord)",
    ),
    alone=_only("stop|arretez|arrete|assez|ca suffit", "s'il vous plait|non|oui|merci|maintenant"),
    condition=_any(
        "avant",
        "apres",
        "jusqu'a",
        "sauf",
        r"au (?:travail|bureau)",
        r"le (?:dimanche|samedi|lundi|matin|soir|week end)",
        r"(?:si|aussi) (?:tot|tard)",
        "pendant",
    ),
)

_NUMMER = r"(?:mich|uns|(?:meine|unsere|diese|die) (?:telefon|handy)?nummer|meinen namen|meine daten)"
GERMAN = Ways(
    phrases=_any(
        r"(?:rufen|rufe|ruft|ruf) (?:\w+ ){0,4}?(?:nicht|nie|niemals)(?: \w+){0,4} an",
        r"(?:rufen|rufe|ruft|ruf) (?:\w+ ){0,4}?(?:nicht mehr|nie (?:wieder|mehr)|niemals wieder)",
        r"(?:horen|hort|hor) (?:\w+ ){0,3}?auf",
        r"(?:nicht (?:mehr|weiter|langer)|nie (?:wieder|mehr)) (?:\w+ )?(?:angerufen|anrufen|anzurufen|kontaktiert"
        r"|kontaktieren|belastigt|belastigen)",
        r"keine (?:weiteren )?(?:werbe)?anrufe",
        rf"(?:streichen|loschen|entfernen|nehmen|streich|losch|nimm) (?:sie )?(?:bitte )?{_NUMMER}",
        r"(?:lassen|lasst|lass) (?:sie )?(?:mich|uns) (?:\w+ ){0,2}?(?:in (?:ruhe|frieden)|zufrieden)",
        r"(?:widerrufe|ziehe) (?:\w+ ){0,2}?(?:einwilligung|zustimmung)",
    ),
    alone=_only("stopp|stop|aufhoren|schluss|schluss damit", "bitte|nein|ja|sofort|jetzt"),
    condition=_any(
        "vor",
        "nach",
        "bis",
        r"am (?:sonntag|samstag|montag|wochenende|abend|morgen)",
        "sonntags",
        r"so (?:fruh|spat)",
        "wenn",
        "ausser",
        r"(?:bei|auf) der arbeit",
        "im buro",
        "wahrend",
    ),
)

_LIGAR = r"(?:ligar|telefonar|chamar|contatar|contactar|incomodar|perturbar)"
PORTUGUESE = Ways(
    phrases=_any(
        r"(?:nao|nunca)(?: mais)? (?:me|nos) (?:ligu?em?|ligues|telefonem?|chamem?|contatem?|contactem?|incomodem?"
        r"|perturbem?)",
        r"(?:nao|nunca)(?: mais)? (?:ligu?em?|telefonem?) (?:mais|nunca|novamente|de novo|outra vez|aqui"
        r"|(?:para|pra) (?:mim|ca|aqui|este|esse|minha|meu))",
        r"(?:nao|nunca mais) (?:ligu?em?|telefonem?)$",
        rf"(?:parem?|deixem?) de (?:me |nos )?{_LIGAR}(?: me)?",
        r"(?:tirem?|removam?|retirem?|excluam?|apaguem?) (?:me |nos )?(?:d[ao] |o )?(?:meu (?:numero|nome|telefone)"
        r"|este numero|esse numero|sua lista|vossa lista|lista|cadastro)",
        r"(?:me|nos) (?:tirem?|removam?|retirem?|excluam?) d",
        r"(?:me|nos) (?:tirem?|removam?|retirem?|excluam?) (?:da|do|dessa|desta)",
        r"nao quero (?:mais )?(?:receber )?(?:mais )?(?:ligacoes|chamadas|telefonemas)",
        r"nao quero que (?:me )?(?:ligu?em?|telefonem?)",
        r"(?:chega de|nao mais|basta de) (?:ligacoes|ligacao|chamadas|telefonemas)",
        r"(?:me deixem?|deixem? me) em paz",
        r"(?:revogo|retiro) (?:o )?meu consentimento",
    ),
    alone=_only("basta|chega|parem?|stop", "por favor|nao|ja|agora"),
    condition=_any(
        "antes",
        "depois",
        "ate",
        "a menos",
        r"no (?:trabalho|domingo|sabado|fim de semana)",
        r"tao (?:cedo|tarde)",
        r"(?:de|a) (?:manha|noite|tarde)",
        "durante",
    ),
)

_CHIAMARE = r"(?:chiamar|telefonar|contattar|disturbar|richiamar)(?:e|mi|ci)"
ITALIAN = Ways(
    phrases=_any(
        r"non (?:mi|ci) (?:ri)?(?:chiami|chiamate|chiamare|chiamino|chiamare)",
        r"non (?:mi|ci) (?:telefoni|telefonate|contatti|contattate|contattare|disturbi|disturbate|disturbare)",
        r"non (?:ri)?(?:chiama|chiamate|contattate|disturbate|telefonate)(?:mi|ci)",
        r"non (?:ri)?(?:chiamar|contattar|disturbar|telefonar)(?:mi|ci)",
        r"non (?:chiami|chiamate|telefoni|telefonate) (?:piu|mai piu|questo numero|qui)",
        rf"(?:smetta|smettete|smettetela|smettila|smetti|finitela) (?:di|con)"
        rf" (?:{_CHIAMARE}|le chiamate|queste chiamate)",
        r"basta (?:con )?(?:le |queste )?(?:chiamate|telefonate)",
        r"(?:mi|ci) (?:tolga|tolgano|rimuova|rimuovano|cancelli|cancellino) (?:d|subito|per favore)?",
        r"(?:toglietemi|toglietici|cancellatemi|rimuovetemi|toglimi|cancellami|eliminatemi)",
        r"(?:tolga|togliete|cancelli|cancellate|rimuova|rimuovete|elimini|eliminate)"
        r" (?:il mio|questo|il nostro) (?:numero|nome)",
        r"non voglio (?:piu )?(?:ricevere )?(?:piu )?"
        r"(?:chiamate|telefonate|essere (?:chiamat|contattat|disturbat)[oaie])",
        r"(?:mi lasci|mi lasciate|lasciatemi|lasciami|lasciateci) in pace",
        r"(?:revoco|ritiro) (?:il mio )?consenso",
    ),
    alone=_only("basta|stop|fermatevi|smettetela|smettila", "per favore|no|grazie|adesso|subito"),
    condition=_any(
        "prima",
        "dopo",
        "fino",
        "a meno",
        r"(?:al|sul) lavoro",
        r"(?:la|di) (?:domenica|sera|mattina|notte)",
        r"cosi (?:presto|tardi)",
        "durante",
    ),
)

LANGUAGES = {
    "en": ENGLISH,
    "es": SPANISH,
    "fr": FRENCH,
    "de": GERMAN,
    "pt": PORTUGUESE,
    "it": ITALIAN,
}


def find_stop(said: str) -> Stop | None:
    """The request in these words, if there is one: the most certain that any language finds."""
    words = plain(said)
    found = [stop for ways in LANGUAGES.values() if (stop := _find(ways, words)) is not None]
    return max(found, key=lambda stop: stop.confidence, default=None)


def plain(said: str) -> str:
    """Lower case, straight apostrophes, no accents and no other marks."""
    text = said.lower().replace("\u2019", "'").replace("ß", "ss")
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9' ]+", " ", text).split())


def _find(ways: Ways, words: str) -> Stop | None:
    if match := ways.phrases.search(words):
        conditional = ways.condition.search(words[match.start() :])
        return Stop(match[0], CONDITIONAL if conditional else CERTAIN)
    if match := ways.alone.match(words):
        return Stop(match[0], CERTAIN)
    match = ways.doubted.search(words)
    return Stop(match[0], DOUBTED) if match else None
