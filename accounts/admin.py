"""People, accounts and their mails for operators. Whoever opens the admin logs in on the portal's own page, with its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import clock
from accounts.models import Account, ApiToken, Membership, OutboxEmail, SandboxClock, User, normalise_email
from accounts.services import outbox, people, tokens

if TYPE_CHECKING:  # Django's classes take a type only while types are checked
    NewUserBase = forms.ModelForm[User]
    MembershipInlineBase = admin.TabularInline[Membership, Any]
    UserAdminBase = DjangoUserAdmin[User]
    AccountAdminBase = admin.ModelAdmin[Account]
    MembershipAdminBase = admin.ModelAdmin[Membership]
    ApiTokenAdminBase = admin.ModelAdmin[ApiToken]
    OutboxEmailAdminBase = admin.ModelAdmin[OutboxEmail]
    SandboxClockAdminBase = admin.ModelAdmin[SandboxClock]
else:
    NewUserBase, MembershipInlineBase, UserAdminBase = forms.ModelForm, admin.TabularInline, DjangoUserAdmin
    AccountAdminBase = MembershipAdminBase = ApiTokenAdminBase = admin.ModelAdmin
    OutboxEmailAdminBase = SandboxClockAdminBase = admin.ModelAdmin

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = "Leads Infinitos"
admin.site.site_title = "Leads Infinitos"
admin.site.index_title = "Operação"


class NewUserForm(NewUserBase):
    """A person by e-mail. They choose their password themselves, through the link."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        user.set_unusable_password()
        if commit:
            user.save()
        return user


class MembershipInline(MembershipInlineBase):
    model = Membership
    extra = 0
    autocomplete_fields = ("user", "account")
    readonly_fields = ("created_at",)


@admin.register(User)
class UserAdmin(UserAdminBase):
    ordering = ("-date_joined",)
    list_display = ("email", "name", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "date_joined")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", "is_active")}),
        ("Operação", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Datas", {"fields": ("last_login", "date_joined")}),
    )
    add_form = NewUserForm
    add_fieldsets = ((None, {"fields": ("email", "name")}),)
    inlines = (MembershipInline,)
    actions = ("send_password_link",)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    @admin.action(description="Enviar link de senha", permissions=["change"])
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        now = clock.now()
        for user in queryset:
            outbox.queue_password_reset(user=user, now=now)
        self.message_user(request, f"Links a caminho: {queryset.count()}.", messages.SUCCESS)


@admin.register(Account)
class AccountAdmin(AccountAdminBase):
    list_display = ("name", "time_zone", "frequency_cap_days", "created_at")
    list_filter = ("time_zone", "created_at")
    search_fields = ("name", "memberships__user__email")
    readonly_fields = ("created_at",)
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """A change goes through the service, which lets the sender see it at once."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        people.update_account(
            account=obj,
            name=obj.name,
            time_zone=obj.time_zone,
            frequency_cap_days=obj.frequency_cap_days,
            now=clock.now(),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False  # an account's ledger is the proof of what was sent; erasure has a service of its own


@admin.register(Membership)
class MembershipAdmin(MembershipAdminBase):
    list_display = ("user", "account", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "account")
    search_fields = ("user__email", "user__name", "account__name")
    autocomplete_fields = ("user", "account")
    readonly_fields = ("created_at",)


class ReadOnlyAdmin:
    """Rows that only the product writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin, ApiTokenAdminBase):
    list_display = ("name", "prefix", "membership", "created_at", "last_used_on", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "last_used_on")
    list_select_related = ("membership__user", "membership__account")
    search_fields = ("name", "prefix", "membership__user__email", "membership__account__name")
    fields = ("name", "prefix", "membership", "created_at", "last_used_on", "revoked_at")
    actions = ("revoke",)

    @admin.action(description="Revogar chaves", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        if not request.user.has_perm("accounts.change_apitoken"):
            self.message_user(request, "Você não pode revogar chaves.", messages.ERROR)
            return
        now = clock.now()
        for token in queryset:
            tokens.revoke_api_token(token=token, now=now)
        self.message_user(request, "As chaves escolhidas não abrem mais nada.", messages.SUCCESS)


@admin.register(OutboxEmail)
class OutboxEmailAdmin(ReadOnlyAdmin, OutboxEmailAdminBase):
    list_display = ("kind", "user", "created_at", "tries", "sent_at", "failed_at", "last_error")
    list_filter = (
        "kind",
        ("sent_at", admin.EmptyFieldListFilter),
        ("failed_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("user",)
    search_fields = ("user__email", "key")
    date_hierarchy = "created_at"
    actions = ("send_again",)

    @admin.action(description="Tentar de novo", permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxEmail]) -> None:
        if not request.user.has_perm("accounts.change_outboxemail"):
            self.message_user(request, "Você não pode reenviar e-mails.", messages.ERROR)
            return
        count = outbox.retry(emails=queryset, now=clock.now())
        self.message_user(request, f"E-mails de volta à fila: {count}.", messages.SUCCESS)


if settings.SANDBOX:

    @admin.register(SandboxClock)
    class SandboxClockAdmin(SandboxClockAdminBase):
        list_display = ("__str__", "offset_s")
