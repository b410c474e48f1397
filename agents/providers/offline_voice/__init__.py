"""A voice and an ear without keys: espeak-ng speaks and pocketsphinx hears, in processes of their own.

It exists so that the demo and the tests hold real conversations. It knows the words of a receptionist and not many
more, and it sounds like what it is.
"""
