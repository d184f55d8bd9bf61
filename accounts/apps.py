from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from accounts import roles

        post_migrate.connect(roles.sync, dispatch_uid="accounts.roles.sync")
        m2m_changed.connect(roles.let_members_sign_in, sender=User.groups.through, dispatch_uid="accounts.is_staff")
