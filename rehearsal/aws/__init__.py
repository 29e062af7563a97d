"""The embedded AWS: moto on 127.0.0.1, with what moto lacks between an alarm and a function."""
