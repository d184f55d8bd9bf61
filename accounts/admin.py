"""Users, for admins: a name, a password, a role. Nobody makes a superuser here."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.lookups import OnlyOfferedLookups

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class AccountAdmin(OnlyOfferedLookups, UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "roles", "email", "is_active", "last_login"]
    list_filter = ["groups", "is_active"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password", "email"]}),
        ("Role", {"fields": ["groups", "is_active"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["username", "password1", "password2", "groups"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Who is no superuser must not reset the password of one."""
        users = super().get_queryset(request).prefetch_related("groups")
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    @admin.display(description="Role")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())
