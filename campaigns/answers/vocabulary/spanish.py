"""Spanish answers."""

from __future__ import annotations

from campaigns.answers.vocabulary.ways import Ways, any_of, denied_by, first, only

_OTRO = r"(?:dia|hora|fecha|cita|horario|momento)"
SPANISH = Ways(
    wrong=any_of(
        r"numero (?:equivocado|incorrecto|errado)",
        r"(?:persona|casa) equivocada",
        r"se (?:ha |han )?equivoc(?:o|a|an|aron|ado)",
        r"esta(?:n|s)? equivocad[oa]s?",
        r"(?:aqui no vive|no vive (?:mas |ya )?aqui)",
        r"no hay (?:nadie|ningun[oa]?) (?:\w+ )?(?:con ese nombre|que se llame|llamad[oa])",
        r"nadie (?:aqui )?(?:con ese nombre|se llama|que se llame)",
        r"no (?:lo |la )?(?:conozco|conocemos) a (?:esa persona|nadie|ese|esa|el|ella|ningun\w*)",
        r"no soy (?:yo|el|ella|esa persona|la persona|el paciente|la paciente)",
    ),
    reschedule=any_of(
        r"re ?(?:program|agend)\w+",
        rf"(?:otr[oa]|nuev[oa]|distint[oa]|diferente) {_OTRO}",
        rf"{_OTRO} (?:distint[oa]|diferente)",
        r"(?:cambiar|mover|pasar|aplazar|posponer|postergar|adelantar|atrasar|retrasar)(?:me)?(?:la|lo)",
        rf"(?:cambiar|mover|aplazar|posponer|postergar) (?:de |la |el |mi )?{_OTRO}",
        r"(?:la proxima semana|la semana (?:que viene|proxima|siguiente))",
    ),
    cancel=any_of(
        r"cancel(?:arl[ao]|ar|ada|emos|aria|en|o|e|a)",
        r"anul(?:arl[ao]|ar|en|o|e|a)",
        r"no (?:(?:me )?(?:va|es) a ser posible|(?:voy|vamos) a poder|puedo|podemos|podre|podremos|podria)"
        r" (?:ir|asistir|venir|llegar(?! tarde)|acudir|estar|presentarme)",
        r"no (?:voy|vamos) a (?:ir|asistir|estar|llegar(?! tarde))",
        r"no (?:ire|iremos|asistire|asistiremos|acudire|vendre)",
    ),
    confirm=any_of(
        r"confirm(?:o|amos|ad[oa]|ar)",
        r"(?<!no )(?:ahi|alli|alla) (?:estare|estaremos|voy a estar|vamos a estar|nos vemos)",
        r"(?<!no )(?:estare|estaremos) (?:ahi|alli|alla)",
        r"(?<!no )(?:me|nos) (?:parece|viene|va|queda) (?:muy )?(?:bien|perfecto)",
        r"(?<!no )esta (?:muy )?bien",
        r"(?<!no )(?:de acuerdo|perfecto)",
        r"cuenten? conmigo",
        r"(?:nos vemos|hasta) (?:entonces|manana|ese dia|el (?:lunes|martes|miercoles|jueves|viernes))",
    ),
    agreed=only(
        r"si|claro|claro que si|por supuesto|de acuerdo|ok|okay|vale|correcto|perfecto|esta bien|muy bien|asi es"
        r"|con gusto|desde luego|exacto|gracias|muchas gracias|por favor|senor|senora|senorita"
    ),
    yes_first=first("si|claro|vale|por supuesto"),
    refused=only("no|gracias|lo siento|perdon|senor|senora|senorita"),
    hedged=any_of(
        *("no", "pero", "aunque", "excepto", r"quizas?", "tal vez", "a lo mejor", "depende", "creo", "nunca", "menos"),
        r"(?:solo )?si (?:puedo|podemos|es|me|no|hay)",
    ),
    denied=denied_by(
        "no|nunca|sin",
        "quiero|quisiera|queremos|deseo|hace falta|hay que|tengo que|necesito|voy a|vamos a|pienso|la|lo|me|se|es",
        r"cancel|anul|cambi|mover|muev|re ?program|re ?agend|pospon|posterg|aplaz|otr[oa] (?:dia|hora)|equivoc",
    ),
    harmless=any_of(r"no hay (?:ningun )?problema", "sin (?:ningun )?problema", r"no se preocupen?", "como no"),
    again=any_of(
        r"(?:quien|con quien) (?:es|habla|hablo|llama)",
        r"(?:de parte de quien|de donde (?:llama|habla)n?)",
        r"repet?i(?:r|rlo|rmelo|ta|tame|talo|telo)",
        r"otra vez",
        r"no (?:le |la |lo |te |se )?(?:escuche|oi|entendi|entiendo|oigo|escucho|oye|escucha)",
        r"un momento",
        r"como dice",
    ),
    hello=only(
        "hola|bueno|diga|digame|alo|si diga|si digame|si bueno|buenos dias|buenas tardes|buenas noches|buenas|que"
        "|como|mande|quien"
    ),
    greeted=frozenset({"si"}),
)
