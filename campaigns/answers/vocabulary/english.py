"""English answers."""

from __future__ import annotations

from campaigns.answers.vocabulary.ways import Ways, any_of, denied_by, first, only

ENGLISH = Ways(
    wrong=any_of(
        r"(?:the |a )?wrong (?:number|person|house|party)",
        r"(?:no ?body|no one|nobody|not anyone) (?:here )?(?:by|with|of) that name",
        r"(?:no ?body|no one) (?:called|named)",
        r"(?:does not|doesn't|doesnt) live here",
        r"(?:do not|don't|dont) know (?:any ?body|anyone|who that is|that person|him|her)",
        r"(?:i am|i'm|im|this is|that is|that's|thats) not (?:him|her|me|the patient)",
        r"you have the wrong",
    ),
    reschedule=any_of(
        r"re ?-?schedule",
        r"(?:another|different|new|other|better) (?:day|time|date|appointment|slot)",
        r"(?:move|change|postpone|push|shift|switch|delay) (?:it|my|the|that|this)",
        r"(?:make|come) (?:it )?(?:later|earlier)",
        r"(?:next|following) week",
        "postpone",
        r"some other (?:day|time)",
    ),
    cancel=any_of(
        r"cancel(?:ed|led|ing|ling)?",
        r"(?:can not|cannot|can't|cant|won't|wont|will not|not going to|not able to) (?:be )?(?:able to )?"
        r"(?:make|come|be there|attend|keep)",
        r"(?:not|i'm not|im not) coming",
        r"call (?:it|that) off",
    ),
    confirm=any_of(
        r"confirm(?:ed|ing)?",
        r"(?:i will|i'll|ill|we will|we'll|well) (?:be there|come|be coming|see you)",
        r"(?:that|it|this) (?:is|works|will work|sounds|'s)? ?(?:fine|good|great|okay|ok|perfect|right|correct)",
        r"that works",
        r"works for me",
        r"sounds (?:good|great|fine)",
        r"see you (?:then|there|tomorrow)",
        r"count me in",
        r"(?:i am|i'm|im) coming",
    ),
    agreed=only(
        r"yes|yeah|yep|yup|sure|okay|ok|absolutely|definitely|certainly|of course|correct|right|fine|perfect|great"
        r"|please|thanks|thank you|sir|ma'am|you|ma am|i am|it is"
    ),
    yes_first=first("yes|yeah|yep|yup|sure|okay"),
    refused=only("no|nope|nah|thanks|thank you|sir|ma'am|sorry"),
    hedged=any_of("not", "can't", "cant", "won't", "wont", "don't", "dont", "cannot", "but", "unless", "if"),
    denied=denied_by(
        r"do not|don't|dont|does not|doesn't|did not|didn't|never|not|no need|won't|wont|without",
        "want|wish|need|have|going|trying|to|be|the|a|it|you|please",
        r"cancel|re ?schedul|postpon|mov(?:e|ing)\b|chang(?:e|ing)\b|another|different|wrong",
    ),
    harmless=any_of(r"(?:no|not a) (?:problem|worries|trouble)", r"(?:do not|don't|dont) worry", "can't wait"),
    again=any_of(
        r"(?:who is|who's|whos) (?:this|that|calling|there)",
        r"(?:say|repeat) (?:that|it|this)? ?again",
        r"repeat (?:that|it)",
        r"(?:did not|didn't|didnt|could not|couldn't|can't|cannot) (?:hear|understand|catch)",
        r"(?:please )?stay on the line",
        r"(?:please )?hold (?:on|the line)",
        r"one moment",
        r"come again",
        r"(?:before|to) (?:i )?try to connect you",
    ),
    hello=only(
        r"hello|hi|hey|yes hello|good morning|good afternoon|good evening|speaking|what|pardon|sorry"
        r"|this is she|this is he|who"
    ),
)
