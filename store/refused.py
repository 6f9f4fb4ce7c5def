"""What the store says to an operator whose request it does not carry out."""


class RefusedError(Exception):
    """A request of an operator names something that is not there, is there already, or contradicts itself.

    Nothing was changed. The text is for the operator.
    """
