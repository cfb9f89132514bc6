"""What billing refuses: each error has a stable code, put into words by `billing.texts`."""

from __future__ import annotations

from leads_infinitos.kernel.errors import DomainError


class BillingError(DomainError):
    """Anything billing refuses."""

    code = "billing_error"


class PlanUnknown(BillingError):
    """No current plan has this slug (params: plan)."""

    code = "plan_unknown"


class PlanLimitsInvalid(BillingError):
    """The limits of an edited plan contradict each other (params: field)."""

    code = "plan_limits_invalid"


class GrantEndsBeforeStart(BillingError):
    """A grant must end after it starts."""

    code = "grant_ends_before_start"


class GrantWithdrawn(BillingError):
    """The grant was withdrawn already."""

    code = "grant_withdrawn"


class ReasonMissing(BillingError):
    """A decision by hand needs a reason that somebody can read later."""

    code = "reason_missing"


class DailyNotOffered(BillingError):
    """The account's plan does not let the customer choose messages per day."""

    code = "daily_not_offered"


class DailyOutOfRange(BillingError):
    """The chosen messages per day lie outside the plan's range (params: least, most)."""

    code = "daily_out_of_range"


class AccountExists(BillingError):
    """The owner of this e-mail has an account already."""

    code = "account_exists"


class EmailInvalid(BillingError):
    """The text is no e-mail address."""

    code = "email_invalid"


class CatalogueInvalid(BillingError):
    """A catalogue file cannot be loaded (params: where = key or row, problem = stable word, value)."""

    code = "catalogue_invalid"
