"""For admins: users, with a name, a password, a role (none makes a superuser here); the log of sign-ins and rights."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldBooleanSwitchWidget

from accounts import lockout, names, record, roles
from accounts.lists import OnlyOfferedLookups, ReadOnlyAdmin
from accounts.models import AccessEvent
from accounts.service_admin import ServiceAccountAdmin

DEACTIVATE = "What they opened stays theirs. Take the tick from “Active” instead: then they can't sign in any more."
LOCKED = "Locked after {} failed sign-ins in a row, until {}. That may have been somebody else who guesses passwords."
HELP = {
    "username": "Up to 150 letters, digits and @ . + - _",
    "is_active": "Without it they can't sign in. What they opened and decided stays theirs.",
}

__all__ = ["AccessEventAdmin", "AccountAdmin", "ServiceAccountAdmin"]

admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.unregister([BlacklistedToken, OutstandingToken])


class NewAccountForm(UserCreationForm):
    def clean_username(self) -> str:
        return names.check(self.cleaned_data["username"])


class AccountForm(UserChangeForm):
    unlock = forms.BooleanField(
        label="Unlock", required=False, widget=UnfoldBooleanSwitchWidget, help_text="They can try again at once."
    )

    class Meta(UserChangeForm.Meta):
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = 'Nobody can read it, not even here. You can <a href="{}" class="mg-link">set a new one</a>.'
        self.fields["password"].help_text = format_html(words, "../password/")

    def clean_username(self) -> str:
        return names.check(self.cleaned_data["username"], of=self.instance.pk)


@admin.register(User)
class AccountAdmin(OnlyOfferedLookups, UserAdmin, ModelAdmin):
    form = AccountForm
    add_form = NewAccountForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "roles", "email", "is_active", "last_login"]
    list_filter = ["groups", "is_active"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password", "email"]}),
        ("Role", {"fields": ["groups", "is_active"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["username", "password1", "password2", "groups"]})]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        until = obj and lockout.locked_until(obj.username)
        if until:
            words = LOCKED.format(settings.AXES_FAILURE_LIMIT, f"{localtime(until):%H:%M}")
            fieldsets.insert(1, ("Locked out", {"fields": ["unlock"], "description": words}))
        return fieldsets

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("unlock"):
            lockout.unlock(form.initial["username"])
            record.write(record.Kind.UNLOCKED, obj.username)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        user = context.get("original")
        context |= {"title": str(user) if user else "New user", "subtitle": None}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Who is no superuser must not reset the password of one. Programs' accounts have a list of their own."""
        users = super().get_queryset(request).filter(service_account=None).prefetch_related("groups")
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """With what to do about an account that can't be deleted."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return found, counts, set() if protected else lacking, [*protected, DEACTIVATE] if protected else []

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs |= {"label": "Role", "required": True}  # who has none can't sign in
            kwargs["help_text"] = format_html_join("", "<p><b>{}</b>: {}</p>", roles.WORDS.items())
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="Role")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    """Rows are written by record.py alone."""

    list_display = ["when", "kind", "about", "by", "address", "before", "after"]
    list_display_links = None
    list_filter = ["kind"]
    list_filter_sheet = True
    list_fullwidth = True
    list_per_page = 50
    search_fields = ["about", "by", "address"]
    search_help_text = "Name or address"

    @display(description="When", ordering="at")
    def when(self, event: AccessEvent) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', f"{localtime(event.at):%d %b %Y, %H:%M:%S}")
