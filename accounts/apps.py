from django.apps import AppConfig, apps
from django.db.models.signals import m2m_changed, post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from accounts import checks, record, roles

        checks.register_all()
        record.connect()
        # After the last app: only then is every permission there.
        *_, last = (app for app in apps.get_app_configs() if app.models_module)
        post_migrate.connect(roles.sync, sender=last, dispatch_uid="accounts.roles.sync")
        m2m_changed.connect(roles.let_members_sign_in, sender=User.groups.through, dispatch_uid="accounts.is_staff")
