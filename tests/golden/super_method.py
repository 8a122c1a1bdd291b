"""super() in front of a method: one operation finds the method above the class, and no object is made."""


class Base:
    def add(self, x):
        return x + 1


class Derived(Base):
    def super_method(self, x):
        return super().add(x)


super_method = Derived.super_method
CALLS = [(Derived(), 3)]
