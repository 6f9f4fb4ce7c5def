"""A Fault is about the gateway itself, never about a party's file, and never reaches a party."""


class Fault(Exception):
    """Something of ours went wrong: the submission stays undecided, the operator sees it, it is tried again."""
