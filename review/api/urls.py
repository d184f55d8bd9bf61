from django.urls import path

from review.api import views

urlpatterns = [
    path("exceptions", views.Exceptions.as_view(), name="api-exceptions"),
    path("exceptions/<int:frame_id>", views.OneException.as_view(), name="api-exception"),
    path("exceptions/<int:frame_id>/decisions", views.Decide.as_view(), name="api-decide"),
    path("decisions", views.Decisions.as_view(), name="api-decisions"),
    path("decisions/take-back", views.TakeBack.as_view(), name="api-take-back"),
    path("insights", views.InsightsView.as_view(), name="api-insights"),
]
