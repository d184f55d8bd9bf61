"""For admins: service accounts, made and revoked, with what each was last used."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import names, service
from accounts.access import signed_in
from accounts.lists import OnlyOfferedLookups
from accounts.models import ServiceAccount
from accounts.roles import ROLES, WORDS

MAKE_ANOTHER = "To let that program in again, make another account."


class ServiceAccountForm(forms.ModelForm):
    role = forms.ModelChoiceField(Group.objects.filter(name__in=ROLES), widget=UnfoldAdminSelectWidget)
    purpose = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="What uses it, and whom to ask about it.",
    )

    class Meta:
        model = ServiceAccount
        fields = ("purpose",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].help_text = format_html_join("", "<p><b>{}</b>: {}</p>", WORDS.items())
        if self.instance.pk:
            self.fields["role"].initial = self.instance.user.groups.first()


class NewServiceAccountForm(ServiceAccountForm):
    name = forms.CharField(max_length=150, widget=UnfoldAdminTextInputWidget, help_text="Such as erp or web-shop.")

    def clean_name(self) -> str:
        return names.check(self.cleaned_data["name"])


@admin.register(ServiceAccount)
class ServiceAccountAdmin(OnlyOfferedLookups, ModelAdmin):
    form = ServiceAccountForm
    list_display = ["name", "role", "purpose", "is_active", "last_used", "made_by", "made_at"]
    list_filter = ["user__groups", "user__is_active"]
    list_select_related = ["user"]
    search_fields = ["user__username", "purpose"]
    search_help_text = "Name or purpose"
    actions = ["new_secret", "revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceAccount]:
        return super().get_queryset(request).prefetch_related("user__groups")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return ServiceAccountForm if obj else NewServiceAccountForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": ["role", "purpose"] if obj else ["name", "role", "purpose"]})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Of a new one, the secret is shown by `response_add`: once, and kept nowhere."""
        said = form.cleaned_data
        if change:
            super().save_model(request, obj, form, change)
            obj.user.groups.set([said["role"]])
            return
        by = signed_in(request).get_username()
        made, obj.secret = service.make(said["name"], said["role"], purpose=said["purpose"], by=by)
        obj.pk, obj.user = made.pk, made.user

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Its one button leads to the secret."""
        others = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **others})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._show(request, [(obj, obj.secret)])

    @action(description="New secret", permissions=["change"])
    def new_secret(self, request: HttpRequest, accounts: QuerySet[ServiceAccount]) -> HttpResponse | None:
        """Of those that are active: a revoked one could not use it."""
        revoked = [str(account) for account in accounts if not account.user.is_active]
        if revoked:
            messages.warning(request, f"Revoked, so without a new secret: {', '.join(revoked)}. {MAKE_ANOTHER}")
        made = [(account, service.new_secret(account)) for account in accounts if account.user.is_active]
        return self._show(request, made) if made else None

    @action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, accounts: QuerySet[ServiceAccount]) -> None:
        revoked = list(accounts)
        for account in revoked:
            service.revoke(account)
        messages.success(request, f"Revoked: {', '.join(map(str, revoked))}. Their tokens are worth nothing any more.")

    def _show(self, request: HttpRequest, made: list[tuple[ServiceAccount, str]]) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Secret", "opts": self.opts, "made": made}
        return render(request, "accounts/secret.html", context)  # the admin keeps its pages out of every cache

    @display(description="Name", ordering="user__username")
    def name(self, account: ServiceAccount) -> str:
        return account.user.get_username()

    @display(description="Role")
    def role(self, account: ServiceAccount) -> str:
        return ", ".join(group.name for group in account.user.groups.all())

    @display(description="Active", boolean=True, ordering="user__is_active")
    def is_active(self, account: ServiceAccount) -> bool:
        return account.user.is_active

    @display(description="Last used", ordering="last_used_at")
    def last_used(self, account: ServiceAccount) -> str:
        return f"{localtime(account.last_used_at):%d %b %Y, %H:%M}" if account.last_used_at else "never"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
