"""A refusal that a person reads: the field it concerns and the sentence that says why."""


class ShareRefused(Exception):
    """What was asked cannot be done.

    `field` names the field of the form (viewers, password, message, ...; empty for the whole form), `reason`
    is a locale key and `holes` are its values: `t(language, refusal.reason, **refusal.holes)`.
    """

    def __init__(self, field: str, reason: str, **holes: object) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.holes = holes
