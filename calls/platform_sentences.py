"""What the platform itself says in a call when the agent cannot: in the language of the agent.

A language is added as one more entry of `LANGUAGES`; the type checker asks for every sentence. A language without an
entry hears English.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.languages import nearest


@dataclass(frozen=True, slots=True)
class PlatformSentences:
    """One language. `bridge` is said by the process that takes over a call; `apology` ends one, unless a person
    takes it (`handing_over`) or will ring back. The last four stand in for those of an agent that goes on in a language
    in which nobody has written it any.
    """

    apology: str
    handing_over: str
    ringing_back: str
    bridge: str
    came_back: str
    putting_through: str
    one_moment: str
    still_working: str
    not_done: str
    type_now: str
    sorry: str
    unknown_agent: str
    unpublished: str
    suspended: str
    busy: str
    draining: str
    speechless: str
    still_there: str
    time_is_short: str
    stopped: str
    farewell: str
    ended: str = ""


LANGUAGES = {
    "en": PlatformSentences(
        apology="I am sorry, I am having trouble and cannot go on right now. "
        "Please call again in a little while. Goodbye.",
        handing_over="I am sorry, I am having trouble and cannot go on. I am putting you through to a colleague now.",
        ringing_back="I am sorry, I am having trouble and cannot go on right now. "
        "Somebody will call you back. Goodbye.",
        bridge="I am sorry, we were cut off for a moment. I am back. Please go on.",
        putting_through="I will put you through to a colleague now. One moment, please.",
        came_back="I am sorry, my colleague was cut off. I am with you again. Please go on.",
        one_moment="One moment, please.",
        still_working="I am still working on it.",
        not_done="I am sorry, I could not do that.",
        type_now="You can type now.",
        sorry="We are sorry, we cannot take your call right now. Please try again in a moment.",
        unknown_agent="We are sorry, this number is not in use.",
        unpublished="We are sorry, nobody can take your call at this number yet.",
        suspended="We are sorry, we cannot take calls at the moment. Please try again later.",
        busy="We are sorry, all our lines are busy. Please call again in a few minutes.",
        draining="We are sorry, please call again in a moment.",
        speechless="We are sorry, we cannot speak with you right now. Please call again later.",
        still_there="Are you still there?",
        time_is_short="We have half a minute left.",
        stopped="I understand. We will not call you again. Goodbye.",
        farewell="Thank you for calling. Goodbye.",
    ),
    "es": PlatformSentences(
        apology="Lo siento, tengo un problema y no puedo continuar en este momento. "
        "Por favor, llame de nuevo dentro de un rato. Adiós.",
        handing_over="Lo siento, tengo un problema y no puedo continuar. Le paso ahora con una persona del equipo.",
        ringing_back="Lo siento, tengo un problema y no puedo continuar en este momento. "
        "Le devolveremos la llamada. Adiós.",
        bridge="Lo siento, se cortó un momento. Ya estoy de vuelta. Continúe, por favor.",
        putting_through="Le paso ahora con un colega. Un momento, por favor.",
        came_back="Lo siento, se cortó la conexión de mi colega. Vuelvo a estar con usted. Continúe, por favor.",
        one_moment="Un momento, por favor.",
        still_working="Sigo con ello.",
        not_done="Lo siento, no he podido hacerlo.",
        type_now="Ya puede marcar.",
        sorry="Lo sentimos, no podemos atender su llamada ahora. Inténtelo de nuevo en un momento, por favor.",
        unknown_agent="Lo sentimos, este número no está en uso.",
        unpublished="Lo sentimos, todavía no podemos atender llamadas en este número.",
        suspended="Lo sentimos, en este momento no podemos atender llamadas. Inténtelo más tarde, por favor.",
        busy="Lo sentimos, todas nuestras líneas están ocupadas. Llame de nuevo en unos minutos, por favor.",
        draining="Lo sentimos, llame de nuevo en un momento, por favor.",
        speechless="Lo sentimos, ahora mismo no podemos hablar con usted. Llame más tarde, por favor.",
        still_there="¿Sigue ahí?",
        time_is_short="Nos queda medio minuto.",
        stopped="Entendido. No volveremos a llamarle. Adiós.",
        farewell="Gracias por su llamada. Adiós.",
    ),
    "fr": PlatformSentences(
        apology="Je suis désolé, j'ai un problème et je ne peux pas continuer pour le moment. "
        "Veuillez rappeler dans un instant. Au revoir.",
        handing_over="Je suis désolé, j'ai un problème et je ne peux pas continuer. "
        "Je vous mets en relation avec un collègue.",
        ringing_back="Je suis désolé, j'ai un problème et je ne peux pas continuer. Nous vous rappellerons. Au revoir.",
        bridge="Excusez-moi, nous avons été coupés un instant. Je suis de retour. Continuez, je vous en prie.",
        putting_through="Je vous mets en relation avec un collègue. Un instant, s'il vous plaît.",
        came_back="Excusez-moi, mon collègue a été coupé. Je suis de nouveau avec vous. Continuez, je vous en prie.",
        one_moment="Un instant, s'il vous plaît.",
        still_working="Je suis toujours dessus.",
        not_done="Je suis désolé, je n'ai pas pu le faire.",
        type_now="Vous pouvez composer maintenant.",
        sorry="Désolés, nous ne pouvons pas prendre votre appel pour le moment. Veuillez réessayer dans un instant.",
        unknown_agent="Désolés, ce numéro n'est pas en service.",
        unpublished="Désolés, personne ne peut encore répondre à ce numéro.",
        suspended="Désolés, nous ne pouvons pas prendre d'appels en ce moment. Veuillez réessayer plus tard.",
        busy="Désolés, toutes nos lignes sont occupées. Veuillez rappeler dans quelques minutes.",
        draining="Désolés, veuillez rappeler dans un instant.",
        speechless="Désolés, nous ne pouvons pas vous parler pour le moment. Veuillez rappeler plus tard.",
        still_there="Êtes-vous toujours là ?",
        time_is_short="Il nous reste une demi-minute.",
        stopped="Je comprends. Nous ne vous appellerons plus. Au revoir.",
        farewell="Merci de votre appel. Au revoir.",
    ),
    "de": PlatformSentences(
        apology="Es tut mir leid, ich habe gerade eine Störung und kann nicht weitersprechen. "
        "Bitte rufen Sie in Kürze noch einmal an. Auf Wiederhören.",
        handing_over="Es tut mir leid, ich habe gerade eine Störung. Ich verbinde Sie jetzt mit jemandem aus dem Team.",
        ringing_back="Es tut mir leid, ich habe gerade eine Störung. Wir rufen Sie zurück. Auf Wiederhören.",
        bridge="Entschuldigung, wir waren kurz unterbrochen. Ich bin wieder da. Bitte sprechen Sie weiter.",
        putting_through="Ich verbinde Sie jetzt mit jemandem aus dem Team. Einen Moment, bitte.",
        came_back="Entschuldigung, die Verbindung zu meinem Kollegen ist abgebrochen. Ich bin wieder für Sie da. "
        "Bitte sprechen Sie weiter.",
        one_moment="Einen Moment, bitte.",
        still_working="Ich bin noch dabei.",
        not_done="Es tut mir leid, das hat nicht geklappt.",
        type_now="Sie können jetzt tippen.",
        sorry="Es tut uns leid, wir können Ihren Anruf gerade nicht annehmen. Bitte versuchen Sie es gleich wieder.",
        unknown_agent="Es tut uns leid, diese Nummer ist nicht vergeben.",
        unpublished="Es tut uns leid, unter dieser Nummer kann noch niemand Ihren Anruf annehmen.",
        suspended="Es tut uns leid, wir können zurzeit keine Anrufe annehmen. Bitte versuchen Sie es später wieder.",
        busy="Es tut uns leid, alle Leitungen sind belegt. Bitte rufen Sie in ein paar Minuten noch einmal an.",
        draining="Es tut uns leid, bitte rufen Sie gleich noch einmal an.",
        speechless="Es tut uns leid, wir können gerade nicht mit Ihnen sprechen. Bitte rufen Sie später wieder an.",
        still_there="Sind Sie noch da?",
        time_is_short="Wir haben noch eine halbe Minute.",
        stopped="Ich verstehe. Wir rufen Sie nicht mehr an. Auf Wiederhören.",
        farewell="Vielen Dank für Ihren Anruf. Auf Wiederhören.",
    ),
    "pt": PlatformSentences(
        apology="Desculpe, estou com um problema e não posso continuar agora. "
        "Por favor, ligue novamente daqui a pouco. Até logo.",
        handing_over="Desculpe, estou com um problema e não posso continuar. "
        "Vou transferir a ligação para um colega agora.",
        ringing_back="Desculpe, estou com um problema e não posso continuar agora. Nós ligaremos de volta. Até logo.",
        bridge="Desculpe, a ligação caiu por um momento. Já voltei. Por favor, continue.",
        putting_through="Vou passar a ligação para um colega. Um momento, por favor.",
        came_back="Desculpe, a ligação do meu colega caiu. Estou de novo com você. Por favor, continue.",
        one_moment="Um momento, por favor.",
        still_working="Ainda estou vendo isso.",
        not_done="Desculpe, não consegui fazer isso.",
        type_now="Pode digitar agora.",
        sorry="Desculpe, não podemos atender a sua ligação agora. Tente novamente em um momento, por favor.",
        unknown_agent="Desculpe, este número não está em uso.",
        unpublished="Desculpe, ainda não podemos atender ligações neste número.",
        suspended="Desculpe, no momento não podemos atender ligações. Tente novamente mais tarde, por favor.",
        busy="Desculpe, todas as nossas linhas estão ocupadas. Ligue novamente em alguns minutos, por favor.",
        draining="Desculpe, ligue novamente em um momento, por favor.",
        speechless="Desculpe, não podemos falar com você agora. Ligue mais tarde, por favor.",
        still_there="Ainda está aí?",
        time_is_short="Temos mais meio minuto.",
        stopped="Entendi. Não voltaremos a ligar. Até logo.",
        farewell="Obrigado pela ligação. Até logo.",
    ),
    "it": PlatformSentences(
        apology="Mi dispiace, ho un problema e al momento non posso continuare. "
        "La prego di richiamare tra poco. Arrivederci.",
        handing_over="Mi dispiace, ho un problema e non posso continuare. La metto subito in contatto con un collega.",
        ringing_back="Mi dispiace, ho un problema e al momento non posso continuare. La richiameremo. Arrivederci.",
        bridge="Mi scusi, la linea è caduta per un momento. Sono di nuovo qui. Prego, continui.",
        putting_through="La metto in contatto con un collega. Un momento, per favore.",
        came_back="Mi scusi, la linea del mio collega è caduta. Sono di nuovo con lei. Prego, continui.",
        one_moment="Un momento, per favore.",
        still_working="Ci sto ancora lavorando.",
        not_done="Mi dispiace, non sono riuscito a farlo.",
        type_now="Ora può digitare.",
        sorry="Ci dispiace, in questo momento non possiamo rispondere alla sua chiamata. Riprovi tra poco, per favore.",
        unknown_agent="Ci dispiace, questo numero non è attivo.",
        unpublished="Ci dispiace, a questo numero non può ancora rispondere nessuno.",
        suspended="Ci dispiace, al momento non possiamo rispondere alle chiamate. Riprovi più tardi, per favore.",
        busy="Ci dispiace, tutte le nostre linee sono occupate. Richiami tra qualche minuto, per favore.",
        draining="Ci dispiace, richiami tra un momento, per favore.",
        speechless="Ci dispiace, in questo momento non possiamo parlare con lei. Richiami più tardi, per favore.",
        still_there="È ancora in linea?",
        time_is_short="Ci resta mezzo minuto.",
        stopped="Capisco. Non la chiameremo più. Arrivederci.",
        farewell="Grazie per la chiamata. Arrivederci.",
    ),
}


def platform_sentences(language: str) -> PlatformSentences:
    """The sentences of the nearest language that has them."""
    return nearest(language, LANGUAGES)
