"""How a turn of the caller sounds by its words, and whether it asks for a person. Rules, and never a model.

All languages are asked, whatever language the call is in. A language is added as one more `Feelings` in `LANGUAGES`:
patterns over plain words, as in `stopping`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from calls.conversation.stopping import plain


class Mood(StrEnum):
    ANGRY = "angry"
    UNHAPPY = "unhappy"
    PLEASED = "pleased"


@dataclass(frozen=True, slots=True)
class Feelings:
    """How a language asks for a person, swears at a machine, complains, and is content; how an agent says it failed.

    `not_person`: words about people that are no such wish; what stands beside them still may be. `alone`: what is one
    only if nothing else is said.
    """

    person: re.Pattern[str]
    not_person: re.Pattern[str]
    alone: re.Pattern[str]
    angry: re.Pattern[str]
    unhappy: re.Pattern[str]
    pleased: re.Pattern[str]
    failed: re.Pattern[str]


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


LANGUAGES = {
    "en": Feelings(
        person=_words(
            r"(?:speak|talk|speaking|talking) (?:to|with) (?:a |an |some |the |your )?(?:real |actual |live |human )?"
            r"(?:person|human|someone|somebody|agent|representative|rep|operator|manager|supervisor|people(?! in)|"
            r"assistant|receptionist|employee|owner|boss)",
            r"(?:real|actual|live) (?:person|human|human being|agent)",
            r"(?:get|give|put|transfer|connect) (?:me )?(?:through )?(?:to |with |on )?(?:a |an |your |the )?"
            r"(?:human|person|someone|somebody|representative|operator|manager|supervisor)",
            r"(?:transfer|connect) me (?:to|with)", "put me through",
            r"(?:want|need) (?:to )?(?:a |an |your )?(?:human|person|representative|operator|manager|supervisor)"
            r"(?=$| (?:please|now|right|instead|on|who|that|because|and|or|not|here|today|immediately)\b"
            r"| for (?:this|that)\b| to (?:talk|speak|help|answer|assist|call|take|handle|deal|explain))",
        ),
        not_person=_words(
            r"(?:(?<!why )(?:do not|don't)|(?<!why )not|no need|never|without)"
            r"(?: (?:want|need|have|like|please|to|for|be|speak|speaking|talk|talking|transfer|put|connect|me|with|"
            r"through|a|an|any|the|your|real|actual|live|human|you))*(?: \w+)?",
            r"(?:i am|i'm|he is|she is|this is) an? (?:real |actual |live )?(?:person|human(?: being)?|agent|operator)",
            r"(?:was|were|been) (?:speaking|talking) (?:to|with) (?:a |an |the |your )?\w+",
            r"do i (?:need|have) to (?:speak|talk) (?:to|with) (?:a |an |the )?\w+",
        ),
        alone=_words(
            r"(?:an? |my )?(?:real |live |human |actual )+(?:person|being|agent|operator)",
            r"(?:an? )?(?:human|customer service|(?:customer service )?(?:operator|representative|agent))",
        ),
        angry=_words(
            "ridiculous", "unacceptable", "outrageous", "(?:fucking|fuck|bullshit)",
            "(?:you are|you're|this is) (?:useless|stupid|an idiot|a joke|a disgrace)",
            "sick (?:and tired )?of (?:you|it|your|being|waiting|talking|repeating|this (?:call|machine|robot))",

            "i am furious", "i'm furious", "worst (?:service|company|experience)", "are you (?:stupid|kidding me)",
        ),
        unhappy=_words(
            "frustrat(?:ed|ing)", "annoy(?:ed|ing)", "disappointed", "not happy", "unhappy", "upset(?! stomach)",
            "(?:damn|damned|bloody|crap)", "(?:terrible|awful)(?! (?:pain|toothache|headache|cold|cough|weather))",
            "waste of (?:my )?time", "i (?:already|just) (?:told|said)", "you (?:are not|aren't) listening",
            "(?:does not|doesn't|is not|isn't|not) (?:help|helping|helpful)", "(?:this|that) (?:is not|isn't) working",
            "that is not what i (?:said|asked)",
            "that's not what i (?:said|asked)", "for the (?:second|third|last) time", "you don't understand",
        ),
        pleased=_words(
            "(?:that is|that's) (?:great|perfect|lovely)", "thank you (?:so|very) much", "wonderful", "fantastic",
            "excellent", "you (?:have been|were|are) (?:very |so )?(?:helpful|kind)", "i appreciate",
        ),
        failed=_words(
            r"(?:could not|couldn't|can't|cannot|did not|didn't) (?:do (?:that|this)|understand|catch|find|hear|help)",
            "(?:i am|i'm|i was|we are|we're) (?:unable to|having trouble)",
        ),
    ),
    "es": Feelings(
        person=_words(
            r"(?:hablar|comunicar(?:me)?|pasar?(?:me)?|pongame|paseme) con (?:una? |algun |el |la |su )?"
            r"(?:persona|humano|alguien|agente|operador|operadora|encargado|encargada|gerente|supervisor)",
            "(?:persona|humano) (?:real|de verdad)",
        ),
        not_person=_words(r"no (?:quiero|necesito)(?: (?:hablar|que|me|pase|con|una?|el|la|ninguna?))*(?: \w+)?"),
        alone=_words("(?:una? )?(?:agente|operador|operadora|humano|representante)"),
        angry=_words("ridiculo", "inaceptable", "verguenza", "mierda", "joder", "estoy hart[oa]", "inutil(?:es)?"),
        unhappy=_words(
            "frustrad[oa]", "molest[oa]", "decepcionad[oa]", "no estoy content[oa]", "es (?:terrible|fatal)",
            "perdida de tiempo", "ya (?:se )?lo (?:he dicho|dije)", "no me (?:entiende|escucha)",
            "esto no (?:funciona|sirve|me ayuda)",
        ),
        pleased=_words("muchas gracias", "perfecto", "estupendo", "excelente", "maravilloso", "muy amable"),
        failed=_words("no (?:he podido|pude|puedo|encuentro)", "no (?:le )?(?:he entendido|entendi|entiendo)"),
    ),
    "fr": Feelings(
        person=_words(
            r"parler (?:a|avec) (?:une? |quelqu'|un vrai |une vraie |votre )?"
            r"(?:un|personne|humain|etre humain|conseiller|conseillere|operateur|operatrice|responsable|agent)",
            "(?:vraie personne|vrai humain|vrai conseiller)",
            "passez moi (?:un|une|quelqu'un|votre)",
        ),
        not_person=_words(r"(?:veux pas|pas besoin)(?: (?:de|parler|a|avec|un|une|le|la))*(?: \w+)?"),
        alone=_words("(?:une? )?(?:humain|conseiller|conseillere|operateur|operatrice|agent)"),
        angry=_words("ridicule", "inacceptable", "honteux", "merde", "putain", "j'en ai (?:marre|assez)", "scandaleux"),
        unhappy=_words(
            "frustre(?:e)?", "enerve(?:e)?", "decu(?:e)?", "pas content(?:e)?", "(?:c'est|vous etes) nuls?",
            "horrible", "perte de temps",
            "je (?:vous )?l'ai deja dit", "vous ne (?:m'ecoutez|comprenez) pas", "ca ne (?:m'aide|sert)",
        ),
        pleased=_words("merci beaucoup", "parfait", "formidable", "excellent", "super", "tres gentil(?:le)?"),
        failed=_words("je n'ai pas (?:pu|compris|trouve|reussi)", "je ne (?:peux|comprends|trouve) pas"),
    ),
    "de": Feelings(
        person=_words(
            r"(?:mit )?(?:einem |einer |jemandem |eine |einen |jemand )?(?:echten |richtigen |lebenden )?"
            r"(?:menschen|mitarbeiter|mitarbeiterin|kollegen|kollegin|berater|beraterin|person|jemandem|jemanden|"
            r"vorgesetzten)"
            r" (?:sprechen|reden|verbinden)",
            "(?:echten|richtigen) menschen", "verbinden sie mich",
        ),
        not_person=_words(
            r"(?:(?<!mich )nicht|keinem|keiner|keinen|kein|niemandem|niemanden)"
            r"(?: (?:mit|zu|einem|einer|einen|eine|ein|echten|richtigen))*(?: \w+)?(?: (?:sprechen|reden|verbinden))?",
        ),
        alone=_words("(?:einen? )?(?:mitarbeiter|mitarbeiterin|berater|beraterin)"),
        angry=_words(
            "lacherlich", "unverschamt(?:heit)?", "unmogliche[rs]? (?:service|verhalten|benehmen)",
            "scheisse?", "verdammt", "frechheit", "ich habe genug",
            "mir reicht(?:'s| es)", "unfassbar",
        ),
        unhappy=_words(
            "frustriert", "genervt", "(?:das|sie) nerv(?:t|en)", "enttauscht",
            "unzufrieden", "argerlich", "schrecklich",
            "zeitverschwendung", "(?:das )?habe ich (?:ihnen )?(?:schon|bereits) gesagt", "das hilft (?:mir )?nicht",
            "sie (?:horen|verstehen) mich? nicht",
        ),
        pleased=_words("vielen dank", "wunderbar", "perfekt", "ausgezeichnet", "super", "sehr nett", "grossartig"),
        failed=_words(
            "nicht (?:verstanden|gefunden|geklappt)", "kann ich (?:leider )?nicht", r"konnte (?:ich )?(?:\w+ )?nicht",
        ),
    ),
    "pt": Feelings(
        person=_words(
            r"(?:falar|conversar) com (?:uma? |alguma |o |a |seu |sua )?"
            r"(?:pessoa|humano|alguem|atendente|operador|operadora|gerente|supervisor|responsavel)",
            "(?:pessoa|humano|atendente) de verdade",
        ),
        not_person=_words(r"nao (?:quero|preciso)(?: (?:falar|de|com|uma?|o|a|nenhuma?))*(?: \w+)?"),
        alone=_words("(?:uma? )?(?:humano|atendente|operador|operadora)"),
        angry=_words("ridiculo", "inaceitavel", "vergonha", "merda", "porra", "estou fart[oa]", "absurdo"),
        unhappy=_words(
            "frustrad[oa]", "irritad[oa]", "decepcionad[oa]", "nao estou (?:contente|satisfeit[oa])", "horrivel",
            "pessimo", "perda de tempo", "ja (?:lhe )?(?:disse|falei)", "nao (?:me )?(?:entende|escuta)",
            "isso nao (?:funciona|ajuda|adianta)",
        ),
        pleased=_words("muito obrigad[oa]", "perfeito", "otimo", "excelente", "maravilhoso", "muito gentil"),
        failed=_words("nao (?:consegui|pude|posso|encontrei)", "nao (?:entendi|compreendi)"),
    ),
    "it": Feelings(
        person=_words(
            r"parlare con (?:una? |qualche |il |la |un vero |una vera )?"
            r"(?:persona|umano|qualcuno|operatore|operatrice|responsabile|addetto|consulente|essere umano)",
            "(?:persona vera|vera persona|operatore umano)", "mi passi (?:un|una|qualcuno|il|la)",
        ),
        not_person=_words(r"non (?:voglio|ho bisogno)(?: (?:di|parlare|con|una?|il|la|nessuno?))*(?: \w+)?"),
        alone=_words("(?:una? )?(?:umano|operatore|operatrice|addetto|consulente)"),
        angry=_words("ridicolo", "inaccettabile", "vergogna", "merda", "cazzo", "sono stuf[oa]", "assurdo"),
        unhappy=_words(
            "frustrat[oa]", "arrabbiat[oa]", "delus[oa]", "non sono content[oa]", "terribile", "pessimo",
            "perdita di tempo", "(?:ve )?l'ho gia detto", "non mi (?:capisce|ascolta)",
            "(?:questo|cosi) non (?:funziona|aiuta|serve)",
        ),
        pleased=_words("grazie mille", "perfetto", "ottimo", "eccellente", "meraviglioso", "molto gentile"),
        failed=_words("non (?:sono riuscit[oa]|posso|riesco|ho trovato)", "non ho capito"),
    ),
}  # fmt: skip


_FILLERS = _words(
    "please",
    "no",
    "yes",
    "now",
    "hello",
    "i said",
    "por favor",
    "s'il vous plait",
    "bitte",
    "nein",
    "si",
    "non",
    "per favore",
)

# Once through the words for each mood, and not once more for each language: this is on the way to every answer.
_MOODS = {mood: re.compile("|".join(getattr(each, mood).pattern for each in LANGUAGES.values())) for mood in Mood}


def mood_of(said: str) -> Mood | None:
    """What the words of a turn tell of the caller's mood; None for nothing in particular."""
    words = plain(said)
    return next((mood for mood, pattern in _MOODS.items() if pattern.search(words)), None)


def asks_for_person(said: str) -> bool:
    """Whether these words of the caller ask to speak with a person."""
    words = plain(said)
    only = _FILLERS.sub(" ", words).strip()
    return any(
        each.alone.fullmatch(only)
        or (each.person.search(words) and each.person.search(each.not_person.sub("/", words)))
        for each in LANGUAGES.values()
    )


def admits_failure(said: str) -> bool:
    """Whether these words of the agent say that it did not understand, or could not do something."""
    words = plain(said)
    return any(feelings.failed.search(words) for feelings in LANGUAGES.values())
