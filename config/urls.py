from django.contrib import admin
from django.urls import path

from pipeline.views import picture
from review.policy_pages import act_on_policy, policies, policy
from review.views import figures, home

urlpatterns = [
    path("", home, name="home"),
    # Every way into the admin's own index leads to the page that a role is here for.
    path("admin/", home),
    path("admin/figures/", figures, name="figures"),
    path("admin/policies/", policies, name="policies"),
    path("admin/policies/<int:pk>/", policy, name="policy"),
    path("admin/policies/<int:pk>/<str:action>/", act_on_policy, name="act-on-policy"),
    path("frames/<int:frame_id>/<int:attempt>/<str:name>", picture, name="picture"),
    path("admin/", admin.site.urls),
]
