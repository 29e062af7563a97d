"""Each minute: who is due for a look, what is left unsent, what has gone quiet."""
