"""Local stand-ins of the providers: their wire contracts over loopback, fault switches, a log of what they accepted.

Imports no app and no Django, so that it runs beside the product, in tests and in benchmarks as a process of its own.
"""
