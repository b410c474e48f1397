"""What is said while a caller is put through, to the caller and to the people who are rung: in the agent's language.

A language is added as one more entry of `LANGUAGES`; the type checker asks for every sentence. A language without an
entry hears English.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.languages import nearest


@dataclass(frozen=True, slots=True)
class TransferSentences:
    """One language. To the caller: `waiting` to `back`. To a person of the business: `call_for` to `declined`."""

    waiting: str
    goodbye: str
    message: str
    thanks: str
    call_back: str
    unreached: str
    back: str
    call_for: str  # with {business} and {who}
    somebody: str
    about: str  # with {reason}
    last_words: str  # with {words}
    keys: str
    gone: str
    declined: str


LANGUAGES = {
    "en": TransferSentences(
        waiting="I am still trying to reach someone. Thank you for waiting.",
        goodbye="Thank you for your call. Goodbye.",
        message="I am sorry, nobody can take your call right now. Please say your name and your message now.",
        thanks="Thank you. Your message will be passed on. Goodbye.",
        call_back="I am sorry, nobody can take your call right now. We will call you back. Goodbye.",
        unreached="I am sorry, nobody can take your call right now. Shall I take a message?",
        back="I am back. Is there anything else that I can do for you?",
        call_for="A call for {business} from {who}.",
        somebody="somebody who gave no name",
        about="It is about: {reason}",
        last_words="The last words were: {words}",
        keys="Press 1 to take the call, or 2 to decline.",
        gone="The caller is not waiting any more. Goodbye.",
        declined="Thank you. Goodbye.",
    ),
    "es": TransferSentences(
        waiting="Sigo intentando localizar a alguien. Gracias por esperar.",
        goodbye="Gracias por su llamada. Adiós.",
        message="Lo siento, ahora mismo nadie puede atenderle. Diga ahora su nombre y su mensaje, por favor.",
        thanks="Gracias. Transmitiremos su mensaje. Adiós.",
        call_back="Lo siento, ahora mismo nadie puede atenderle. Le devolveremos la llamada. Adiós.",
        unreached="Lo siento, ahora mismo nadie puede atenderle. ¿Quiere dejarme un mensaje?",
        back="Ya estoy de vuelta. ¿Puedo hacer algo más por usted?",
        call_for="Una llamada para {business} de {who}.",
        somebody="alguien que no ha dado su nombre",
        about="Se trata de: {reason}",
        last_words="Sus últimas palabras fueron: {words}",
        keys="Pulse 1 para atender la llamada, o 2 para rechazarla.",
        gone="La persona que llamaba ya no espera. Adiós.",
        declined="Gracias. Adiós.",
    ),
    "fr": TransferSentences(
        waiting="J'essaie toujours de joindre quelqu'un. Merci de patienter.",
        goodbye="Merci de votre appel. Au revoir.",
        message="Je suis désolé, personne ne peut vous répondre pour le moment. "
        "Veuillez dire maintenant votre nom et votre message.",
        thanks="Merci. Votre message sera transmis. Au revoir.",
        call_back="Je suis désolé, personne ne peut vous répondre pour le moment. Nous vous rappellerons. Au revoir.",
        unreached="Je suis désolé, personne ne peut vous répondre pour le moment. Voulez-vous laisser un message ?",
        back="Je suis de retour. Puis-je faire autre chose pour vous ?",
        call_for="Un appel pour {business} de {who}.",
        somebody="quelqu'un qui n'a pas donné son nom",
        about="C'est au sujet de : {reason}",
        last_words="Ses derniers mots : {words}",
        keys="Appuyez sur 1 pour prendre l'appel, ou sur 2 pour refuser.",
        gone="La personne n'attend plus. Au revoir.",
        declined="Merci. Au revoir.",
    ),
    "de": TransferSentences(
        waiting="Ich versuche weiterhin, jemanden zu erreichen. Danke, dass Sie warten.",
        goodbye="Danke für Ihren Anruf. Auf Wiederhören.",
        message="Es tut mir leid, gerade kann niemand Ihren Anruf annehmen. "
        "Bitte sagen Sie jetzt Ihren Namen und Ihre Nachricht.",
        thanks="Danke. Ihre Nachricht wird weitergegeben. Auf Wiederhören.",
        call_back="Es tut mir leid, gerade kann niemand Ihren Anruf annehmen. Wir rufen Sie zurück. Auf Wiederhören.",
        unreached="Es tut mir leid, gerade kann niemand Ihren Anruf annehmen. Darf ich etwas ausrichten?",
        back="Ich bin wieder da. Kann ich sonst noch etwas für Sie tun?",
        call_for="Ein Anruf für {business} von {who}.",
        somebody="jemandem, der keinen Namen genannt hat",
        about="Es geht um: {reason}",
        last_words="Die letzten Worte waren: {words}",
        keys="Drücken Sie die 1, um den Anruf anzunehmen, oder die 2, um abzulehnen.",
        gone="Am anderen Ende wartet niemand mehr. Auf Wiederhören.",
        declined="Danke. Auf Wiederhören.",
    ),
    "pt": TransferSentences(
        waiting="Ainda estou tentando falar com alguém. Obrigado por esperar.",
        goodbye="Obrigado pela sua ligação. Até logo.",
        message="Desculpe, ninguém pode atender agora. Por favor, diga agora o seu nome e o seu recado.",
        thanks="Obrigado. O seu recado será transmitido. Até logo.",
        call_back="Desculpe, ninguém pode atender agora. Vamos ligar de volta. Até logo.",
        unreached="Desculpe, ninguém pode atender agora. Quer deixar um recado?",
        back="Já voltei. Posso ajudar em mais alguma coisa?",
        call_for="Uma ligação para {business} de {who}.",
        somebody="alguém que não disse o nome",
        about="O assunto é: {reason}",
        last_words="As últimas palavras foram: {words}",
        keys="Pressione 1 para atender, ou 2 para recusar.",
        gone="A pessoa já não está esperando. Até logo.",
        declined="Obrigado. Até logo.",
    ),
    "it": TransferSentences(
        waiting="Sto ancora cercando qualcuno. Grazie per l'attesa.",
        goodbye="Grazie per la chiamata. Arrivederci.",
        message="Mi dispiace, al momento nessuno può rispondere. Dica ora il suo nome e il suo messaggio, per favore.",
        thanks="Grazie. Il suo messaggio sarà riferito. Arrivederci.",
        call_back="Mi dispiace, al momento nessuno può rispondere. La richiameremo. Arrivederci.",
        unreached="Mi dispiace, al momento nessuno può rispondere. Vuole lasciare un messaggio?",
        back="Sono di nuovo qui. Posso fare altro per lei?",
        call_for="Una chiamata per {business} da {who}.",
        somebody="una persona che non ha detto il suo nome",
        about="Si tratta di: {reason}",
        last_words="Le ultime parole sono state: {words}",
        keys="Prema 1 per prendere la chiamata, o 2 per rifiutarla.",
        gone="La persona non è più in attesa. Arrivederci.",
        declined="Grazie. Arrivederci.",
    ),
}


def transfer_sentences(language: str) -> TransferSentences:
    """The sentences of the nearest language that has them."""
    return nearest(language, LANGUAGES)
