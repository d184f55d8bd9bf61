from django.contrib import admin
from django.urls import path

from pipeline.views import picture
from review import answers
from review.policy_pages import act_on_policy, policies, policy
from review.views import figures, home, undo
from review.workbench import workbench

urlpatterns = [
    path("", home, name="home"),
    # Every way into the admin's own index leads to the page that a role is here for.
    path("admin/", home),
    path("admin/figures/", figures, name="figures"),
    path("admin/policies/", policies, name="policies"),
    path("admin/policies/<int:pk>/", policy, name="policy"),
    path("admin/policies/<int:pk>/<str:action>/", act_on_policy, name="act-on-policy"),
    path("admin/queue/undo/", undo, name="queue-undo"),
    path("workbench/", workbench, name="workbench"),
    path("workbench/next", answers.following, name="workbench-next"),
    path("workbench/beat", answers.beat, name="workbench-beat"),
    path("workbench/undo", answers.undo, name="workbench-undo"),
    path("workbench/<int:pk>/open", answers.open_frame, name="workbench-open"),
    path("workbench/<int:pk>/decide", answers.decide, name="workbench-decide"),
    path("workbench/<int:pk>/edit", answers.edit, name="workbench-edit"),
    path("workbench/<int:pk>/click", answers.click, name="workbench-click"),
    path("workbench/<int:pk>/shop", answers.shop, name="workbench-shop"),
    path("workbench/<int:pk>/skip", answers.skip, name="workbench-skip"),
    path("frames/<int:frame_id>/<int:attempt>/<str:name>", picture, name="picture"),
    path("admin/", admin.site.urls),
]
