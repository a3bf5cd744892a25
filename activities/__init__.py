"""Side effects, at least once: a class per noun, one method per step. A step is one transaction or one provider call.

A method may run twice and matters once. ``DomainError`` is turned into ``ApplicationError`` by one interceptor
(``activities.support.errors``), nowhere else.
"""
