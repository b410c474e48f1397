"""What agents say that they have done and that they are, in the languages that the platform speaks. Pure.

All languages are asked, whatever language the agent was written in: it answers in the caller's. A language is added as
one more `Sayings` in `LANGUAGES`: patterns over plain words, as in `calls.conversation.feelings`. They know the common
ways of saying it and would rather miss one than accuse an agent that was right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from calls.conversation.stopping import plain


@dataclass(frozen=True, slots=True)
class Sayings:
    """How a language says it. `stands` is what may also be known because it was looked up: "you are booked for two".

    What follows a `condition` was not done yet; what follows a `denial` was not done at all. `automated` is how
    whoever answers says that they are a machine, and `passes` how they say that they are a person.
    """

    automated: re.Pattern[str]
    passes: re.Pattern[str]
    condition: re.Pattern[str]
    denial: re.Pattern[str]
    booked: re.Pattern[str]
    stands: re.Pattern[str]
    canceled: re.Pattern[str]
    moved: re.Pattern[str]
    passed_on: re.Pattern[str]
    sent: re.Pattern[str]
    put_through: re.Pattern[str]


# What bears a claim: the words for a person, and the tools of which one must have done it.
BEARS: dict[str, tuple[str, tuple[str, ...]]] = {
    "booked": ("booked", ("book_appointment", "move_appointment")),
    "stands": ("booked", ("book_appointment", "move_appointment", "find_appointments", "look_up_contact")),
    "canceled": ("canceled", ("cancel_appointment", "move_appointment")),
    "moved": ("moved", ("move_appointment", "book_appointment")),
    "passed_on": ("passed on", ("leave_message", "save_lead", "request_callback")),
    "sent": ("sent", ("send_sms",)),
    "put_through": ("put through", ("transfer_call", "hand_over")),
}


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


_ANY = r"(?:[\w']+ )"
_EN_HAVE = (
    r"(?:i have|i've|we have|we've|i just|i|(?:it|your (?:[\w']+ ){1,3}?)(?:has|have)(?: now)? been|is now|are now)"
)
_EN = rf"(?:{_EN_HAVE}|it is|it's|you are|you're|your {_ANY}{{1,3}}?is) (?:(?:just|now|all) )?"
_ES_HAVE = rf"(?:(?:he|hemos|ha sido|han sido|ha quedado|quedo|queda) {_ANY}?)"
_FR_HAVE = (
    r"(?:(?:j'ai|je (?:vous |te |le |la )?l?'?ai|nous (?:vous |l')?avons|a ete|ont ete) (?:(?:bien|deja|donc) )*)"
)
_FR_IS = rf"(?:(?:c'est|vous etes|rendez vous {_ANY}{{0,6}}?est) (?:(?:bien|maintenant|desormais) )*)"
_DE_HAVE = rf"(?:(?:ich habe|habe ich|wir haben|haben wir|wurde|wurden) {_ANY}{{0,10}}?)"
_DE_IS = rf"(?:(?:ist|sind sie|sie sind) {_ANY}{{0,8}}?)"
_IT_HAVE = rf"(?:(?:ho|l'ho|abbiamo|l'abbiamo|e stat[oa]) {_ANY}{{0,2}}?)"
_IT_IS = rf"(?:(?:appuntamento|visita|prenotazione) {_ANY}{{0,6}}?(?:e|risulta) (?:(?:ora|stat[oa]) )?)"
_PT_IS = rf"(?:(?:foi|ficou|esta|fica) {_ANY}?)"

LANGUAGES = {
    "en": Sayings(
        automated=_words("automated", "assistant", "virtual", "artificial", "robot", "ai", "a i"),
        passes=_words(
            "i(?:'m| am) (?:not|no) (?:an? )?(?:robot|machine|bot|ai|computer|automated)",
            "i(?:'m| am) (?:an? )?(?:real|human|living)(?: (?:person|human|being))?",
            "you are (?:talking|speaking) (?:to|with) a (?:real|human)",
        ),
        condition=_words("if", "once", "when", "as soon as", "after", "before", "until", "unless"),
        denial=_words("not", r"\w+n't", "cannot", "never", "nothing", "unable"),
        booked=_words(
            rf"{_EN_HAVE} (?:(?:just|now) )?(?:booked|scheduled)", "(?:was|were) able to (?:book|schedule)",
            "(?:i have|i've|i) (?:put|got) you (?:down|in) (?:for|on|at)",
        ),
        stands=_words(
            rf"{_EN}(?:booked|scheduled)", "you(?:'re| are) (?:all set|down) for",
            "your (?:appointment|booking|visit) is (?:now )?confirmed",
        ),
        canceled=_words(rf"{_EN}cancel+ed", "(?:was|were) able to cancel"),
        moved=_words(rf"{_EN}(?:moved|rescheduled)", "(?:was|were) able to (?:move|reschedule)"),
        passed_on=_words(
            "i will pass (?:it|that|this|your message) on", rf"{_EN}passed (?:it|that|this|your message) on",
            "i(?: have|'ve) (?:taken|noted|left|saved) (?:down )?(?:your|a|the) message",
            "i(?: have|'ve) (?:just )?(?:told|informed|notified|let) (?:the|our) (?:team|staff|office)",
        ),
        sent=_words(rf"{_EN}(?:sent|texted|emailed) (?:you|it|the|a|to)"),
        put_through=_words("i(?:'m| am) (?:now )?(?:putting|connecting|transferring) you"),
    ),
    "es": Sayings(
        automated=_words("asistente", "virtual", r"automatic[oa]\w*", "artificial", "robot", "ia"),
        passes=_words(
            "no soy (?:una? )?(?:robot|maquina|bot|ia|ordenador|computadora|inteligencia artificial)",
            "soy una? (?:persona|humano|humana|ser humano)", "(?:esta|estas) hablando con una persona",
        ),
        condition=_words("si", "cuando", "una vez", "en cuanto", "despues de", "antes de", "hasta"),
        denial=_words("no", "nunca", "nada", "tampoco", "todavia"),
        booked=_words(
            rf"{_ES_HAVE}(?:reservad|agendad|programad|apuntad)[oa]s?",
            "ya (?:l[eoa] |te )?(?:reserve|agende|programe|apunte)",
        ),
        stands=_words("(?:esta|tiene|tienes) (?:su cita |ya )?(?:reservad|agendad|programad|confirmad)[oa]s?"),
        canceled=_words(
            rf"(?:{_ES_HAVE}|esta (?:ya )?)(?:cancelad|anulad)[oa]s?", "ya (?:l[eoa] |te )?(?:cancele|anule)",
        ),
        moved=_words(
            rf"(?:{_ES_HAVE}|esta (?:ya )?)(?:cambiad|movid|reprogramad|trasladad|aplazad)[oa]s?",
            "ya (?:l[eoa] |te )?(?:cambie|movi|reprograme)",
        ),
        passed_on=_words(
            r"(?:he|hemos) (?:pasado|dejado|anotado|tomado|transmitido) (?:\w+ ){0,3}(?:mensaje|recado)",
            "se lo (?:he pasado|paso|pasare|comunicare|transmitire|hare llegar)",
            "(?:paso|pasare|transmitire|comunicare) (?:su|el|tu) (?:mensaje|recado)",
        ),
        sent=_words(rf"{_ES_HAVE}(?:enviad|mandad)[oa]s?", "ya (?:l[eoa] |te )?(?:envie|mande)"),
        put_through=_words(
            "(?:l[eoa]|te) (?:(?:paso|comunico|transfiero)(?: ahora)? con|estoy (?:pasando|transfiriendo|comunicando))",
        ),
    ),
    "fr": Sayings(
        automated=_words("assistante?", "virtuel(?:le)?", "automatique", "automatisee?", "artificiel(?:le)?", "robot"),
        passes=_words(
            "je ne suis pas (?:une? )?(?:robot|machine|ia|ordinateur|intelligence artificielle)",
            "je suis (?:bien )?une? (?:vraie? )?(?:personne|humaine?|etre humain)", "vous parlez a une vraie personne",
        ),
        condition=_words("s?i[ls]?(?= )", "quand", "lorsque?", "une fois", "des que", "apres", "avant", "jusqu'a"),
        denial=_words("pas", "jamais", "rien", "aucune?", "encore"),
        booked=_words(rf"{_FR_HAVE}(?:reserve|programme|planifie|inscrit|fixe)e?s?"),
        stands=_words(rf"{_FR_IS}(?:reserve|programme|planifie|inscrit|confirme|fixe)e?s?"),
        canceled=_words(rf"(?:{_FR_HAVE}|{_FR_IS})(?:annule)e?s?"),
        moved=_words(rf"(?:{_FR_HAVE}|{_FR_IS})(?:deplace|reporte|decale|modifie)e?s?"),
        passed_on=_words(
            r"(?:j'ai|je l'ai) (?:bien )?(?:transmis|pris|note|laisse) (?:\w+ ){0,2}message",
            "je l'ai (?:bien )?transmis",
            "je (?:(?:le|la|lui|leur) )?(?:transmets|transmettrai|ferai suivre)",
        ),
        sent=_words(rf"{_FR_HAVE}(?:envoye)e?s?"),
        put_through=_words(
            "je vous (?:passe|transfere|connecte|mets en (?:relation|communication))(?! (?:un|une|des|le|la|les)\\b)",
        ),
    ),
    "de": Sayings(
        automated=_words(
            r"\w*assistent(?:in)?", r"\w*assistenz", r"virtuell\w*", r"automat\w*", r"kunstlich\w*", "roboter", "ki",
        ),
        passes=_words(
            "ich bin keine? (?:roboter|maschine|bot|ki|computer|automat|kunstliche intelligenz)",
            "ich bin eine? (?:(?:echter?|richtiger?) )?(?:mensch|person)(?! am)",
            "mit einem (?:echten|richtigen) menschen",
        ),
        condition=_words("wenn", "sobald", "falls", "nachdem", "bevor", "bis", "ob", "damit"),
        denial=_words("nicht", r"kein\w*", "nie", "nichts", "leider", "schon", "bereits"),
        booked=_words(
            rf"{_DE_HAVE}(?:gebucht|eingetragen|reserviert|vereinbart|vorgemerkt|eingeplant)",
        ),
        stands=_words(rf"{_DE_IS}(?:gebucht|eingetragen|reserviert|vereinbart|vorgemerkt|bestatigt)"),
        canceled=_words(rf"(?:{_DE_HAVE}|{_DE_IS})(?:storniert|abgesagt|geloscht|gestrichen)"),
        moved=_words(rf"(?:{_DE_HAVE}|{_DE_IS})(?:verschoben|verlegt|umgebucht)"),
        passed_on=_words(
            rf"{_DE_HAVE}(?:weitergegeben|weitergeleitet|ausgerichtet)", rf"ich (?:gebe|leite) {_ANY}{{1,4}}?weiter",
            rf"ich richte {_ANY}{{1,4}}?aus", rf"werde (?:ich )?{_ANY}{{1,5}}?(?:weitergeben|weiterleiten|ausrichten)",
            rf"(?:ich habe|habe ich) {_ANY}{{0,3}}?nachricht {_ANY}{{0,3}}?(?:notiert|aufgenommen|hinterlassen)",
        ),
        sent=_words(rf"{_DE_HAVE}(?:gesendet|geschickt|verschickt|zugeschickt|zugesendet)"),
        put_through=_words("ich verbinde sie", rf"ich stelle sie {_ANY}{{0,3}}?durch"),
    ),
    "it": Sayings(
        automated=_words("assistente", "virtuale", r"automatic[oa]", r"automatizzat[oa]", "artificiale", "robot", "ia"),
        passes=_words(
            "non sono (?:una? )?(?:robot|macchina|bot|ia|computer|intelligenza artificiale)",
            "sono una? (?:(?:vera )?persona|(?:essere )?umano|persona vera)", "sta parlando con una persona",
        ),
        condition=_words("se", "quando", "una volta", "appena", "dopo", "prima", "finche"),
        denial=_words("non", "mai", "niente", "nulla", "ancora", "gia"),
        booked=_words(rf"{_IT_HAVE}(?:prenotat|fissat|registrat)[oai]"),
        stands=_words(rf"{_IT_IS}(?:prenotat|fissat|confermat|registrat)[oa]"),
        canceled=_words(rf"(?:{_IT_HAVE}|{_IT_IS})(?:cancellat|annullat|disdett)[oa]"),
        moved=_words(rf"(?:{_IT_HAVE}|{_IT_IS})(?:spostat|riprogrammat|rinviat)[oa]"),
        passed_on=_words(
            rf"ho {_ANY}{{0,2}}?(?:preso|lasciato|annotato|trasmesso|riferito|passato) {_ANY}{{0,2}}messaggio",
            "(?:lo |glielo )?riferiro", f"(?:passero|trasmettero|inoltrero) {_ANY}{{0,2}}(?:messaggio|richiesta)",
        ),
        sent=_words(rf"{_IT_HAVE}(?:inviat|mandat|spedit)[oai]"),
        put_through=_words("(?:le|la|ti) (?:passo (?:il|la|un|una|subito|ora)|trasferisco|metto in contatto)"),
    ),
    "pt": Sayings(
        automated=_words("assistente", "virtual", r"automatic[oa]", r"automatizad[oa]", "artificial", "robo", "ia"),
        passes=_words(
            "nao sou (?:uma? )?(?:robo|maquina|bot|ia|computador|inteligencia artificial)",
            "sou uma? (?:pessoa|humano|humana|ser humano)", "esta falando com uma pessoa",
        ),
        condition=_words("se", "si", "quando", "cuando", "assim que", "depois", "antes", "ate", "logo que"),
        denial=_words("nao", "nunca", "nada", "ainda", "ja esta", "no esta"),
        booked=_words("(?:marquei|agendei|reservei)", "(?:foi|ficou) (?:marcad|agendad|reservad)[oa]"),
        stands=_words(rf"{_PT_IS}(?:marcad|agendad|reservad|confirmad)[oa]"),
        canceled=_words("(?:cancelei|desmarquei)", rf"{_PT_IS}(?:cancelad|desmarcad)[oa]"),
        moved=_words("(?:remarquei|reagendei)", r"(?:mudei|alterei) (?:\w+ )?(?:consulta|horario|marcacao)",
                     rf"{_PT_IS}(?:remarcad|reagendad|alterad)[oa]"),
        passed_on=_words(
            rf"(?:anotei|deixei|registrei|passei|transmiti|encaminhei) {_ANY}{{0,2}}(?:recado|mensagem)",
            rf"vou (?:passar|transmitir|encaminhar|dar) {_ANY}{{0,2}}(?:recado|mensagem)",
        ),
        sent=_words("(?:enviei|mandei)", "(?:foi|foram) enviad[oa]s?"),
        put_through=_words(rf"vou {_ANY}?transferi\w*", rf"estou {_ANY}?(?:transferindo|passando)"),
    ),
}  # fmt: skip


def claimed_without(said: str, done: Set[str]) -> str:
    """What these words of the agent say was done, though none of the tools in `done` does it; empty for nothing."""
    borne = (BEARS[name] for clause in _clauses(said) for name in _claims(clause))
    return next((words for words, tools in borne if not done & {*tools}), "")


def claims_in(said: str) -> set[str]:
    """What these words of the agent say was done: names out of `BEARS`."""
    return {name for clause in _clauses(said) for name in _claims(clause)}


def passes_for_a_person(said: str) -> bool:
    words = plain(said)
    return any(sayings.passes.search(words) for sayings in LANGUAGES.values())


def names_a_machine(said: str, language: str) -> bool:
    """Whether these words, of an agent that speaks this language, say that it is automated."""
    own = LANGUAGES.get(language[:2].lower(), LANGUAGES["en"])
    return bool(own.automated.search(plain(said)))


def _clauses(said: str) -> Iterator[str]:
    """What is stated, part by part: no questions."""
    for sentence in re.split(r"(?<=[.?!…])\s+", said):
        if not sentence.rstrip(" \"”'").endswith("?"):
            yield from re.split(r"[,;:–—]\s", sentence)


def _claims(clause: str) -> Iterator[str]:
    heard = clause.lower()
    for sayings in LANGUAGES.values():
        condition = sayings.condition.search(heard)
        words = plain(heard[: condition.start()] if condition else heard)
        for name in BEARS:
            found = getattr(sayings, name).search(words)
            if found and not sayings.denial.search(words[: found.end()]):
                yield name
