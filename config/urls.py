from django.contrib import admin
from django.http import Http404
from django.urls import include, path, re_path
from django.views.defaults import page_not_found

from accounts.api.problems import not_there
from pipeline.views import parts
from pipeline.views.batches import delete, remove, shelve
from pipeline.views.frames import picture
from pipeline.views.products import catalogue, catalogue_csv, catalogue_json, product, product_zip
from pipeline.views.published import (
    act_on_published,
    download_all,
    passed_on,
    published_file,
    render_batch_again,
    render_frame_again,
)
from pipeline.views.reshoots import reshoot_list
from pipeline.views.specs import act_on_spec, spec_list, spec_names, spec_page, spec_preview
from review.glossary import glossary
from review.insights.page import figures_csv, figures_page, weekly_report
from review.operations.page import operations, run_again
from review.operations.probes import PROBES
from review.policy.pages import act_on_policy, policies, policy
from review.policy.simulator import curve, simulator, use_threshold
from review.views import home, undo_last
from review.workbench import api
from review.workbench.page import workbench

handler500 = "config.no_room.fault"
handler400 = "config.asked.not_understood"

urlpatterns = [
    path("", home, name="home"),
    *(path(name, probe, name=name) for name, probe in PROBES.items()),
    # Every way into the admin's own index leads to the page that a role is here for.
    path("admin/", home),
    path("admin/reshoot/", reshoot_list, name="reshoots"),
    path("admin/figures/", figures_page, name="figures"),
    path("admin/operations/", operations, name="operations"),
    path("admin/operations/run-again", run_again, name="run-again"),
    path("admin/figures/report/", weekly_report, name="figures-report"),
    path("admin/figures/<slug:name>.csv", figures_csv, name="figures-csv"),
    path("admin/glossary/", glossary, name="glossary"),
    path("admin/policies/", policies, name="policies"),
    path("admin/policies/<int:pk>/", policy, name="policy"),
    path("admin/policies/<int:pk>/thresholds/", simulator, name="simulator"),
    path("admin/policies/<int:pk>/thresholds/curve", curve, name="simulator-curve"),
    path("admin/policies/<int:pk>/thresholds/use", use_threshold, name="use-threshold"),
    path("admin/policies/<int:pk>/<str:action>/", act_on_policy, name="act-on-policy"),
    path("admin/specs/", spec_list, name="specs"),
    path("admin/specs/names.json", spec_names, name="spec-names"),
    path("admin/specs/<int:pk>/", spec_page, name="spec"),
    path("admin/specs/<int:pk>/preview/<str:variant>.webp", spec_preview, name="spec-preview"),
    path("admin/specs/<int:pk>/<str:action>/", act_on_spec, name="act-on-spec"),
    path("admin/queue/undo/", undo_last, name="queue-undo"),
    path("uploads/", parts.begin, name="upload-begin"),
    path("uploads/<str:upload>", parts.which, name="upload-parts"),
    path("uploads/<str:upload>/complete", parts.complete, name="upload-complete"),
    path("uploads/<str:upload>/<int:number>", parts.part, name="upload-part"),
    path("batches/<int:batch_id>/close", shelve, {"kind": "close"}, name="close-batch"),
    path("batches/<int:batch_id>/reopen", shelve, {"kind": "reopen"}, name="reopen-batch"),
    path("batches/<int:batch_id>/archive", shelve, {"kind": "archive"}, name="archive-batch"),
    path("batches/<int:batch_id>/delete", delete, name="delete-batch"),
    path("workbench/", workbench, name="workbench"),
    path("workbench/next", api.following, name="workbench-next"),
    path("workbench/beat", api.beat, name="workbench-beat"),
    path("workbench/leave", api.leave, name="workbench-leave"),
    path("workbench/undo", api.undo_last, name="workbench-undo"),
    path("workbench/<int:pk>/open", api.open_frame, name="workbench-open"),
    path("workbench/<int:pk>/choices", api.more_choices, name="workbench-choices"),
    path("workbench/<int:pk>/take-over", api.take_over, name="workbench-take-over"),
    path("workbench/<int:pk>/decide", api.decide, name="workbench-decide"),
    path("workbench/<int:pk>/rename", api.rename, name="workbench-rename"),
    path("workbench/<int:pk>/edit", api.edit, name="workbench-edit"),
    path("workbench/<int:pk>/click", api.click, name="workbench-click"),
    path("workbench/<int:pk>/shop", api.shop, name="workbench-shop"),
    path("workbench/<int:pk>/skip", api.skip, name="workbench-skip"),
    path("frames/<int:frame_id>/remove", remove, name="remove-frame"),
    path("frames/<int:frame_id>/<int:attempt>/<str:name>", picture, name="picture"),
    path("frames/<int:frame_id>/files/<str:file>", published_file, name="published-file"),
    path("frames/<int:frame_id>/files.zip", download_all, name="download-all"),
    path("frames/<int:frame_id>/withdraw", act_on_published, {"kind": "withdraw"}, name="withdraw"),
    path("frames/<int:frame_id>/review-again", act_on_published, {"kind": "review"}, name="review-again"),
    path("frames/<int:frame_id>/render-again", render_frame_again, name="render-frame-again"),
    path("batches/<int:batch_id>/render-again", render_batch_again, name="render-batch-again"),
    path("products/", catalogue, name="products"),
    path("products/catalogue.csv", catalogue_csv, name="products-csv"),
    path("products/catalogue.json", catalogue_json, name="products-json"),
    path("products/<str:code>/", product, name="product"),
    path("products/<str:code>/files.zip", product_zip, name="product-zip"),
    path("passed-on/<str:token>", passed_on, name="passed-on"),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("pipeline.api.urls")),
    path("api/v1/", include("review.api.urls")),
    re_path("^api/", not_there, name="api-not-there"),
    # Django's "view on site": there is no other site.
    re_path("^admin/r/", page_not_found, {"exception": Http404()}),
    path("admin/", admin.site.urls),
]
