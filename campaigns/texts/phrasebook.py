"""The sentences around a message, language by language. Pure data; `phrases` puts them together.

A language is added as one more entry of `BOOKS`: the type checker asks for every sentence, and the tests see to it that
each one names what it must. A language without an entry hears English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.languages import nearest


@dataclass(frozen=True, slots=True)
class Book:
    """One language. `{name}` is the business, `{number}` the number to call back, `{person}` who is called.

    The first sentence says that the call is automated, or that an AI speaks. `presses` are the words by which a message
    tells itself which key does what.
    """

    automated: str
    assistant: str
    how_to_stop: str
    number: str
    press: str
    presses: tuple[str, ...]
    offers: Mapping[str, str]
    thank_you: str
    thanks: Mapping[str, str]
    stopped: str
    how_to_record: str
    this_was: str
    call_to_stop: str
    unsaid: str
    goodbye: str
    another_time: str
    no_such_key: str
    for_screening: str
    for_screening_unnamed: str


BOOKS = {
    "en": Book(
        automated="This is an automated call for {name}.",
        assistant="This is {name}. You are speaking with an AI assistant.",
        how_to_stop="Press 9 or say stop to end calls from us.",
        number="Our number is {number}.",
        press="Press {keys}.",
        presses=("press",),
        offers={
            "confirmed": "to confirm",
            "rescheduled": "for another time",
            "canceled": "to cancel",
            "wrong_person": "if we have the wrong person",
            "agent": "to speak with us",
        },
        thank_you="Thank you.",
        thanks={
            "confirmed": "Thank you, that is confirmed.",
            "rescheduled": "Thank you. Somebody will get in touch about another time.",
            "canceled": "Thank you, that is canceled.",
            "wrong_person": "Thank you. We are sorry for the trouble.",
        },
        stopped="This is {name}. You will get no more calls from us. Goodbye.",
        how_to_record="Please say your answer after the tone. It is recorded and written down. "
        "To leave it at that, hang up.",
        this_was="This was {name}.",
        call_to_stop="Call it to end calls from us.",
        unsaid="We have a message for you. Please call us.",
        goodbye="Goodbye.",
        another_time="This is {name}. It is not a good time for a call; we will try again at another time. Goodbye.",
        no_such_key="That key does nothing here.",
        for_screening="This is an automated call from {name} for {person}.",
        for_screening_unnamed="This is an automated call from {name}.",
    ),
    "es": Book(
        automated="Esta es una llamada automática de {name}.",
        assistant="Le llama {name}. Está hablando con un asistente de inteligencia artificial.",
        how_to_stop="Pulse 9 o diga basta para no recibir más llamadas nuestras.",
        number="Nuestro número es {number}.",
        press="Pulse {keys}.",
        presses=("pulse", "oprima", "presione", "marque"),
        offers={
            "confirmed": "para confirmar",
            "rescheduled": "para cambiar la fecha",
            "canceled": "para cancelar",
            "wrong_person": "si no es la persona correcta",
            "agent": "para hablar con nosotros",
        },
        thank_you="Gracias.",
        thanks={
            "confirmed": "Gracias, queda confirmado.",
            "rescheduled": "Gracias. Nos pondremos en contacto para buscar otra fecha.",
            "canceled": "Gracias, queda cancelado.",
            "wrong_person": "Gracias. Disculpe la molestia.",
        },
        stopped="Le habla {name}. No recibirá más llamadas nuestras. Adiós.",
        how_to_record="Diga su respuesta después del tono. Se grabará y se pondrá por escrito. "
        "Si no desea responder, cuelgue.",
        this_was="Le ha llamado {name}.",
        call_to_stop="Llame a ese número para no recibir más llamadas nuestras.",
        unsaid="Tenemos un mensaje para usted. Por favor, llámenos.",
        goodbye="Adiós.",
        another_time="Le llama {name}. No es buena hora para llamar; lo intentaremos en otro momento. Adiós.",
        no_such_key="Esa tecla no tiene función aquí.",
        for_screening="Esta es una llamada automática de {name} para {person}.",
        for_screening_unnamed="Esta es una llamada automática de {name}.",
    ),
    "fr": Book(
        automated="Ceci est un appel automatique de {name}.",
        assistant="Ici {name}. Vous parlez avec un assistant d'intelligence artificielle.",
        how_to_stop="Appuyez sur 9 ou dites stop pour ne plus recevoir nos appels.",
        number="Notre numéro est le {number}.",
        press="Appuyez sur {keys}.",
        presses=("appuyez", "tapez", "composez"),
        offers={
            "confirmed": "pour confirmer",
            "rescheduled": "pour changer de date",
            "canceled": "pour annuler",
            "wrong_person": "si vous n'êtes pas la bonne personne",
            "agent": "pour nous parler",
        },
        thank_you="Merci.",
        thanks={
            "confirmed": "Merci, c'est confirmé.",
            "rescheduled": "Merci. Nous vous contacterons pour trouver une autre date.",
            "canceled": "Merci, c'est annulé.",
            "wrong_person": "Merci. Veuillez nous excuser pour le dérangement.",
        },
        stopped="Ici {name}. Vous ne recevrez plus d'appels de notre part. Au revoir.",
        how_to_record="Veuillez dire votre réponse après le signal. Elle est enregistrée et transcrite. "
        "Pour ne rien ajouter, raccrochez.",
        this_was="C'était {name}.",
        call_to_stop="Appelez ce numéro pour ne plus recevoir nos appels.",
        unsaid="Nous avons un message pour vous. Veuillez nous rappeler.",
        goodbye="Au revoir.",
        another_time="Ici {name}. Ce n'est pas une bonne heure pour vous appeler ; nous réessaierons. Au revoir.",
        no_such_key="Cette touche n'a pas de fonction ici.",
        for_screening="Ceci est un appel automatique de {name} pour {person}.",
        for_screening_unnamed="Ceci est un appel automatique de {name}.",
    ),
    "de": Book(
        automated="Dies ist ein automatischer Anruf von {name}.",
        assistant="Hier ist {name}. Sie sprechen mit einer künstlichen Intelligenz.",
        how_to_stop="Drücken Sie die 9 oder sagen Sie Stopp, wenn wir Sie nicht mehr anrufen sollen.",
        number="Unsere Nummer ist {number}.",
        press="Drücken Sie {keys}.",
        presses=("drücken", "tippen", "wählen sie"),
        offers={
            "confirmed": "zum Bestätigen",
            "rescheduled": "für einen anderen Termin",
            "canceled": "zum Absagen",
            "wrong_person": "wenn Sie nicht die richtige Person sind",
            "agent": "um mit uns zu sprechen",
        },
        thank_you="Vielen Dank.",
        thanks={
            "confirmed": "Vielen Dank, das ist bestätigt.",
            "rescheduled": "Vielen Dank. Wir melden uns wegen eines anderen Termins.",
            "canceled": "Vielen Dank, das ist abgesagt.",
            "wrong_person": "Vielen Dank. Bitte entschuldigen Sie die Störung.",
        },
        stopped="Hier ist {name}. Wir rufen Sie nicht mehr an. Auf Wiederhören.",
        how_to_record="Bitte sprechen Sie Ihre Antwort nach dem Ton. Sie wird aufgezeichnet und aufgeschrieben. "
        "Wenn Sie nicht antworten möchten, legen Sie auf.",
        this_was="Das war {name}.",
        call_to_stop="Rufen Sie dort an, wenn wir Sie nicht mehr anrufen sollen.",
        unsaid="Wir haben eine Nachricht für Sie. Bitte rufen Sie uns an.",
        goodbye="Auf Wiederhören.",
        another_time="Hier ist {name}. Es ist gerade keine gute Zeit; wir melden uns ein andermal. Auf Wiederhören.",
        no_such_key="Diese Taste hat hier keine Bedeutung.",
        for_screening="Dies ist ein automatischer Anruf von {name} für {person}.",
        for_screening_unnamed="Dies ist ein automatischer Anruf von {name}.",
    ),
    "pt": Book(
        automated="Esta é uma ligação automática de {name}.",
        assistant="Aqui é {name}. Você está falando com um assistente de inteligência artificial.",
        how_to_stop="Pressione 9 ou diga pare para não receber mais ligações nossas.",
        number="Nosso número é {number}.",
        press="Pressione {keys}.",
        presses=("pressione", "tecle", "digite", "aperte", "prima"),
        offers={
            "confirmed": "para confirmar",
            "rescheduled": "para outra data",
            "canceled": "para cancelar",
            "wrong_person": "se não for a pessoa certa",
            "agent": "para falar conosco",
        },
        thank_you="Obrigado.",
        thanks={
            "confirmed": "Obrigado, está confirmado.",
            "rescheduled": "Obrigado. Entraremos em contato para marcar outra data.",
            "canceled": "Obrigado, está cancelado.",
            "wrong_person": "Obrigado. Desculpe o incômodo.",
        },
        stopped="Aqui é {name}. Você não receberá mais ligações nossas. Até logo.",
        how_to_record="Diga a sua resposta depois do sinal. Ela será gravada e transcrita. "
        "Se não quiser responder, desligue.",
        this_was="Aqui falou {name}.",
        call_to_stop="Ligue para esse número se não quiser mais receber ligações nossas.",
        unsaid="Temos uma mensagem para você. Por favor, ligue para nós.",
        goodbye="Até logo.",
        another_time="Aqui é {name}. Não é uma boa hora para ligar; tentaremos em outro momento. Até logo.",
        no_such_key="Essa tecla não tem função aqui.",
        for_screening="Esta é uma ligação automática de {name} para {person}.",
        for_screening_unnamed="Esta é uma ligação automática de {name}.",
    ),
    "it": Book(
        automated="Questa è una chiamata automatica di {name}.",
        assistant="Qui {name}. Sta parlando con un assistente di intelligenza artificiale.",
        how_to_stop="Prema 9 o dica basta per non ricevere più le nostre chiamate.",
        number="Il nostro numero è {number}.",
        press="Prema {keys}.",
        presses=("prema", "premi", "digiti"),
        offers={
            "confirmed": "per confermare",
            "rescheduled": "per un'altra data",
            "canceled": "per annullare",
            "wrong_person": "se non è la persona giusta",
            "agent": "per parlare con noi",
        },
        thank_you="Grazie.",
        thanks={
            "confirmed": "Grazie, è confermato.",
            "rescheduled": "Grazie. La contatteremo per trovare un'altra data.",
            "canceled": "Grazie, è annullato.",
            "wrong_person": "Grazie. Ci scusi per il disturbo.",
        },
        stopped="Qui {name}. Non riceverà più chiamate da noi. Arrivederci.",
        how_to_record="Dica la sua risposta dopo il segnale. Sarà registrata e trascritta. "
        "Se non vuole rispondere, riagganci.",
        this_was="Era {name}.",
        call_to_stop="Chiami quel numero per non ricevere più le nostre chiamate.",
        unsaid="Abbiamo un messaggio per lei. La preghiamo di chiamarci.",
        goodbye="Arrivederci.",
        another_time="Qui {name}. Non è un buon momento per chiamare; riproveremo un'altra volta. Arrivederci.",
        no_such_key="Questo tasto qui non ha funzione.",
        for_screening="Questa è una chiamata automatica di {name} per {person}.",
        for_screening_unnamed="Questa è una chiamata automatica di {name}.",
    ),
}


def book(language: str) -> Book:
    """The sentences of the nearest language that has them."""
    return nearest(language, BOOKS)
