"""How people say yes, another day, no, and that somebody else is on the line, in every language that we speak.

A language is added as one more module with its `Ways`; tests/campaigns/answers/test_sorting.py has sentences for each.
"""

from campaigns.answers.vocabulary.english import ENGLISH
from campaigns.answers.vocabulary.french import FRENCH
from campaigns.answers.vocabulary.german import GERMAN
from campaigns.answers.vocabulary.italian import ITALIAN
from campaigns.answers.vocabulary.portuguese import PORTUGUESE
from campaigns.answers.vocabulary.spanish import SPANISH
from campaigns.answers.vocabulary.ways import Ways

__all__ = ["LANGUAGES", "Ways"]

LANGUAGES = {"en": ENGLISH, "es": SPANISH, "fr": FRENCH, "de": GERMAN, "pt": PORTUGUESE, "it": ITALIAN}
