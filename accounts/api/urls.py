from django.urls import path

from accounts.api import schema, tokens

urlpatterns = [
    path("token", tokens.ObtainToken.as_view(), name="api-token"),
    path("token/refresh", tokens.RefreshTokens.as_view(), name="api-token-refresh"),
    path("token/revoke", tokens.RevokeTokens.as_view(), name="api-token-revoke"),
    path("me", tokens.WhoAmI.as_view(), name="api-me"),
    path("schema", schema.Schema.as_view(), name="api-schema"),
    path("docs", schema.Pages.as_view(), name="api-docs"),
]
