from django.urls import path

from pipeline.api import uploads, views

urlpatterns = [
    path("batches", views.Batches.as_view(), name="api-batches"),
    path("batches/<int:batch_id>", views.OneBatch.as_view(), name="api-batch"),
    path("batches/<int:batch_id>/photos", views.Photos.as_view(), name="api-photos"),
    path("batches/<int:batch_id>/uploads", uploads.Uploads.as_view(), name="api-uploads"),
    path("uploads/<str:upload>", uploads.OneUpload.as_view(), name="api-upload"),
    path("uploads/<str:upload>/complete", uploads.CompleteUpload.as_view(), name="api-upload-complete"),
    path("frames", views.Frames.as_view(), name="api-frames"),
    path("frames/<int:frame_id>", views.OneFrame.as_view(), name="api-frame"),
    path("frames/<int:frame_id>/renditions", views.FrameRenditions.as_view(), name="api-frame-renditions"),
    path("products/<str:code>/renditions", views.ProductRenditions.as_view(), name="api-product-renditions"),
]
